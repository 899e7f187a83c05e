"""Several clients at a time, and what each of them may do to the others."""
import contextlib
import os
import re
import resource
import select
import shutil
import socket
import time

from harness import (CONCURRENT, DEADLINE, FOLDER, MODE, PROGRAM, SANITIZED, Server, ask, cpu_s, law, letters,
                     read_exactly, read_to_end, reset)


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


def send_until_reset(server):
    """A client that never reads, until the server gives it up."""
    stuck = server.connect(before=lambda c: c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096))
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(1000):
            stuck.sendall(letters(100000))
        raise AssertionError("a client that never reads is read from on and on")


def check_idle_stuck():
    """Fault caught: busy polling took each vain try to send for activity."""
    with Server("--idle-timeout=200ms") as server:
        send_until_reset(server)
        assert server.stop()["ended"]["idle"] == 1


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
        await_answer(server, "nobody is served when threads or processes came free")
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


def await_answer(server, otherwise):
    deadline = time.monotonic() + DEADLINE
    while not is_answered(server):
        assert time.monotonic() < deadline, otherwise


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
