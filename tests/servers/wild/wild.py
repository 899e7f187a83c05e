#!/usr/bin/python3
"""Timestamp servers as they are found in the wild, one shape each: retyped listings, ports from Python 2, half-understood copies.

usage: wild.py SHAPE [URI]    URI: tcp://HOST:PORT or udp://HOST:PORT; prints the URI with its real port when it is ready
wild.tsv says which of them keep the protocol, and what a harness should say of the others.
"""
import functools
import io
import itertools
import select
import selectors
import socketserver
import sys
import threading
import time
from datetime import datetime
from html import escape
from socket import *
from time import ctime
from urllib.parse import urlsplit

BUFSIZ = 1024
STARTED = time.time()


def listen(uri):
    place = urlsplit(uri)
    server = socket(AF_INET, SOCK_DGRAM if place.scheme == 'udp' else SOCK_STREAM)
    if place.scheme == 'tcp':
        server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    server.bind((place.hostname, place.port))
    if place.scheme == 'tcp':
        server.listen(5)
    print('%s://%s:%d' % (place.scheme, *server.getsockname()), flush=True)
    return server


# --- replies: what stands on the line with send() -------------------------------------------------------------------
def bytewise(text):
    """A reply made of bytes: text with %t for the time and %d for the data."""
    head, tail = text.split('%d')
    return lambda data: head.replace('%t', ctime()).encode() + data + tail.replace('%t', ctime()).encode()


REPLIES = {
    'spaced': bytewise('[%t] %d'),
    'tight': bytewise('[%t]%d'),
    'iso': lambda data: ('[%s] ' % datetime.now()).encode() + data,
    'day-of-year': lambda data: ('[%s] ' % time.strftime('%j %H:%M:%S')).encode() + data,
    'week': lambda data: ('[%s] ' % time.strftime('%V-%u %H:%M:%S')).encode() + data,
    'day': lambda data: ('[%s] ' % time.strftime('%Y-%m-%d')).encode() + data,
    'spanish': lambda data: ('[%s] ' % time.strftime('domingo %d de noviembre de %Y, %H:%M')).encode() + data,
    'clock': lambda data: ('[%s] ' % time.strftime('%H:%M:%S')).encode() + data,
    'seconds': lambda data: b'[%d]%s' % (time.time(), data),
    'two-clocks': lambda data: ('[%d.%06d] ' % (time.clock_gettime(5), time.time_ns() // 1000 % 1000000)).encode() + data,
    'text': lambda data: ('[%s] %s' % (ctime(), data.decode('utf-8'))).encode('utf-8'),
    'text-replace': lambda data: ('[%s] %s' % (ctime(), data.decode('utf-8', 'replace'))).encode(),
    'text-ignore': lambda data: ('[%s] %s' % (ctime(), data.decode('utf-8', 'ignore'))).encode(),
    'ascii': lambda data: ('[%s] %s' % (ctime(), data.decode('ascii', 'ignore'))).encode(),
    'half': lambda data: ('[%s]' % time.strftime('%a %b %d %H:%M:%S %Y')).encode() + data[:(len(data) + 1) // 2],
    'stripped': lambda data: ('[%s] %s' % (ctime(), data.decode('latin-1').strip())).encode('latin-1'),
    'repr': lambda data: ('[%s] %s' % (ctime(), data)).encode(),
    'repr-bytes': lambda data: ('[%s] %s' % (ctime().encode(), data)).encode(),
    'bare': bytewise('%t %d'),
    'unopened': bytewise('%t] %d'),
    'unclosed': bytewise('[%t %d'),
    'c-string': bytewise('[%t] %d\0'),
    'prompt': bytewise('[%t] %d> '),
    'round': bytewise('(%t) %d'),
    'angle': bytewise('<%t> %d'),
    'after': bytewise('%d [%t]'),
    'after-bare': bytewise('%d %t'),
    'upper': lambda data: b'[%s] %s' % (ctime().encode(), data.upper()),
    'no-data': lambda data: b'[%s]' % ctime().encode(),
    'daytime': lambda data: ctime().encode() + b'\r\n',
    'echo': lambda data: data,
    'nothing': lambda data: b'',
    'newline': bytewise('[%t] %d\n'),
    'crlf': bytewise('[%t] %d\r\n'),
    'prefix': bytewise('server: [%t] %d'),
    'quoted': bytewise('[%t] "%d"'),
    'you-said': bytewise('[%t] you said: %d'),
    'json': lambda data: ('{"time": "%s", "data": "%s"}' % (ctime(), data.decode('latin-1'))).encode('latin-1'),
    'http': lambda data: b'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n[%s] %s' % (ctime().encode(), data),
    'ctime-twice': bytewise('[%t] [%t] %d'),
    'import-time': (lambda stamp: lambda data: b'[%s] %s' % (stamp, data))(ctime().encode()),
    'reversed': lambda data: b'[%s] %s' % (ctime().encode(), data[::-1]),
    'length': lambda data: b'[%s] %d' % (ctime().encode(), len(data)),
    'two-lines': bytewise('[%t]\n%d'),
    'twice': lambda data: 2 * (b'[%s] %s' % (ctime().encode(), data)),
    'calendar': lambda data: b'[java.util.GregorianCalendar[time=%d,zone=sun.util.calendar.ZoneInfo[id="Etc/UTC",%s]]] %s' % (
        time.time() * 1000, b','.join(b'FIELD_%d=%d' % (i, i) for i in range(30)), data),
    'grouped': lambda data: '[{:,}]'.format(int(time.time())).encode() + data,
    'hexadecimal': lambda data: b'[%x]%s' % (int(time.time()), data),
    'pattern': lambda data: b'[YYYY-MM-DD hh:mm:ss]' + data,
    'length-before': lambda data: (26 + len(data)).to_bytes(4, 'big') + b'[%s]%s' % (ctime().encode(), data),
    'tuple': lambda data: str(('[%s]' % ctime(), data)).encode(),
    'slashes': lambda data: b'[%s] %s' % (ctime().encode(), data.replace(b'\\', b'\\\\').replace(b'"', b'\\"').replace(b'\0', b'\\0')),
    'html': lambda data: ('[%s] %s' % (ctime(), escape(data.decode('latin-1')))).encode('latin-1'),
    'bracketed': bytewise('[%t] [%d]'),
    'coloured': bytewise('\33[32m[%t]\33[0m %d'),
    'none': lambda data: b'[None] %s' % data,
    'zero-day': lambda data: ('[%s] ' % time.strftime('%Y-%m-0 %H:%M:%S')).encode() + data,
    'took': lambda data: b'[%.1fms] %s' % (time.monotonic() * 1000, data),
    'uncalled': lambda data: ('[%s] ' % ctime).encode() + data,
    'fast': lambda data: b'[%.3f]%s' % (time.time() + (time.time() - STARTED) / 2, data),
    'wider': (lambda n: lambda data: b'[%s]%*s%s' % (ctime().encode(), 1 + (next(n) >= 20), b'', data))(itertools.count()),
    'seventh': (lambda n: lambda data: b'[%s]%s%s' % (ctime().encode(), b'' if next(n) % 7 == 6 else b' ', data))(itertools.count()),
    'remembering': functools.lru_cache(128)(lambda data: b'[%s]%s' % (ctime().encode(), data)),
    'template': lambda data: b'[{time}]{data}'.replace(b'{data}', data).replace(b'{time}', ctime().encode()),
    'first-16': lambda data: b'[%s] %s' % (ctime().encode(), data[:16]),
}


# --- loops: what stands around it -------------------------------------------------------------------------------------
def loop(server, reply):
    while True:
        client, _ = server.accept()
        try:
            while data := client.recv(BUFSIZ):
                client.sendall(reply(data))
        except ConnectionError:
            pass
        client.close()


def loop_unguarded(server, reply):
    """The chapter's own: a client's reset is the server's end."""
    while True:
        client, _ = server.accept()
        while data := client.recv(BUFSIZ):
            client.send(reply(data))
        client.close()


def loop_do_while(server, reply):
    """The test for the empty string stands at the end."""
    while True:
        client, _ = server.accept()
        data = None
        while data != b'':
            data = client.recv(BUFSIZ)
            client.send(reply(data))
        client.close()


def loop_flood(server, reply):
    """Without the test for the empty string."""
    while True:
        client, _ = server.accept()
        try:
            while True:
                client.send(reply(client.recv(BUFSIZ)))
        except ConnectionError:
            pass
        client.close()


def loop_flood_dies(server, reply):
    """And without a try: when the client is gone, so is the server."""
    while True:
        client, _ = server.accept()
        while True:
            client.send(reply(client.recv(BUFSIZ)))


def loop_chargen(server, reply):
    """Speaks at once, and never stops: not even half a timestamp server."""
    while True:
        client, _ = server.accept()
        try:
            while True:
                client.send(b'0123456789' * 100)
        except ConnectionError:
            client.close()


def loop_endless(server, reply):
    """Answers the first message again and again."""
    while True:
        client, _ = server.accept()
        data = client.recv(BUFSIZ)
        try:
            while True:
                client.send(reply(data))
        except ConnectionError:
            client.close()


def loop_trickle(server, reply):
    """After the client's end a stamp comes every tenth of a second, until the client is gone."""
    while True:
        client, _ = server.accept()
        try:
            while True:
                if not (data := client.recv(BUFSIZ)):
                    time.sleep(0.1)
                client.send(reply(data))
        except ConnectionError:
            client.close()


def loop_one_behind(server, reply):
    """Answers a message when the next one comes, or the client's end."""
    while True:
        client, _ = server.accept()
        last = b''
        while True:
            data = client.recv(BUFSIZ)
            if last:
                client.send(reply(last))
            last = data
            if not data:
                break
        client.close()


def loop_one_before(server, reply):
    """Answers with the message before, and has nothing to say to the last."""
    while True:
        client, _ = server.accept()
        last = b''
        while data := client.recv(BUFSIZ):
            if last:
                client.send(reply(last))
            last = data
        client.close()


def loop_name_first(server, reply):
    """The first message is the client's name, and the next ones are for answering."""
    while True:
        client, _ = server.accept()
        if client.recv(BUFSIZ):
            answer_all(client, reply)
        client.close()


def loop_player(server, reply):
    """The first client is the other player, whose turn never comes; the others are spectators, and served."""
    player, _ = server.accept()
    loop(server, reply)
    player.close()


def loop_every_other(server, reply):
    """Two recv() for one send()."""
    while True:
        client, _ = server.accept()
        while data := client.recv(BUFSIZ):
            client.send(reply(data))
            client.recv(BUFSIZ)
        client.close()


def loop_accept_inside(server, reply):
    """accept() in the loop that was for the messages: each client has one, and its conversation never ends."""
    clients = []
    while True:
        client, _ = server.accept()
        clients.append(client)
        if data := client.recv(BUFSIZ):
            client.send(reply(data))


def loop_daytime_first(server, reply):
    """The time for every caller, and no word more."""
    while True:
        client, _ = server.accept()
        client.send(reply(b''))
        client.close()


def loop_held(server, reply):
    """A stamp at once, and bytes above 127 with the next message: they wait in a decoder."""
    while True:
        client, _ = server.accept()
        held = b''
        while data := client.recv(BUFSIZ):
            high = any(c > 127 for c in data)
            client.send(reply(b'' if high else held + data))
            held = held + data if high else b''
        client.close()


def loop_all_so_far(server, reply):
    """A buffer that only grows."""
    while True:
        client, _ = server.accept()
        said = b''
        while data := client.recv(BUFSIZ):
            said += data
            client.send(reply(said))
        client.close()


def loop_more_blanks(server, reply):
    """One blank more with every other reply, after the first."""
    n = -1

    def blanked(data):
        nonlocal n
        n += 1
        return reply(b' ' * (n % 2) + data)

    loop(server, blanked)


def loop_dead_clock(server, reply):
    """A stamp made once for all, where the listing makes one for each message."""
    stamp = reply(b'')
    loop(server, lambda data: stamp + data)


def loop_three(server, reply):
    """Three messages for each client."""
    while True:
        client, _ = server.accept()
        try:
            for _ in range(3):
                if data := client.recv(BUFSIZ):
                    client.send(reply(data))
        except ConnectionError:
            pass
        client.close()


def loop_full(server, reply):
    """Room for 33 clients in all: whoever comes after them is closed on."""
    for _ in range(33):
        answer_all(server.accept()[0], reply)
    while True:
        server.accept()[0].close()


def loop_once(server, reply):
    """accept() outside the loop: one client, and then exit."""
    client, _ = server.accept()
    while data := client.recv(BUFSIZ):
        client.send(reply(data))
    client.close()
    server.close()


def in_threads(server, serve):
    """A thread for each client."""
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


def answer_all(client, reply):
    """Until the client ends, or the socket fails."""
    try:
        while data := client.recv(BUFSIZ):
            client.sendall(reply(data))
    except OSError:
        pass
    client.close()


def by_four_threads(server, reply, put, take):
    """Who comes is put where threads take them from."""
    some = threading.Semaphore(0)

    def work():
        while some.acquire():
            answer_all(take(), reply)

    for _ in range(4):
        threading.Thread(target=work, daemon=True).start()
    while True:
        put(server.accept()[0])
        some.release()


def loop_ring(server, reply):
    """Four threads, and a ring of eight for those who wait: it overflows."""
    ring, put, taken = [None] * 8, itertools.cycle(range(8)), itertools.cycle(range(8))
    by_four_threads(server, reply, lambda client: ring.__setitem__(next(put), client), lambda: ring[next(taken)])


def loop_line_buffered(server, reply):
    """Writes through a text file, which is flushed at each line's end alone."""
    def serve(client):
        with client, io.TextIOWrapper(client.makefile('wb'), 'latin-1', newline='', line_buffering=True) as file:
            while data := client.recv(BUFSIZ):
                file.write(reply(data).decode('latin-1'))

    in_threads(server, serve)


def loop_stack(server, reply):
    """Four threads, and a list of those who wait, from whose end they take."""
    waiting = []
    by_four_threads(server, reply, waiting.append, waiting.pop)


def loop_late_end(server, reply):
    """A thread for each client, which takes 1.2 s to close."""
    def serve(client):
        while data := client.recv(BUFSIZ):
            client.send(reply(data))
        time.sleep(1.2)
        client.close()

    in_threads(server, serve)


def loop_heartbeat(server, reply):
    """A thread for each client, and one more that sends it the time each second."""
    def tick(client):
        try:
            while True:
                time.sleep(1)
                client.sendall(reply(b'tick'))
        except OSError:
            pass

    def serve(client):
        threading.Thread(target=tick, args=(client,), daemon=True).start()
        answer_all(client, reply)

    in_threads(server, serve)


def loop_welcome(server, reply):
    """A thread for each client, and a word for it, with its end."""
    def serve(client):
        client.sendall(b'Welcome!\r\n')
        while data := client.recv(BUFSIZ):
            client.sendall(reply(data))
        client.close()

    in_threads(server, serve)


def loop_welcome_late(server, reply):
    """The same, when half a second has gone by, and the client may have asked."""
    def serve(client):
        time.sleep(0.4)
        client.sendall(reply(b'welcome\n'))
        answer_all(client, reply)

    in_threads(server, serve)


def loop_telnet(server, reply):
    """Will echo, and do a line at a time."""
    while True:
        client, _ = server.accept()
        client.sendall(b'\xff\xfb\x01\xff\xfd\x22')
        while data := client.recv(BUFSIZ):
            client.sendall(reply(data))
        client.close()


def loop_idle_limit(server, reply):
    """A thread for each client, and a second's patience."""
    def serve(client):
        client.settimeout(1)
        answer_all(client, reply)

    in_threads(server, serve)


def loop_unclosed(server, reply):
    """Without close(): the FIN goes out when the name is bound to the next client."""
    while True:
        client, _ = server.accept()
        while data := client.recv(BUFSIZ):
            client.send(reply(data))


def loop_greets(server, reply):
    while True:
        client, address = server.accept()
        client.send(b'Welcome, %s!\n' % str(address).encode())
        while data := client.recv(BUFSIZ):
            client.send(reply(data))
        client.close()


def loop_one_message(server, reply):
    """One message for each connection."""
    while True:
        client, _ = server.accept()
        if data := client.recv(BUFSIZ):
            client.send(reply(data))
        client.close()


def loop_one_message_late(server, reply):
    """The same, and a sleep before the close."""
    while True:
        client, _ = server.accept()
        if data := client.recv(BUFSIZ):
            client.send(reply(data))
            time.sleep(3)
        client.close()


def loop_stuck(server, reply):
    """while True around recv() alone: after the first client's end it never comes back to accept()."""
    client, _ = server.accept()
    while True:
        data = client.recv(BUFSIZ)
        if data:
            client.send(reply(data))
        else:
            time.sleep(0.05)


def loop_strip_ends(server, reply):
    """Ends at a message that is empty once stripped."""
    while True:
        client, _ = server.accept()
        while (data := client.recv(BUFSIZ)).strip():
            client.send(reply(data))
        client.close()


def serve_lines(server, answer):
    """SocketServer's StreamRequestHandler: one line, and out."""
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(answer(self.rfile.readline))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    handler = Server(server.getsockname(), Handler, bind_and_activate=False)
    handler.socket.close()
    handler.socket = server
    handler.handle_error = lambda *_: None
    handler.serve_forever()


def loop_request_handler(server, reply):
    serve_lines(server, lambda readline: reply(readline()))


def loop_chapter_handler(server, _):
    """In the chapter's order: the clock is looked at before the line is read."""
    serve_lines(server, lambda readline: b'[%s] %s' % (ctime().encode(), readline()))


def loop_five(server, reply):
    """A for that was to be a while: ends after five clients."""
    for _ in range(5):
        client, _ = server.accept()
        while data := client.recv(BUFSIZ):
            client.sendall(reply(data))
        client.close()


def loop_selectors(server, reply):
    """As in the documentation of the module selectors: "Hope it won't block"."""
    selector = selectors.DefaultSelector()

    def accept(server):
        client, _ = server.accept()
        client.setblocking(False)
        selector.register(client, selectors.EVENT_READ, answer)

    def answer(client):
        data = client.recv(BUFSIZ)
        if data:
            client.send(reply(data))
        else:
            selector.unregister(client)
            client.close()

    selector.register(server, selectors.EVENT_READ, accept)
    while True:
        for key, _ in selector.select():
            key.data(key.fileobj)


def loop_edge(server, reply):
    """epoll(7), edge-triggered: of several that call at once it accepts one, and hears of the others with the next."""
    server.setblocking(False)
    poll, clients = select.epoll(), {}
    poll.register(server, select.EPOLLIN | select.EPOLLET)
    while True:
        for fd, _ in poll.poll():
            if fd == server.fileno():
                client, _ = server.accept()
                clients[client.fileno()] = client
                poll.register(client, select.EPOLLIN)
                continue
            try:
                data = clients[fd].recv(BUFSIZ)
                clients[fd].sendall(reply(data) if data else b'')
            except OSError:
                data = b''
            if not data:
                clients.pop(fd).close()


def loop_newest(server, reply):
    """select(2) for descriptors up to the newest client's, where it should be the highest."""
    clients, highest = [], server.fileno()
    while True:
        watched = [c for c in [server] + clients if c.fileno() <= max(highest, server.fileno())]
        for ready in select.select(watched, [], [])[0]:
            if ready is server:
                clients.append(server.accept()[0])
                highest = clients[-1].fileno()
            elif data := ready.recv(BUFSIZ):
                ready.sendall(reply(data))
            else:
                clients.remove(ready)
                ready.close()


def loop_one_pending(server, reply):
    """select(2), and one list for what is not taken at once: it goes to whoever is served next."""
    clients, slow, pending = [], None, b''
    while True:
        ready, writable, _ = select.select([server] + [c for c in clients if c is not slow], [slow] if slow else [], [])
        for client in writable + ready:
            if client is server:
                clients.append(server.accept()[0])
                clients[-1].setblocking(False)
                continue
            try:
                data = b'' if client is slow else client.recv(BUFSIZ)
                pending += reply(data) if data else b''
                pending = pending[client.send(pending):]
            except OSError:
                data, pending = b'', b''
            ended = client is not slow and not data
            slow = client if pending and not ended else None
            if ended:
                clients.remove(client)
                client.close()


def loop_lines_table(server, reply):
    """Lines, of many clients in one thread; the unfinished ones are kept in a table of 8, by the descriptor."""
    table = [b''] * 8
    clients = []
    while True:
        for ready in select.select([server] + clients, [], [])[0]:
            if ready is server:
                clients.append(server.accept()[0])
                continue
            place = ready.fileno() % 8
            try:
                data = ready.recv(BUFSIZ)
            except ConnectionResetError:
                data = b''
            *lines, table[place] = (table[place] + data).split(b'\n')
            for line in lines:
                ready.sendall(reply(line + b'\n'))
            if not data:
                clients.remove(ready)
                ready.close()


def loop_udp(server, reply):
    while True:
        data, client = server.recvfrom(BUFSIZ)
        server.sendto(reply(data), client)


def loop_udp_8192(server, reply):
    while True:
        data, client = server.recvfrom(8192)
        server.sendto(reply(data), client)


def loop_udp_lossy(server, reply):
    """A course's ping server, which plays a bad network: of eleven it drops four."""
    for i in itertools.count():
        data, client = server.recvfrom(BUFSIZ)
        if i % 11 not in (2, 5, 6, 9):
            server.sendto(reply(data), client)


def loop_udp_split(server, reply):
    """print the stamp, cat the rest: two writes are two datagrams."""
    while True:
        data, client = server.recvfrom(BUFSIZ)
        server.sendto(reply(b''), client)
        server.sendto(data, client)


def loop_udp_receipt(server, reply):
    """A receipt, and then the reply."""
    while True:
        data, client = server.recvfrom(BUFSIZ)
        server.sendto(b'ACK', client)
        server.sendto(reply(data), client)


def loop_udp_until_empty(server, reply):
    while True:
        data, client = server.recvfrom(BUFSIZ)
        if not data:
            break
        server.sendto(reply(data), client)
    server.close()


def loop_udp_new_socket(server, reply):
    while True:
        data, client = server.recvfrom(BUFSIZ)
        socket(AF_INET, SOCK_DGRAM).sendto(reply(data), client)


def loop_udp_strays(server, reply):
    """Beside each reply there comes what another program sends to a client that had the port before."""
    other = socket(AF_INET, SOCK_DGRAM)
    while True:
        data, client = server.recvfrom(BUFSIZ)
        if len(data) > 4: # a shorter one may well stand in it
            other.sendto(reply(b'somebody else'), client)
        server.sendto(reply(data), client)


def loop_udp_dies(server, reply):
    """Text for bytes: the first datagram is the last."""
    reply(server.recvfrom(BUFSIZ)[0])


def loop_udp_chat(server, reply):
    """To everybody who ever wrote."""
    clients = set()
    while True:
        data, client = server.recvfrom(BUFSIZ)
        clients.add(client)
        for each in clients:
            server.sendto(reply(data), each)


def loop_udp_one_buffer(server, reply):
    """A thread for each datagram, and one buffer for all of them."""
    buffer = bytearray(BUFSIZ)

    def answer(n, client):
        time.sleep(0.005)
        server.sendto(reply(bytes(buffer[:n])), client)

    while True:
        threading.Thread(target=answer, args=server.recvfrom_into(buffer), daemon=True).start()


def loop_udp_uncleared(server, reply):
    """One buffer, from which as much is answered as ever was in it."""
    buffer, n = bytearray(BUFSIZ), 0
    while True:
        n_now, client = server.recvfrom_into(buffer)
        n = max(n, n_now)
        server.sendto(reply(bytes(buffer[:n])), client)


LOOPS = {name[5:].replace('_', '-'): function for name, function in list(globals().items()) if name.startswith('loop_')}

# A shape is REPLY (in the plain loop) or REPLY/LOOP.
if __name__ == '__main__':
    name, _, around = (sys.argv[1] if len(sys.argv) > 1 else '').partition('/')
    uri = sys.argv[2] if len(sys.argv) > 2 else 'tcp://127.0.0.1:0'
    if name not in REPLIES or (around and around not in LOOPS):
        sys.exit('usage: wild.py REPLY[/LOOP] [URI]\nreplies: %s\nloops: %s' % (' '.join(REPLIES), ' '.join(LOOPS)))
    LOOPS.get(around, loop_udp if uri.startswith('udp') else loop)(listen(uri), REPLIES[name])
