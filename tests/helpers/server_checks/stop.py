"""The stop: what is answered, what is closed, and when."""
import re
import select
import signal
import socket
import time

from harness import CTIME, DEADLINE, Server, ask, law, letters, read_to_end


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
