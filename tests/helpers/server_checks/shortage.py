"""What the kernel refuses for a moment, for want of memory: the server says so once, and goes on."""
import json
import resource
import signal
import time

from clients import await_answer, read_up_to, send_until_reset
from conversations import ask_datagram
from harness import FOLDER, MODE, Server, ask, cpu_s
from once import kill_children


def check_deaf_listener():
    """Fault caught: a listener that could not be watched again, after a pause, was never heard any more."""
    with Server(inject=["accept4:error=EMFILE:when=1", "epoll_ctl:error=ENOSPC:when=5"], quiet=False) as server:
        ask(server.connect(), b"after the pause")
        assert server.stop()["errors"] == {"EMFILE": 1, "other": 1}
        assert server.said.count("a socket cannot be waited for: No space left on device") == 1, server.said


def check_unwatched():
    """Fault caught: a conversation whose socket could not be waited for hung until its client ended."""
    with Server(inject=["epoll_ctl:error=ENOSPC:when=4"], quiet=False) as server:
        send_until_reset(server)
        ask(server.connect(), b"goes on")
        assert server.stop()["ended"]["error"] == 1


def check_unwatched_late():
    """Fault caught: libev finds only when it waits that a socket cannot be waited for, and the client hung, unsaid and uncounted;
    a listener was never heard."""
    for when in (2, 3):  # the stop is the first
        with Server(inject=["epoll_ctl:error=ENOSPC:when=%d" % when], quiet=False) as server:
            client = server.connect()
            if when == 3:
                assert read_up_to(client, 1) == b"", "served"
            else:
                ask(client, b"heard after the pause")
            ask(server.connect(), b"goes on")
            stats = server.stop()
            assert stats["errors"] == {"other": 1} and stats["ended"]["error"] == when - 2, stats
            assert server.said.count("a socket cannot be waited for: No space left on device") == 1, server.said


def check_datagram_memory():
    """Fault caught: one receive call without memory ended the server, or the process of prefork."""
    with Server(inject=["recvmmsg:error=ENOMEM:when=1"], uri="udp://127.0.0.1:0", quiet=False) as server:
        ask_datagram(server.connect(), b"goes on")
        assert server.stop()["errors"]["ENOMEM"] >= 1
        assert server.said == server.said.splitlines()[0] + "\n" and "datagrams: Cannot allocate" in server.said, server.said


def check_datagram_pause():
    """Fault caught: event loops, whose socket stays ready, tried again at once, and as long as memory lacked never slept."""
    with Server(inject=["recvmmsg:error=ENOMEM:when=1..5"], uri="udp://127.0.0.1:0", quiet=False) as server:
        begun = time.monotonic()
        ask_datagram(server.connect(), b"in a while")
        assert time.monotonic() - begun > 0.08, "five tries in %.3f s" % (time.monotonic() - begun)
        assert server.stop()["errors"] == {"ENOMEM": 5}


def check_send_memory():
    """Fault caught: with epoll-et the reply waited for an edge that never came; with other event loops the server span, and
    modes that block ended the conversation."""
    with Server(inject=["sendto:error=ENOBUFS:when=1..5"], quiet=False) as server:
        ask(server.connect(), b"sent in the end")
        stats = server.stop()
        assert stats["errors"] == {"ENOBUFS": 5} and server.said.count("send: ") == 1, (stats["errors"], server.said)
        assert MODE == "nonblocking" or stats["system_calls"]["wait"] < 40, stats["system_calls"]


def burst_at_once(server, n_sends):
    """Datagrams of two clients that stand in the server's queue together, some runs of one length among them."""
    clients = [server.connect(), server.connect()]
    sent = [[b"%d of one length" % i for i in range(5)] + [b"of another length %d" % i for i in range(3)], [b"another's"] * 2]
    server.process.send_signal(signal.SIGSTOP)
    for client, messages in zip(clients, sent):
        for message in messages:
            client.send(message)
    server.process.send_signal(signal.SIGCONT)
    for client, messages in zip(clients, sent):
        got = [client.recv(1 << 16).split(b"]", 1)[1] for _ in messages]
        assert got == messages, got
    stats = server.stop()
    assert stats["datagrams_count"] == 10 and stats["errors"] == {}, stats
    assert stats["system_calls"]["send"] == n_sends, stats["system_calls"]


def check_bundles():
    """Fault caught: replies that were to leave as one message were lost where the kernel does not cut one."""
    with Server(uri="udp://127.0.0.1:0") as server:
        burst_at_once(server, 1)
    with Server(inject=["sendmmsg:error=EINVAL:when=1"], uri="udp://127.0.0.1:0") as server:
        burst_at_once(server, 1 + 5 + 1)


def limit_memory(server, spare_bytes):
    """From now on the server has no more than that beyond what it has."""
    with open("/proc/%d/statm" % server.process.pid, encoding="ascii") as file:
        limit = int(file.read().split()[0]) * resource.getpagesize() + spare_bytes
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (limit, limit))


def fill_memory(server):
    """Clients, each served, until one is turned away."""
    clients = []
    while True:
        client = server.connect()
        try:
            ask(client, b"x")
        except (AssertionError, ConnectionError):
            return clients
        clients.append(client)


def check_memory():
    """Fault caught: libev ended the process when it had no memory for one more client."""
    for spare_bytes in (1 << 17, 9 << 16):
        with Server(uri="unix:" + FOLDER + "/memory", quiet=False) as server:
            limit_memory(server, spare_bytes)
            clients = fill_memory(server)
            ask(clients[0], b"goes on")
            for client in clients:
                client.close()
            await_answer(server, "nobody is served when memory came free")
            stats = server.stop()
            assert stats["errors"] == {"ENOMEM": stats["refused_count"]} and stats["refused_count"] > 0, stats
            assert server.said.count("Cannot allocate memory") == 1, server.said


WAITS = {"select": "pselect6", "poll": "poll", "epoll": "epoll_wait", "epoll-et": "epoll_wait", "libev": "epoll_wait",
         "uring": "io_uring_enter"}


def check_wait_memory():
    """Fault caught: one wait without memory ended the server."""
    for when in ("1..2", "2..3"):
        with Server(inject=["%s:error=ENOMEM:when=%s" % (WAITS[MODE], when)], quiet=False) as server:
            ask(server.connect(), b"goes on")
            assert server.stop()["errors"] == {"ENOMEM": 2}
            assert server.said.count("waiting: Cannot allocate memory") == 1, server.said


def check_wait_never():
    """Fault caught (never seen): a stop that nobody was told of, as waiting failed for good."""
    with Server(inject=["%s:error=ENOMEM" % WAITS[MODE]], quiet=False) as server:
        server.stop(within=5)


def check_ring_stuck():
    """Fault caught: a ring that the kernel takes nothing from was given to it again without end, and the stop was not heard."""
    for error in ("EAGAIN", "EBUSY", "ENOMEM"):
        with Server("--backlog=2000", "--drain-timeout=300ms", inject=["io_uring_enter:error=" + error], quiet=False) as server:
            clients = [server.connect() for _ in range(1200)]  # at the stop, more requests than its ring has room for
            before = cpu_s(server.process.pid)
            time.sleep(0.5)
            assert cpu_s(server.process.pid) - before < 0.1, "busy with nothing"
            stats = server.stop(within=5)
            assert stats["accepted_count"] == len(clients) and stats["errors"].keys() == {"ENOMEM"}, stats
            assert server.said.count("waiting: Cannot allocate memory") == 1, server.said


def check_stop_unaccepted():
    """Fault caught: as long as nobody could be accepted for want of descriptors, mode fork did not hear the stop."""
    for error in ("EMFILE", "ENOMEM"):
        with Server("--drain-timeout=300ms", inject=["accept4:error=" + error], quiet=False) as server:
            client = server.connect()
            client.sendall(b"never served")
            time.sleep(0.05)  # it tries
            server.stop(within=5)
            assert server.said.count("accept: ") == 1, server.said


def check_memory_stats():
    """Fault caught: statistics that there was no memory for were `null`, in the place of the earlier ones."""
    with Server(uri="unix:" + FOLDER + "/memory", quiet=False) as server:
        ask(server.connect(), b"x")
        server.process.send_signal(signal.SIGUSR1)
        ask(server.connect(), b"x")
        limit_memory(server, 1 << 17)
        clients = fill_memory(server)
        server.process.send_signal(signal.SIGUSR1)
        ask(clients[0], b"goes on")
        with open(server.stats_path, encoding="utf-8") as file:
            assert json.load(file)["accepted_count"] in (1, 2)
        for client in clients:
            client.close()
        server.stop()
        assert server.said.count("not enough memory") == 1, server.said


def check_no_successor():
    """Fault caught: a process that could not be started again was said eight times a second, and not counted."""
    with Server("--workers=2", inject=["clone,clone3:error=EAGAIN:when=3..6"], mode="prefork", quiet=False) as server:
        kill_children(server)
        ask(server.connect(), b"from a new process")
        stats = server.stop()
        assert stats["errors"]["process_not_started"] >= 2, stats["errors"]
        assert server.said.count("no process in the place of one that ended") == 1, server.said
