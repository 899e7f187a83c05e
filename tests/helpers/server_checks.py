#!/usr/bin/python3
"""Checks of the reference server: server_checks.py BIN MODE CHECK

Each function named check_* starts its own servers, talks to them as a client would, and raises AssertionError with a
sentence when the server is wrong. `Server` ends every server, demands exit status 0 and nothing on standard error.
"""
import contextlib
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

BIN, MODE, CHECK = sys.argv[1], sys.argv[2], sys.argv[3]
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
PROGRAM = os.path.join(BIN, "tsserver")
DEADLINE = 10.0
CTIME = rb"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\]"
MODES = {m["name"]: m for m in json.loads(subprocess.run([PROGRAM, "--list-modes", "--json"], check=True,
                                                         capture_output=True).stdout)["modes"]}
CONCURRENT = MODES[MODE]["concurrent"]
MULTIPLEXES = MODES[MODE]["multiplexes"]
SANITIZED = "asan" in BIN or "tsan" in BIN
FOLDER = tempfile.mkdtemp(prefix="tsserver.")


class Server:
    """A server under test. `quiet=False` allows messages on standard error; `confine` runs
    in its process first."""

    def __init__(self, *options, uri="tcp://127.0.0.1:0", mode=MODE, quiet=True, program=PROGRAM, confine=None, status=0):
        self.quiet, self.status = quiet, status
        self.stats_path = os.path.join(FOLDER, "stats.%d" % time.monotonic_ns())
        uris = [uri] if isinstance(uri, str) else uri
        if mode == "prefork" and SANITIZED:  # each process looks for leaks when it ends
            options = ("--workers=24",) + options
        reader, writer = os.pipe()
        self.process = subprocess.Popen(
            [program, "--mode=" + mode, "--ready-fd=%d" % writer, "--stats=" + self.stats_path, *options]
            + ["--listen=" + u for u in uris], pass_fds=[writer], stderr=subprocess.PIPE, preexec_fn=confine)
        os.close(writer)
        text = b""
        with open(reader, "rb", buffering=0) as ready:
            while True:
                if not select.select([ready], [], [], DEADLINE)[0]:
                    self.process.kill()
                    raise AssertionError("not ready in time: " + self.process.communicate()[1].decode())
                piece = ready.read(4096)
                if not piece:
                    break
                text += piece
        self.uris = text.decode().split()
        assert len(self.uris) == len(uris), "ready lines %r, stderr %r" % (text, self.stderr_if_dead())

    def stderr_if_dead(self):
        return self.process.communicate(timeout=DEADLINE)[1] if self.process.poll() is not None else b""

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.returncode is None:
            if kind:
                self.process.kill()
                sys.stderr.write(self.process.communicate()[1].decode(errors="replace"))
            else:
                self.stop()

    def stop(self, sig=signal.SIGTERM, within=DEADLINE):
        self.process.send_signal(sig)
        try:
            _, said = self.process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise AssertionError("did not stop within %.1f s" % within) from None
        assert self.process.returncode == self.status, "exit status %d: %s" % (self.process.returncode, said.decode())
        assert not (self.quiet and said), "said: " + said.decode()
        self.said = said.decode()
        with open(self.stats_path, encoding="utf-8") as file:
            stats = json.load(file)
        assert stats["accepted_count"] == sum(stats["ended"].values()) + stats["open_count"], stats
        return stats

    def port(self, i=0):
        return int(self.uris[i].rsplit(":", 1)[1])

    def connect(self, i=0, before=None):
        """A client of the i-th endpoint; `before` may set options before it connects."""
        scheme, rest = self.uris[i].split(":", 1)
        family = socket.AF_INET if scheme in ("tcp", "udp") else socket.AF_UNIX
        kind = socket.SOCK_STREAM if scheme in ("tcp", "unix") else socket.SOCK_DGRAM
        client = socket.socket(family, kind)
        client.settimeout(DEADLINE)
        if before:
            before(client)
        if scheme == "tcp":
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if scheme == "unixgram":
            client.bind("")  # an abstract name of the kernel's choice, so that it can be answered
        if family == socket.AF_INET:
            host, port = rest[2:].rsplit(":", 1)
            client.connect((host, int(port)))
        else:
            client.connect("\0" + rest[1:] if rest.startswith("@") else rest)
        return client


def owed(data, stamps=1, width=26):
    return len(data) + stamps * width


def read_exactly(client, n):
    got = b""
    while len(got) < n:
        piece = client.recv(n - len(got))
        assert piece, "end of file after %d of %d bytes: %r" % (len(got), n, got[-80:])
        got += piece
    return got


def read_to_end(client):
    got = []
    while True:
        piece = client.recv(1 << 20)
        if not piece:
            return b"".join(got)
        got.append(piece)


def ask(client, data):
    """One message in lock-step: its whole reply is one stamp and the data."""
    client.sendall(data)
    reply = read_exactly(client, owed(data))
    assert re.fullmatch(CTIME + re.escape(data), reply, re.DOTALL), "asked %r, got %r" % (data[:80], reply[:120])


def law(data, reply):
    """The reply to data without brackets: stamps and data, every chunk with bytes in it."""
    assert re.match(CTIME, reply), "no stamp in front: %r" % reply[:60]
    assert not re.search(CTIME + CTIME, reply), "a stamp without data"
    chunks = re.split(CTIME, reply)
    assert b"".join(chunks) == data, "%d bytes came back as %d" % (len(data), len(b"".join(chunks)))
    assert chunks[-1], "a stamp at the end"


def exchange(client, data):
    """Send all while reading, half-close, read to the end."""
    client.setblocking(False)
    sent, got, end = 0, [], time.monotonic() + 20
    while True:
        assert time.monotonic() < end, "stuck after %d bytes sent, %d read" % (sent, sum(map(len, got)))
        readable, writable, _ = select.select([client], [client] if sent < len(data) else [], [], 1)
        if writable:
            sent += client.send(data[sent:sent + (1 << 18)])
            if sent == len(data):
                client.shutdown(socket.SHUT_WR)
        if readable:
            piece = client.recv(1 << 20)
            if not piece:
                return b"".join(got)
            got.append(piece)


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def cpu_s(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def letters(n):
    return (b"abcdefghijklmnopqrstuvwxyz" * (n // 26 + 1))[:n]


def datagram_silence(client, message):
    """`message` is not answered: proved by a fence, not by waiting."""
    client.send(message)
    client.send(b"fence")
    assert client.recv(65536).endswith(b"]fence"), "an answer came before the fence"


def stream_uris():
    return ["tcp://127.0.0.1:0", "unix:" + FOLDER + "/stream"]


def each_uri(uris):
    """All in one server where the mode multiplexes, else a server for each."""
    return [uris] if MULTIPLEXES else [[u] for u in uris]


# --- conversations ---------------------------------------------------------------------------------------------------

def check_streams():
    every_byte = bytes(b for b in range(256) if b not in b"[]") + b"[]["
    for uris in each_uri(stream_uris()):
        with Server(uri=uris) as server:
            for i in range(len(uris)):
                client = server.connect(i)
                for message in (b"abc", b"x", every_byte, letters(5000)):
                    ask(client, message)
                client.sendall(b"last")
                client.shutdown(socket.SHUT_WR)
                reply = read_to_end(client)
                assert reply.endswith(b"]last"), "the reply owed at half-close: %r" % reply
            stats = server.stop()
            assert stats["ended"]["client"] == len(uris) and stats["messages_count"] == 5 * len(uris), stats
    assert os.listdir(FOLDER) == [f for f in os.listdir(FOLDER) if f.startswith("stats")], "a UNIX path was left"


def check_datagrams():
    for uris in each_uri(["udp://127.0.0.1:0", "unixgram:" + FOLDER + "/gram"]):
        with Server(uri=uris) as server:
            for i in range(len(uris)):
                client = server.connect(i)
                for size in (1, 1000, 20000, 65000):
                    ask_datagram(client, letters(size))
                for n in range(8):
                    client.send(b"burst %d" % n)
                burst = sorted(client.recv(100)[-8:] for n in range(8))  # several workers: in any order
                assert burst == [b"]burst %d" % n for n in range(8)], burst
                datagram_silence(client, b"")
                other = server.connect(i)
                ask_datagram(other, b"interleaved")
            stats = server.stop()
            assert stats["datagrams_count"] == 14 * len(uris), stats
            assert stats["errors"] == {"datagram_empty": len(uris)}, stats
    assert not os.path.exists(FOLDER + "/gram"), "a UNIX path was left"


def ask_datagram(client, data):
    client.send(data)
    reply = client.recv(1 << 18)
    assert re.fullmatch(CTIME + re.escape(data), reply, re.DOTALL), "asked %d bytes, got %d" % (len(data), len(reply))


def check_abstract_names():
    name = "@ts-%d-%d" % (os.getpid(), time.monotonic_ns())
    for uri in ("unix:" + name, "unixgram:" + name):
        with Server(uri=uri) as server:
            (ask if uri.startswith("unix:") else ask_datagram)(server.connect(), b"abstract")


def check_lines():
    with Server("--framing=line") as server:
        client = server.connect()
        ask(client, b"one\n")
        ask(client, b"two\r\n")
        for byte in b"chopped":
            client.sendall(bytes([byte]))
        ask_tail = b"\n"
        client.sendall(ask_tail)
        assert re.fullmatch(CTIME + b"chopped\n", read_exactly(client, 34)), "a chopped line"
        client.sendall(b"a\nbb\r\nccc\n\nnot answered\n")
        client.sendall(b"nor this\n" * 1000)
        reply = read_to_end(client)
        assert re.fullmatch(CTIME + b"a\n" + CTIME + b"bb\r\n" + CTIME + b"ccc\n", reply), "empty line: %r" % reply
        client.close()
        client = server.connect()
        client.sendall(b"whole\nunfinished")
        client.shutdown(socket.SHUT_WR)
        assert re.fullmatch(CTIME + b"whole\n" + CTIME + b"unfinished", read_to_end(client)), "unfinished last line"
        stats = server.stop()
        assert stats["ended"]["empty_line"] == 1 and stats["ended"]["client"] == 1, stats["ended"]
        assert stats["messages_count"] == 8, stats


def check_max_line():
    with Server("--framing=line", "--max-line=4096") as server:
        client = server.connect()
        ask(client, letters(4095) + b"\n")
        client.sendall(b"before\n" + letters(5000))
        assert re.fullmatch(CTIME + b"before\n", read_to_end(client)), "what came before the long line is owed"
        client.close()
        ask(server.connect(), b"next\n")
        assert server.stop()["ended"]["limit"] == 1


def check_large():
    data = letters(6 << 20)
    for framing, body in (("stream", data), ("line", (letters(999) + b"\n") * 3000)):
        with Server("--framing=" + framing) as server:
            reply = exchange(server.connect(), body)
            law(body, reply)
            if framing == "line":
                assert len(re.findall(CTIME, reply)) == 3000, "one stamp for each line"


def check_small_buffer():
    with Server("--buffer=7") as server:
        client = server.connect()
        data = letters(700)
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        reply = read_to_end(client)
        law(data, reply)
        assert len(re.findall(CTIME, reply)) >= 100, "no chunk is longer than the buffer"


# --- several clients -------------------------------------------------------------------------------------------------

def check_several():
    """Concurrent: all are answered while all are open. Iterative: they queue and are served in turn."""
    with Server() as server:
        clients = [server.connect() for _ in range(20)]
        if CONCURRENT:
            for _ in range(2):
                for i, client in reversed(list(enumerate(clients))):
                    ask(client, b"client %d" % i)
        else:
            for client in clients:
                client.sendall(b"queued")
            for client in clients:
                assert read_exactly(client, 32).endswith(b"]queued")
                client.close()
        for client in clients:
            client.close()
        ask(server.connect(), b"the next one")


def check_stuck_reader():
    """A client that never reads is held back by not reading from it, costs little memory, and, in a concurrent mode,
    holds up nobody. When it reads at last, all it is owed comes."""
    with Server() as server:
        stuck = server.connect(before=lambda c: c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096))
        stuck.setblocking(False)
        sent, piece = 0, letters(26 * 4000)
        while select.select([], [stuck], [], 0.15)[1] and sent < 64 << 20:
            with contextlib.suppress(BlockingIOError):
                sent += stuck.send(piece[sent % 26:])
        assert 100000 < sent < 64 << 20, "the server never stopped reading: %d bytes" % sent
        if CONCURRENT:
            other = server.connect()
            for _ in range(3):
                ask(other, b"not held up")
        with open("/proc/%d/status" % server.process.pid, encoding="ascii") as file:
            peak_kib = int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))
        assert SANITIZED or peak_kib < 40 << 10, "%d KiB for one stuck client" % peak_kib
        stuck.setblocking(True)
        stuck.settimeout(DEADLINE)
        stuck.shutdown(socket.SHUT_WR)
        law(letters(sent), read_to_end(stuck))


def check_reset():
    with Server() as server:
        for wait in (False, True, True):
            client = server.connect()
            if wait:
                ask(client, b"then reset")
            reset(client)
            ask_and_close(server)
        client = server.connect()
        client.sendall(letters(100000))
        client.recv(1)
        reset(client)  # with an unread reply
        ask_and_close(server)
        assert server.stop()["ended"]["error"] == 0


def ask_and_close(server):
    client = server.connect()
    ask(client, b"lives")
    client.close()


def check_max_clients():
    if not CONCURRENT:
        return check_several()
    with Server("--max-clients=2") as server:
        first, second = server.connect(), server.connect()
        ask(first, b"one")
        ask(second, b"two")
        third = server.connect()
        third.sendall(b"three")
        ask(second, b"fence")
        assert not select.select([third], [], [], 0.05)[0], "the third client was served"
        first.close()
        assert read_exactly(third, 31).endswith(b"]three"), "a place was free, and the third client waited on"


def keeps_talking(client, pause):
    """What keeps it open is the time between messages. None: this process was held up for as long as the server waits."""
    last = time.monotonic()
    for _ in range(4):
        time.sleep(pause)
        begun = time.monotonic()
        client.sendall(b"not idle")
        if time.monotonic() - last > 1.8 * pause:
            return None
        last = begun
        reply = read_up_to(client, 34)
        if not reply.endswith(b"]not idle"):
            return False
    return True


def check_idle():
    with Server("--idle-timeout=200ms") as server:
        for n_tries in range(1, 31):
            client = server.connect()
            talked = keeps_talking(client, 0.1)
            if talked is not None:
                break
            client.close()
        assert talked, "a client that talks every 100 ms is given up after 200 ms (%d tries)" % n_tries
        begun = time.monotonic()
        assert client.recv(1) == b"", "an idle client is given up with FIN"
        assert 0.1 < time.monotonic() - begun < 3, "after %.3f s" % (time.monotonic() - begun)
        assert server.stop()["ended"]["idle"] == 1 or n_tries > 1


def check_no_descriptors():
    """More callers than descriptors: those served go on, the others are served when descriptors come free; no spinning."""
    with Server(confine=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24)), quiet=False) as server:
        clients = [server.connect() for _ in range(40)]
        for client in clients:
            client.sendall(b"first")
        served = select.select(clients, [], [], DEADLINE)[0][0]
        assert read_exactly(served, 31).endswith(b"]first")
        before = cpu_s(server.process.pid)
        time.sleep(0.25)
        spent = cpu_s(server.process.pid) - before
        assert MODE == "nonblocking" or SANITIZED or spent < 0.1, "spins: %.2f s of 0.25 s" % spent
        ask(served, b"goes on")
        waiting = set(clients) - {served} - set(select.select(clients, [], [], 0)[0])
        assert waiting or MODE in ("fork", "prefork"), "forty clients on twenty-four descriptors"
        last = waiting.pop() if waiting else clients[-1]
        for client in clients:
            if client is not last:
                client.close()
        assert read_exactly(last, 31).endswith(b"]first"), "served when descriptors came free"
        stats = server.stop()
        said = server.said.count("accept: ")
        assert said <= 1, "said %d times: %s" % (said, server.said)
        assert (said == 1) == ("EMFILE" in stats["errors"]), stats["errors"]


def few_tasks():
    """Room for twenty processes or threads. The limit counts those of the user, and does not hold for root."""
    n = 20
    if os.geteuid() == 0:
        os.setuid(60001)
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            n += len(os.listdir("/proc/" + name + "/task")) if os.stat("/proc/" + name).st_uid == os.getuid() else 0
    resource.setrlimit(resource.RLIMIT_NPROC, (n, n))


def check_no_tasks():
    """More callers than threads or processes: those who get none are turned away, and the server goes on."""
    os.chmod(FOLDER, 0o777)  # so that another user runs there
    program = shutil.copy(PROGRAM, FOLDER)
    with Server(program=program, confine=few_tasks, quiet=False) as server:
        clients = [server.connect() for _ in range(40)]
        for client in clients:
            client.sendall(b"first")
        ends = [read_up_to(client, 31) for client in clients]
        served = [c for c, end in zip(clients, ends) if end.endswith(b"]first")]
        n_away = ends.count(b"")
        assert n_away >= 20 and len(served) + n_away == 40, "%d served, %d turned away" % (len(served), n_away)
        for client in clients:
            client.close()
        deadline = time.monotonic() + DEADLINE
        while not is_answered(server):
            assert time.monotonic() < deadline, "nobody is served when threads or processes came free"
        stats = server.stop()
        assert server.said.count("turned away") == 1, "said: " + server.said
        assert sum(stats["errors"].get(k, 0) for k in ("thread_not_started", "process_not_started")) >= n_away, stats["errors"]


def read_up_to(client, n):
    """n bytes, or what came before the end."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while len(data) < n and (piece := client.recv(n - len(data))):
            data += piece
    return data


def is_answered(server):
    with contextlib.suppress(BrokenPipeError, ConnectionResetError), server.connect() as client:
        client.sendall(b"again")
        return read_up_to(client, 31).endswith(b"]again")
    return False


def holdings(server):
    """What the server holds: descriptors, threads, children."""
    proc = "/proc/%d/" % server.process.pid
    with open(proc + "task/%d/children" % server.process.pid, encoding="ascii") as file:
        return len(os.listdir(proc + "fd")), len(os.listdir(proc + "task")), len(file.read().split())


def check_leaks():
    with Server() as server:
        for _ in range(20):  # until all that the mode starts has started, on a busy machine, too
            ask_and_close(server)
        before = holdings(server)
        for _ in range(100):
            ask_and_close(server)
        settle_at(server, before, 0)
        client = server.connect()
        ask(client, b"fence")
        settle_at(server, before, 1)


def settle_at(server, before, n_clients):
    deadline = time.monotonic() + DEADLINE
    while any(now > then + n_clients for now, then in zip(holdings(server), before)):
        assert time.monotonic() < deadline, "left over: %r descriptors, threads, children; it was %r" % (
            holdings(server), before)
        time.sleep(0.001)


def check_idle_cost():
    if MODE == "nonblocking":
        return
    with Server() as server:
        client = server.connect()
        ask(client, b"then silence")
        before = cpu_s(server.process.pid)
        time.sleep(0.3)
        assert cpu_s(server.process.pid) - before <= 0.02, "processor time while idle"


# --- the stop --------------------------------------------------------------------------------------------------------

def check_stop_idle():
    for sig in (signal.SIGTERM, signal.SIGINT):
        with Server() as server:
            server.stop(sig, within=3)
    with Server(uri="udp://127.0.0.1:0") as server:
        server.stop(within=3)


def check_stop_answers():
    """What had been received is answered; then the end; then the port is free at once."""
    with Server() as server:
        client = server.connect()
        ask(client, b"in a conversation")
        client.sendall(b"in the queue")
        server.stop(within=3)
        assert re.fullmatch(CTIME + b"in the queue", read_to_end(client)), "received and not answered"
        with Server(uri="tcp://127.0.0.1:%d" % server.port()) as again:
            ask(again.connect(), b"same port")


def check_stop_queue():
    """Callers who were in the queue when the stop came, and their messages, were received: they are answered."""
    for _ in range(3):
        with Server() as server:
            clients = [server.connect() for _ in range(3)]
            for client in clients:
                client.sendall(b"early")
            server.stop(within=3)
            for client in clients:
                assert re.fullmatch(CTIME + b"early", read_to_end(client)), "a caller in the queue was not answered"


def check_stop_partial():
    """A reply half sent at the stop: it goes out when the client reads, and the drain time-out ends it when not."""
    data = letters(26 * 200000)
    with Server("--drain-timeout=5s") as server:
        client = fill(server, data)
        server.process.send_signal(signal.SIGTERM)
        got = read_to_end(client)
        law(data[:sum(map(len, re.split(CTIME, got)))], got)
        assert len(got) > 200000, "%d bytes of a reply in hand" % len(got)
        server.stop(within=5)
    with Server("--drain-timeout=200ms") as server:
        client = fill(server, data)
        begun = time.monotonic()
        stats = server.stop(within=3)
        assert time.monotonic() - begun < 2, "the drain time-out"
        assert stats["ended"]["stop"] + stats["ended"]["reset"] == 1, stats["ended"]


def check_stop_sending():
    """A client that sends without pause when the stop comes: what was answered arrives, and the end is a FIN, not RST."""
    data = letters(64 << 20)
    for _ in range(5):
        with Server() as server:
            client = server.connect()
            client.setblocking(False)
            sent, got, told, end = 0, [], False, False
            while not end:
                can_read, can_write, _ = select.select([client], [client] if sent < len(data) else [], [], DEADLINE)
                assert can_read or can_write, "no end"
                if can_write:
                    sent += client.send(data[sent:sent + 4096])
                if can_read:
                    got.append(client.recv(1 << 20))
                    end = not got[-1]
                if sent > 1 << 18 and not told:
                    server.process.send_signal(signal.SIGTERM)
                    told = True
            assert told, "ended before the stop"
            reply = b"".join(got)
            law(data[:sum(map(len, re.split(CTIME, reply)))], reply)
            client.close()
            server.stop(within=3)


def fill(server, data):
    """A client that sends until the server holds a partial reply."""
    client = server.connect(before=lambda c: c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096))
    client.setblocking(False)
    sent = 0
    while sent < len(data) and select.select([], [client], [], 0.15)[1]:
        sent += client.send(data[sent:sent + (1 << 18)])
    client.settimeout(DEADLINE)
    return client


# --- endpoints -------------------------------------------------------------------------------------------------------

def check_unix_paths():
    path = FOLDER + "/path"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(path)
    stale.close()
    with Server(uri="unix:" + path) as server:
        ask(server.connect(), b"a stale path is taken over")
        fails_to_start("unix:" + path)
        ask(server.connect() if CONCURRENT else server.connect(), b"a live one is not")
    assert not os.path.exists(path), "the path is removed"


def fails_to_start(uri):
    result = subprocess.run([PROGRAM, "--mode=" + MODE, "--listen=" + uri], capture_output=True, timeout=DEADLINE)
    assert result.returncode == 3, "second instance: exit status %d" % result.returncode
    assert result.stderr.count(b"\n") == 1, "one line: %r" % result.stderr


def check_second_instance():
    with Server() as server:
        fails_to_start(server.uris[0])
        ask(server.connect(), b"the first lives on")
    with Server(uri="udp://127.0.0.1:0") as server:
        fails_to_start(server.uris[0])
        ask_datagram(server.connect(), b"the first lives on")


def check_several_endpoints():
    uris = stream_uris() + ["udp://127.0.0.1:0", "tcp://[::1]:0", "unixgram:" + FOLDER + "/gram"]
    if MULTIPLEXES:
        with Server(uri=[u for u in uris if "::1" not in u]) as server:
            ask(server.connect(0), b"tcp")
            ask(server.connect(1), b"unix")
            ask_datagram(server.connect(2), b"udp")
            ask_datagram(server.connect(3), b"unixgram")
        return
    result = subprocess.run([PROGRAM, "--mode=" + MODE] + ["--listen=" + u for u in uris], capture_output=True,
                            timeout=DEADLINE)
    assert result.returncode == 2 and b"one endpoint" in result.stderr and result.stderr.count(b"\n") == 1, result


def check_guard():
    """A datagram from a port that the server itself listens on is not answered: two servers would never stop."""
    with Server(uri="udp://127.0.0.1:0", quiet=False) as server:
        mirror = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mirror.bind(("127.0.0.2", server.port()))
        mirror.sendto(b"reflected", ("127.0.0.1", server.port()))
        ask_datagram(server.connect(), b"fence")
        assert not select.select([mirror], [], [], 0)[0], "answered its own port"
        assert server.stop()["errors"] == {"datagram_guarded": 1}


def check_reply_rate():
    with Server("--reply-rate=10", uri="udp://127.0.0.1:0", quiet=False) as server:
        client, other = server.connect(), None
        for _ in range(100):
            client.send(b"flood")
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        other.bind(("127.0.0.9", 0))
        other.settimeout(DEADLINE)
        other.connect(("127.0.0.1", server.port()))
        ask_datagram(other, b"another source")
        stats = server.stop()
        assert stats["datagrams_count"] <= 1 + 4 * 12 and stats["errors"]["datagram_over_rate"] >= 50, stats


def check_unbound_sender():
    with Server(uri="unixgram:" + FOLDER + "/gram", quiet=False) as server:
        nobody = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        nobody.sendto(b"no name", FOLDER + "/gram")
        ask_datagram(server.connect(), b"fence")
        assert server.stop()["errors"] == {"datagram_without_source": 1}


def check_stats():
    with Server("--framing=stream") as server:
        client = server.connect()
        ask(client, letters(74))
        os.remove(server.stats_path) if os.path.exists(server.stats_path) else None
        server.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + DEADLINE
        while not os.path.exists(server.stats_path):
            assert time.monotonic() < deadline, "no report on SIGUSR1"
            ask(client, b"still serving")
        with open(server.stats_path, encoding="utf-8") as file:
            middle = json.load(file)
        assert middle["partial"] and middle["open_count"] == 1 and middle["received_bytes"] >= 74, middle
        client.close()
        stats = server.stop()
        assert not stats["partial"] and stats["open_count"] == 0 and stats["accepted_count"] == 1, stats
        assert stats["sent_bytes"] == stats["received_bytes"] + 26 * stats["messages_count"], stats
        assert MODE == "uring" or stats["system_calls"]["recv"] >= stats["messages_count"], stats
        assert (stats["system_calls"]["control"] is None) == (MODE == "libev"), stats  # libev makes them unseen
        assert stats["mode"] == MODE and stats["schema"] == "tsbench.server/1"


def check_processes():
    if not MULTIPLEXES or MODE == "reactors":
        return
    with Server("--processes=3", uri=stream_uris() + ["udp://127.0.0.1:0"]) as server:
        clients = [server.connect(i % 2) for i in range(24)]
        for client in clients:
            ask(client, b"any process")
        ask_datagram(server.connect(2), b"datagram")
        stats = server.stop()
        assert stats["accepted_count"] == 24 and stats["ended"]["stop"] == 24, stats


# --- what does not depend on the mode ----------------------------------------------------------------------------------

def check_dialects():
    cases = [(["--time=ctime"], CTIME), (["--time=rfc3339", "--utc"], rb"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\]"),
             (["--time=rfc3339", "--utc", "--precision=us"], rb"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\]"),
             (["--time=unix", "--precision=ms"], rb"\[\d{10}\.\d{3}\]"), (["--time=unix"], rb"\[\d{10}\]"),
             (["--time=rfc1123"], rb"\[[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\]"),
             (["--time=time", "--separator= "], rb"\[\d\d:\d\d:\d\d\] "),
             (["--time=date", "--utc"], rb"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}\]"),
             (["--time=strftime:%H.%M"], rb"\[\d\d\.\d\d\]")]
    for options, pattern in cases:
        with Server(*options) as server:
            client = server.connect()
            client.sendall(b"data")
            client.shutdown(socket.SHUT_WR)
            reply = read_to_end(client)
            assert re.fullmatch(pattern + b"data", reply), "%r gives %r" % (options, reply)


def check_activation():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    gram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    gram.bind(("127.0.0.1", 0))
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writer, 20)
        os.dup2(listener.fileno(), 21)
        os.dup2(gram.fileno(), 22)
        os.dup2(21, 3)
        os.dup2(22, 4)
        os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid()))
        os.execv(PROGRAM, [PROGRAM, "--ready-fd=20"])
    os.close(writer)
    with open(reader, "rb", buffering=0) as ready:
        text = ready.read(1000)
    try:
        assert b"tcp://127.0.0.1:%d\n" % listener.getsockname()[1] in text, text
        with socket.create_connection(listener.getsockname()) as client:
            ask(client, b"handed over")
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(DEADLINE)
        client.connect(gram.getsockname())
        ask_datagram(client, b"handed over")
    finally:
        os.kill(pid, signal.SIGTERM)
        assert os.waitpid(pid, 0)[1] == 0


def status_field(pid, name):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return int(re.search(name + r":\s+(\d+)", file.read()).group(1))


def check_sandbox():
    if SANITIZED:
        return
    for option, expected in ((), 2), (("--sandbox=on",), 2), (("--sandbox=off",), 0):
        with Server(*option) as server:
            ask(server.connect(), b"in the sandbox")
            seccomp = status_field(server.process.pid, "Seccomp")
            assert seccomp == expected, "%r: seccomp %d" % (option, seccomp)
    with Server(mode="pool") as server:  # threads made after the filter are in it, too
        for task in os.listdir("/proc/%d/task" % server.process.pid):
            assert status_field(int(task), "Seccomp") == 2


def check_ready_time():
    times = []
    for _ in range(15):
        begun = time.monotonic()
        with Server():
            times.append(time.monotonic() - begun)
    assert SANITIZED or min(times) < 0.02, "at best %.1f ms" % (1e3 * min(times))


def check_fd_setsize():
    with Server() as server:
        clients = [server.connect() for _ in range(1024)]
        for client in clients:
            client.sendall(b"x")
        n_served, deadline = 0, time.monotonic() + DEADLINE
        poll = select.poll()
        by_fd = {c.fileno(): c for c in clients}
        for fd in by_fd:
            poll.register(fd, select.POLLIN)
        while n_served < 1000:
            assert time.monotonic() < deadline, "%d served" % n_served
            n_served = len(poll.poll(100))
        fence = clients[0]
        read_exactly(fence, 27)
        ask(fence, b"fence")
        served = {fd for fd, _ in poll.poll(0)} | {fence.fileno()}
        assert 1000 < len(served) < 1024, "%d served" % len(served)
        waiting = next(c for c in clients if c.fileno() not in served)
        for client in clients[1:12]:
            client.close()
        read_exactly(waiting, 27)
        for client in clients:
            client.close()


def check_respawn():
    with Server("--workers=2", quiet=False) as server:
        with open("/proc/%d/task/%d/children" % (server.process.pid, server.process.pid), encoding="ascii") as file:
            before = [int(word) for word in file.read().split()]
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + DEADLINE
        while any(os.path.exists("/proc/%d" % pid) for pid in before):  # until the parent has noticed
            assert time.monotonic() < deadline, "the dead are not buried"
            time.sleep(0.005)
        ask(server.connect(), b"from a new process")
        assert server.stop(), "the parent lives"
        assert "starting another" in server.said


def check_spin():
    with Server("--spin", "--cpus=0") as server:
        ask(server.connect(), b"spinning")
        assert os.sched_getaffinity(server.process.pid) == {0}


def heap_bytes(pid):
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        return 1024 * int(re.search(r"Anonymous:\s+(\d+)", file.read()).group(1))


def check_idle_memory():
    if SANITIZED:
        return
    with Server() as server:
        first = [server.connect() for _ in range(500)]
        for client in first:
            ask(client, b"x")
        before = heap_bytes(server.process.pid)
        clients = [server.connect() for _ in range(8000)]
        for client in clients[:100]:
            ask(client, b"x")
        ask(clients[-1], b"all are accepted")
        each = (heap_bytes(server.process.pid) - before) / len(clients)
        assert 50 < each <= 300, "%.0f bytes for each idle connection" % each


def check_asked_address():
    with Server(uri="udp://0.0.0.0:0") as server:
        for host in ("127.0.0.1", "127.0.0.5"):
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            client.settimeout(DEADLINE)
            client.sendto(b"from where", (host, server.port()))
            assert client.recvfrom(100)[1] == (host, server.port()), "a reply from another address"


def check_other_peers():
    with Server(uri=["tcp://127.0.0.1:0", "unix:" + FOLDER + "/peer"], mode="libev") as server:
        reply = subprocess.run(["socat", "-", "UNIX-CONNECT:" + FOLDER + "/peer"], input=b"by socat", capture_output=True,
                               timeout=DEADLINE, check=True).stdout
        law(b"by socat", reply)
        script = ("const c = require('net').connect(%d, '127.0.0.1', () => c.end('by node'));"
                  "c.on('data', d => process.stdout.write(d));" % server.port())
        reply = subprocess.run(["node", "-e", script], capture_output=True, timeout=DEADLINE, check=True).stdout
        law(b"by node", reply)


def main():
    try:
        globals()["check_" + CHECK]()
    finally:
        for name in os.listdir(FOLDER):
            os.remove(os.path.join(FOLDER, name))
        os.rmdir(FOLDER)


main()
