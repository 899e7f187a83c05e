"""Endpoints, limits, the counts and the processes."""
import json
import os
import select
import signal
import socket
import subprocess
import time

from conversations import ask_datagram
from harness import CONCURRENT, DEADLINE, FOLDER, MODE, MULTIPLEXES, PROGRAM, Server, ask, letters, stream_uris


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
    with Server(uri="unix:" + path) as first:
        os.remove(path)
        with Server(uri="unix:" + path) as second:
            first.stop()
            ask(second.connect(), b"the path is the successor's")


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


def serve_handed_over(handed, message):
    """One life of a server that was handed this socket, as systemd does it: a conversation, and the stop."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writer, 20)
        os.dup2(handed.fileno(), 3)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        os.execv(PROGRAM, [PROGRAM, "--mode=" + MODE, "--ready-fd=20"])
    os.close(writer)
    client = socket.socket(handed.family, handed.type)
    client.settimeout(DEADLINE)
    try:
        with open(reader, "rb", buffering=0) as ready:
            assert ready.read(1000), "not ready"
        if handed.type == socket.SOCK_DGRAM and handed.family == socket.AF_UNIX:
            client.bind("")
        client.connect(handed.getsockname())
        (ask if handed.type == socket.SOCK_STREAM else ask_datagram)(client, message)
    finally:
        client.close()
        os.kill(pid, signal.SIGTERM)
        status = os.waitpid(pid, 0)[1]
    assert status == 0, "%s: status 0x%x" % (handed, status)


def check_handed_over():
    """Of either kind, blocking or not. The socket is systemd's, who hands it to the next server, too."""
    for family, name in (socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_UNIX, FOLDER + "/handed"):
        for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
            with socket.socket(family, kind) as handed:
                handed.bind(name)
                if kind == socket.SOCK_STREAM:
                    handed.listen()
                handed.setblocking(False)
                serve_handed_over(handed, b"handed over")
                handed.setblocking(True)
                serve_handed_over(handed, b"to the second")
                serve_handed_over(handed, b"to the third")
            if family == socket.AF_UNIX:
                os.remove(name)


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


def check_deaf_peer():
    """A UNIX peer that reads nothing loses its replies, and nobody waits for it. Fault caught: modes that block waited
    half a second for room in its queue, at each reply."""
    with Server(uri="unixgram:" + FOLDER + "/gram", quiet=False) as server:
        deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        deaf.bind("")  # not connected: the kernel lets only so many datagrams wait at it
        deaf.settimeout(DEADLINE)
        with open("/proc/sys/net/unix/max_dgram_qlen", encoding="ascii") as file:
            n = int(file.read()) + 1 + 60
        begun = time.monotonic()
        for _ in range(n):
            deaf.sendto(b"read by nobody", FOLDER + "/gram")
        ask_datagram(server.connect(), b"does not wait")
        assert time.monotonic() - begun < 5, "the server waits for one who does not read"
        stats = server.stop()
        assert stats["errors"] == {"datagram_queue_full": n + 1 - stats["datagrams_count"]} and stats["datagrams_count"] < n - 50, stats


def check_deaf_connected():
    """What a UNIX peer that is connected leaves unread is charged to the server's send buffer, which all share: one that
    forgets a dozen large replies must not use it up. Fault caught: the buffer was the usual one, of 208 KiB."""
    with Server(uri="unixgram:" + FOLDER + "/gram") as server:
        deaf = server.connect()
        for _ in range(12):
            deaf.send(letters(20000))
        ask_datagram(server.connect(), b"is answered")
        server.stop()


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
    with Server("--framing=line") as server:
        for _ in range(9):
            with server.connect() as client:
                client.sendall(b"\n")
                assert client.recv(1) == b"", "an empty line ends the conversation"
        assert server.stop()["system_calls"]["other"] >= 9, "shutdown(2) is counted"


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
