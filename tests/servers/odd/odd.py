#!/usr/bin/python3
"""Correct timestamp servers that are unusual, one shape each. A harness must not blame them.

usage: odd.py SHAPE [URI]    URI: tcp://HOST:PORT, udp://HOST:PORT, unix:PATH or unixgram:PATH
Prints the URI with its real port when it is ready.
"""
import asyncio
import contextlib
import ctypes
import os
import selectors
import signal
import socket
import socketserver
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from email.utils import formatdate


# --- time texts ---------------------------------------------------------------------------------------------------
def in_zone(hours, text):
    return lambda: datetime.now(timezone(timedelta(hours=hours))).strftime(text)


TIMES = {
    'ctime': time.ctime,
    'node-zone': lambda: datetime.now(timezone(timedelta(hours=8))).strftime('%m/%d/%Y, %I:%M:%S %p GMT+8'),
    'rounded': lambda: time.ctime(round(time.time())),
    'refreshed': lambda: time.ctime(time.time() - (time.time() + .05) % .25),  # its clock is read each quarter of a second
    'cached': lambda: time.ctime(time.time() - (time.time() + .6) % 1),  # and once a second: too seldom
    'micro': lambda: str(datetime.now()),
    'points': lambda: time.strftime('%Y-%m-%d, %I:%M:%S ') + ('p.m.' if time.localtime().tm_hour >= 12 else 'a.m.'),  # en-CA
    'float': lambda: str(time.time()),
    'ms': lambda: str(time.time_ns() // 1000000),
    'ms-parts': lambda: str(time.time_ns() / 1e6),
    'unpadded': lambda: time.strftime('%-H:%-M:%-S'),
    'offset': lambda: datetime.now(timezone(timedelta(hours=2))).isoformat()[11:],
    'ns': lambda: str(time.time_ns()),
    'us': lambda: str(time.time_ns() // 1000),
    'six': lambda: '%.6f' % (time.time_ns() // 1000 / 1e6),
    'day': lambda: time.strftime('%H:%M:%S'),
    'day-ms': lambda: datetime.now().strftime('%H:%M:%S.%f')[:-3],
    'aware': lambda: str(datetime.now(timezone.utc)),
    'email': formatdate,
    'ruby': in_zone(1, '%Y-%m-%d %H:%M:%S +0100'),
    'php': in_zone(1, '%a, %d %b %Y %H:%M:%S +0100'),
    'rust': in_zone(-3.5, '%Y-%m-%d %H:%M:%S.%f -03:30'),
    'java': lambda: datetime.now().isoformat(timespec='milliseconds'),
    'basic': in_zone(0, '%Y%m%dT%H%M%SZ'),
    'http': lambda: formatdate(usegmt=True),
    'date': lambda: time.strftime('%a %b %e %H:%M:%S UTC %Y', time.gmtime()),
    'east': lambda: datetime.now(timezone(timedelta(hours=8))).isoformat(timespec='seconds'),
    'west': in_zone(-9.5, '%Y-%m-%dT%H:%M:%S-0930'),
    'nepal': in_zone(5.75, '%a %b %e %H:%M:%S %Y'),
    'guam': in_zone(10, '%a %b %e %H:%M:%S ChST %Y'),  # the only name of a zone with a small letter
    'kiritimati': in_zone(14, '%Y-%m-%d %H:%M:%S'),
    'dense': lambda: datetime.now().strftime('%d%b%Y-%H%M%S.%f'),
    'labelled': lambda: time.strftime('date=%Y-%m-%d,time=%H:%M:%S'),
    'twelve': lambda: time.strftime('%Y-%m-%d %I:%M:%S %p'),
    'comma': lambda: datetime.now().strftime('%Y-%m-%d %H:%M:%S,%f')[:-3],
    'trimmed': lambda: datetime.now().strftime('%d/%m/%Y %H:%M:%S.%f').rstrip('0').rstrip('.'),
    'nought': lambda: time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime()),
    'thousands': lambda: '%d' % (int(time.time()) * 1000),
    'no-year': in_zone(14, '%d %b, %H:%M:%S'),
    # isoformat and a clock that steps by 100 ms: at a whole second there is no fraction
    'iso-tenths': lambda: datetime.fromtimestamp(time.time_ns() // 100000000 / 10).isoformat(),
    'tenths': lambda: datetime.now().strftime('%H:%M:%S.%f')[:-5] + '00',  # its clock steps by 100 ms
}


def maker(text='ctime', separator=b''):
    return lambda data: b'[%s]%s%s' % (TIMES[text]().encode(), separator, data)


def bare(reply):
    """The stamp of nothing has no separator either."""
    return lambda data: reply(data) if data else reply(data).rstrip()


# --- sockets ------------------------------------------------------------------------------------------------------
def listen(uri, backlog=128):
    """The listening (or datagram) socket of a URI; prints the ready line."""
    scheme, place = uri.split(':', 1)
    kind = socket.SOCK_DGRAM if scheme in ('udp', 'unixgram') else socket.SOCK_STREAM
    if scheme in ('unix', 'unixgram'):
        if os.path.exists(place):
            os.unlink(place)
        server = socket.socket(socket.AF_UNIX, kind)
        server.bind(place)
    else:
        host, port = place[2:].rsplit(':', 1)
        server = socket.socket(socket.AF_INET6 if host[0] == '[' else socket.AF_INET, kind)
        if kind == socket.SOCK_STREAM:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host.strip('[]'), int(port)))
        place = '//%s:%d' % (host, server.getsockname()[1])
    if kind == socket.SOCK_STREAM:
        server.listen(backlog)
    print('%s:%s' % (scheme, place), flush=True)
    return server


def converse(client, reply, size=1024, send=socket.socket.sendall):
    with client:
        try:
            while data := client.recv(size):
                send(client, reply(data))
        except (ConnectionError, socket.timeout):
            pass


def converse_in_blocks(client, reply, size=1024):
    """As PHP's fread does: what lies behind a full block comes with what is sent next, or at the client's end."""
    with client:
        held = b''
        try:
            while data := client.recv(8192):
                block, held = held + data, b''
                while block:
                    now, block = block[:size], block[size:]
                    if block and len(block) < size:
                        held, block = block, b''
                    client.sendall(reply(now))
            if held:
                client.sendall(reply(held))
        except ConnectionError:
            pass


def send_apart(client, answer):
    """The stamp, a pause, then the data."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    at = answer.index(b']') + 1
    client.sendall(answer[:at])
    time.sleep(0.002)
    client.sendall(answer[at:])


def send_dribbled(client, answer):
    """The first bytes one by one."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(40):
        client.sendall(answer[i:i + 1])
    client.sendall(answer[40:])


# --- ways of serving ----------------------------------------------------------------------------------------------
def iterative(uri, reply, backlog=128, **how):
    server = listen(uri, backlog)
    while True:
        converse(server.accept()[0], reply, **how)


def threads(uri, reply, backlog=128, talk=converse, **how):
    """Without a backlog the kernel answers with SYN cookies, and drops a caller's first bytes while one caller waits."""
    server = listen(uri, backlog)
    while True:
        threading.Thread(target=talk, args=(server.accept()[0], reply), kwargs=how, daemon=True).start()


def warms_up(uri, reply):
    """Its very first reply takes 650 ms: a client that asks again after 600 gets both at once."""
    cold = [True]

    def late(data):
        if cold:
            cold.clear()
            time.sleep(.65)
        return reply(data)

    threads(uri, late)


def collects(uri, reply):
    """Leaves the sockets of those who reset to be closed when garbage is collected, as a runtime may that has no counts."""
    garbage = []

    def serve(client):
        try:
            while data := client.recv(1024):
                client.sendall(reply(data))
            client.close()
        except OSError:
            garbage.append(client)
        if len(garbage) > 100:
            while garbage:
                garbage.pop().close()

    server = listen(uri)
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


def twenty_places(uri, reply):
    """Closes on whoever comes when twenty are there."""
    places = threading.BoundedSemaphore(20)

    def serve(client):
        with contextlib.suppress(OSError):
            converse(client, reply)
        places.release()

    server = listen(uri)
    while True:
        client = server.accept()[0]
        if places.acquire(blocking=False):
            threading.Thread(target=serve, args=(client,), daemon=True).start()
        else:
            client.close()


def fork_workers(n):
    """Number of this process: n children, and the parent, which is the last."""
    parent = os.getpid()
    for i in range(n):
        if not os.fork():
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: with the parent
            if os.getppid() != parent:
                sys.exit()  # it has gone already
            return i
    return n


def prefork(uri, reply):
    server = listen(uri)
    fork_workers(3)
    while True:
        converse(server.accept()[0], reply)


def slow_end(uri, reply):
    server = listen(uri)
    while True:
        client = server.accept()[0]
        converse(client.dup(), reply)
        time.sleep(0.35)
        client.close()


def heavy_worker(uri, reply):
    """A worker that is still about to die, and holds the socket, when its parent has long gone."""
    server = listen(uri)
    if fork_workers(1) == 1:
        os.wait()
        sys.exit()
    weight = b'x' * (128 << 20)
    while weight:
        converse(server.accept()[0], reply)


def own_queues(uri, reply):
    """Three workers with SO_REUSEPORT: a caller may wait for a busy one while the others have nothing to do."""
    host, port = uri.split('://')[1].rsplit(':', 1)
    servers = []
    for _ in range(3):
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind((host, int(port)))
        port = server.getsockname()[1]
        servers.append(server)
    for server in servers:
        server.listen()
    print('tcp://%s:%d' % (host, port), flush=True)
    server = servers[fork_workers(2)]
    while True:
        converse(server.accept()[0], reply)


def late_signals(uri, reply):
    """It listens, and a moment later it is ready for signals, too."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = listen(uri)
    threading.Thread(target=lambda: [converse(server.accept()[0], reply) for _ in iter(int, 1)], daemon=True).start()
    time.sleep(0.03)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    while True:
        time.sleep(1)


def slow(uri, reply):
    def late(data):
        time.sleep(0.3)
        return reply(data)
    threads(uri, late)


def patient(uri, reply):
    """Iterative, and gives up a client that is idle for three seconds."""
    server = listen(uri)
    while True:
        client = server.accept()[0]
        client.settimeout(3)
        converse(client, reply)


def two_seconds(client, reply):
    """No receive or send may take longer: a client that rests, or does not read, for almost as long is kept."""
    client.settimeout(2.02)
    converse(client, reply)


def late_one_shot(uri, reply, before_s=0.0, after_s=0.0):
    """Takes its time for the one answer that it gives, or for its end."""
    def run(client):
        with client:
            if data := client.recv(1024):
                time.sleep(before_s)
                client.sendall(reply(data))
                time.sleep(after_s)
    server = listen(uri)
    while True:
        threading.Thread(target=run, args=(server.accept()[0],), daemon=True).start()


def one_shot(uri, reply, size=65536):
    server = listen(uri)
    while True:
        with server.accept()[0] as client:
            try:
                if data := client.recv(size):
                    client.sendall(reply(data))
                    client.shutdown(socket.SHUT_WR)
            except OSError:  # shutdown has another word for a client that has gone
                pass


def request_handler(uri, reply, receive):
    """The well-known variants: one message for each connection, and a bare stamp for a client that says nothing."""
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(reply(receive(self)))

    class Server(socketserver.TCPServer):
        def __init__(self):
            super().__init__(('127.0.0.1', 0), Handler, bind_and_activate=False)
            self.socket.close()
            self.socket = listen(uri)

        def handle_error(self, request, client_address):
            pass

    Server().serve_forever()


def read_line(handler):
    return handler.rfile.readline()


def receive_once(handler):
    return handler.request.recv(1024)


def lines(uri, reply, most=-1, pause_s=0):
    """One thread for each client, reading lines from a file object; an empty line ends. Longer ones come in pieces, as from fgets(3).
    pause_s: the line's end is sent later."""
    def run(client):
        with client, client.makefile('rwb') as file:
            try:
                while line := file.readline(most):
                    if not line.strip(b'\r\n'):
                        break
                    answer = reply(line)
                    file.write(answer[:-1])
                    if pause_s:
                        file.flush()
                        time.sleep(pause_s)
                    file.write(answer[-1:])
                    file.flush()
            except ConnectionError:
                pass
    server = listen(uri)
    while True:
        threading.Thread(target=run, args=(server.accept()[0],), daemon=True).start()


def crlf_lines(uri, reply):
    """A line ends in CR LF and in nothing else, as in SMTP; what is unfinished at the client's end is answered."""
    def run(client):
        data = b''
        with client:
            try:
                while part := client.recv(1000):
                    *whole, data = (data + part).split(b'\r\n')
                    for line in whole:
                        if not line:
                            return
                        client.sendall(reply(line + b'\r\n'))
                if data:
                    client.sendall(reply(data))
            except ConnectionError:
                pass
    server = listen(uri)
    while True:
        threading.Thread(target=run, args=(server.accept()[0],), daemon=True).start()


def answer_or_end(selector, client, reply):
    try:
        data = client.recv(1024)
        if data:
            client.sendall(reply(data))
    except OSError:
        data = b''
    if not data:
        selector.unregister(client)
        client.close()


def take(selector, server):
    client = server.accept()[0]
    client.settimeout(20)
    selector.register(client, selectors.EVENT_READ)


def select_loop(uri, reply):
    selector = selectors.DefaultSelector()
    server = listen(uri)
    selector.register(server, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is server:
                take(selector, server)
            else:
                answer_or_end(selector, key.fileobj, reply)


def now_and_then(uri, reply, every_s=0.07):
    """Looks for one more client only so often; those that are there are answered at once."""
    selector = selectors.DefaultSelector()
    server = listen(uri)
    server.setblocking(False)
    due_s = time.monotonic()
    while True:
        if time.monotonic() >= due_s:
            due_s += every_s
            with contextlib.suppress(BlockingIOError):
                take(selector, server)
        for key, _ in selector.select(max(0, due_s - time.monotonic())):
            answer_or_end(selector, key.fileobj, reply)


def forking(uri, reply):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            converse(self.request, reply)

    class Server(socketserver.ForkingTCPServer):
        max_children = 300

        def __init__(self):
            super().__init__(('127.0.0.1', 0), Handler, bind_and_activate=False)
            self.socket.close()
            self.socket = listen(uri)

    Server().serve_forever(poll_interval=0.1)


def double_forking(uri, reply):
    """A process for each client, which is no child of the server: init is to reap it."""
    server = listen(uri)
    while True:
        client = server.accept()[0]
        child = os.fork()
        if child == 0:
            if os.fork() == 0:
                converse(client, reply)
            os._exit(0)
        os.waitpid(child, 0)
        client.close()


def streams(uri, reply):
    async def run(reader, writer):
        try:
            while data := await reader.read(1000):
                writer.write(reply(data))
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async def main():
        await (await asyncio.start_server(run, sock=listen(uri))).serve_forever()

    asyncio.run(main())


def datagrams(uri, reply, empty=None):
    server = listen(uri)
    while True:
        data, client = server.recvfrom(65536)
        if client and (data or empty):
            try:
                server.sendto(reply(data), client)
            except OSError:
                pass


def paths_only(uri, reply):
    """As a library for which the address of a UNIX socket is a path, and nothing else."""
    server = listen(uri)
    while True:
        data, client = server.recvfrom(65536)
        if client and data:
            assert isinstance(client, str), 'an address without a path: %r' % client
            try:
                server.sendto(reply(data), client)
            except OSError:
                pass


def datagram_threads(uri, reply):
    server = listen(uri)

    def run():
        while True:
            data, client = server.recvfrom(65536)
            try:
                server.sendto(reply(data), client)
            except OSError:
                pass
    for _ in range(3):
        threading.Thread(target=run, daemon=True).start()
    run()


SHAPES = {
    'plain': lambda uri: iterative(uri, maker()),
    'one-space': lambda uri: iterative(uri, maker(separator=b' ')),
    'four-spaces': lambda uri: iterative(uri, maker(separator=b'    ')),
    'colon': lambda uri: threads(uri, maker(separator=b': ')),
    'dash': lambda uri: threads(uri, maker(separator=b' - ')),
    'quote': lambda uri: threads(uri, maker(separator=b"'")),
    'said': lambda uri: threads(uri, maker(separator=b' said: ')),
    'tab': lambda uri: threads(uri, maker('day', b'\t')),
    **{text: (lambda uri, text=text: threads(uri, maker(text, b' '))) for text in TIMES if text != 'ctime'},
    'backlog-0': lambda uri: iterative(uri, maker(), backlog=0),
    'bytes': lambda uri: threads(uri, maker(), size=1),
    'blocks': lambda uri: threads(uri, maker(), talk=converse_in_blocks),
    'seven-bytes': lambda uri: threads(uri, maker('micro'), size=7),
    'huge': lambda uri: threads(uri, maker(), size=1 << 22),
    'late-one-shot': lambda uri: late_one_shot(uri, maker(), before_s=0.75),
    'one-shot-late-end': lambda uri: late_one_shot(uri, maker(), after_s=0.7),
    'apart': lambda uri: threads(uri, maker(separator=b' '), send=send_apart),
    'dribbled': lambda uri: threads(uri, maker(), send=send_dribbled),
    'prefork': lambda uri: prefork(uri, maker()),
    'slow-end': lambda uri: slow_end(uri, maker()),
    'heavy-worker': lambda uri: heavy_worker(uri, maker()),
    'own-queues': lambda uri: own_queues(uri, maker()),
    'late-signals': lambda uri: late_signals(uri, maker()),
    'slow': lambda uri: slow(uri, maker()),
    'two-seconds': lambda uri: threads(uri, maker(), talk=two_seconds),
    'patient': lambda uri: patient(uri, maker(separator=b' ')),
    'one-shot': lambda uri: one_shot(uri, maker(separator=b' ')),
    'one-shot-1000': lambda uri: one_shot(uri, maker(separator=b' '), size=1000),
    'one-line': lambda uri: request_handler(uri, maker(separator=b' '), read_line),
    'one-line-bare': lambda uri: request_handler(uri, bare(maker(separator=b' ')), read_line),
    'one-receive': lambda uri: request_handler(uri, maker(separator=b' '), receive_once),
    'lines': lambda uri: lines(uri, maker()),
    'lines-4096': lambda uri: lines(uri, maker(), 4096),
    'lines-late-ends': lambda uri: lines(uri, maker(), pause_s=.025),
    'lines-http': lambda uri: lines(uri, maker('http', b' ')),
    'crlf-lines': lambda uri: crlf_lines(uri, maker(separator=b' ')),
    'selectors': lambda uri: select_loop(uri, maker()),
    'no-backlog': lambda uri: threads(uri, maker(), backlog=0),
    'warms-up': lambda uri: warms_up(uri, maker()),
    'collects': lambda uri: collects(uri, maker()),
    'twenty-places': lambda uri: twenty_places(uri, maker()),
    'now-and-then': lambda uri: now_and_then(uri, maker()),
    'forking': lambda uri: forking(uri, maker()),
    'double-forking': lambda uri: double_forking(uri, maker()),
    'streams': lambda uri: streams(uri, maker('east')),
    'datagrams': lambda uri: datagrams(uri, maker(separator=b' ')),
    'datagrams-paths': lambda uri: paths_only(uri, maker(separator=b' ')),
    'datagrams-empty': lambda uri: datagrams(uri, maker('micro'), empty=True),
    'datagrams-bare': lambda uri: datagrams(uri, bare(maker(separator=b' ')), empty=True),
    'datagrams-tenths': lambda uri: datagrams(uri, maker('tenths')),
    'datagrams-threads': lambda uri: datagram_threads(uri, maker('float', b' ')),
}

if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1] not in SHAPES:
        sys.exit('usage: odd.py SHAPE [URI]; shapes: ' + ' '.join(SHAPES))
    try:
        SHAPES[sys.argv[1]](sys.argv[2] if len(sys.argv) > 2 else 'tcp://127.0.0.1:0')
    except KeyboardInterrupt:
        pass
