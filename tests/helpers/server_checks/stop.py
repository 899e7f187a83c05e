"""The stop: what is answered, what is closed, and when."""
import contextlib
import os
import re
import resource
import select
import signal
import socket
import time

from harness import CONCURRENT, CTIME, DEADLINE, MODE, SANITIZED, Server, ask, law, letters, read_to_end


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


def crowd_of(n):
    """A process for each is slow under a sanitizer, which looks for leaks at each one's end."""
    return n // 10 if SANITIZED and MODE == "fork" else n


def answered(clients, data):
    """How many of them read this one reply, and the end."""
    return sum(re.fullmatch(CTIME + data, read_to_end(client)) is not None for client in clients)


def check_stop_crowd():
    """A hundred callers, of whom the limit or the mode lets in one at a time, have sent when the stop comes. Faults caught:
    a tenth of a second was spent on each, after its reply, one after the other; at --max-clients only one was answered."""
    options = ["--max-clients=1"] + (["--workers=1"] if MODE in ("pool", "prefork") else [])
    with Server(*options) as server:
        ask(first := server.connect(), b"is served")
        crowd = [server.connect() for _ in range(crowd_of(100))]
        for client in crowd:
            client.sendall(b"early")
        stats = server.stop(within=4)
        n = answered(crowd, b"early")
        assert n == len(crowd), "%d of %d callers in the queue were answered" % (n, len(crowd))
        assert first.recv(1) == b"" and stats["ended"]["stop"] == len(crowd) + 1, stats["ended"]


def check_stop_backlog():
    """More callers at one moment than an event loop takes at a time, and the stop with them."""
    with Server() as server:
        server.process.send_signal(signal.SIGSTOP)
        crowd = [server.connect() for _ in range(crowd_of(300))]
        for client in crowd:
            client.sendall(b"early")
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGCONT)
        server.stop(within=4)
        n = answered(crowd, b"early")
        assert n == len(crowd), "%d of %d callers in the queue were answered" % (n, len(crowd))


def check_stop_shortage():
    """As many callers, and too few descriptors: who has been answered gives his to the next. Fault caught: who waited for
    callers, or had paused, let none of them go."""
    few = 24
    with Server(confine=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (few, few)), quiet=False) as server:
        crowd = [server.connect() for _ in range(crowd_of(100))]
        for client in crowd:
            client.sendall(b"early")
        server.stop(within=5)
        n = answered(crowd, b"early")
        assert n == len(crowd), "%d of %d callers in the queue were answered" % (n, len(crowd))


def check_stop_received():
    """All that had come is answered, however small the pieces are in which it is received. Fault caught: with io_uring, as
    much as some rounds brought."""
    data = letters(60000)  # less than the window that a new connection has: all of it comes
    with Server("--buffer=20") as server:
        ask(client := server.connect(), b"is served")
        server.process.send_signal(signal.SIGSTOP)
        client.setblocking(False)
        sent = client.send(data)
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGCONT)
        client.settimeout(DEADLINE)
        law(data[:sent], read_to_end(client))
        server.stop(within=4)


@contextlib.contextmanager
def flood(client):
    """Two processes send and read, without end, as fast as they can."""
    def send():
        while True:
            client.sendall(letters(1 << 18))

    def read():
        while client.recv(1 << 20):
            pass

    pids = []
    for work in (send, read):
        pids.append(os.fork())
        if pids[-1] == 0:
            with contextlib.suppress(OSError):
                client.settimeout(None)
                work()
            os._exit(0)
    client.close()
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def check_stop_flood():
    """One client sends without end into a small buffer: that takes nobody's time to be answered. Fault caught: it was read
    and answered until the drain time-out, and the replies to others were not sent."""
    with Server("--buffer=16", "--drain-timeout=8s") as server:
        client = server.connect()
        ask(client, b"x")
        others = [server.connect() for _ in range(5)]
        if CONCURRENT:
            for other in others:
                ask(other, b"is served")
        with flood(client):
            server.process.send_signal(signal.SIGSTOP)
            for other in others:
                other.sendall(letters(1000))
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGCONT)
            server.stop(within=6)
            for other in others:
                law(letters(1000), read_to_end(other))


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
