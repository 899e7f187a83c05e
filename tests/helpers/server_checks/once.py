"""What does not depend on the mode, and is checked for one."""
import os
import re
import select
import signal
import socket
import subprocess
import time

from conversations import ask_datagram
from harness import CTIME, DEADLINE, FOLDER, MODES, MULTIPLEXES, PROGRAM, SANITIZED, Server, ask, law, read_exactly, read_to_end


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


def check_foreign_code():
    """What runs in a server makes no socket, and no ring that would make one, in mode uring neither: that has its own."""
    if SANITIZED:
        return
    library = FOLDER + "/try_sockets.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library,
                    os.path.join(os.path.dirname(__file__), "..", "try_sockets.c")], check=True)
    os.environ["LD_PRELOAD"] = library
    for mode in MODES:
        with Server(mode=mode, quiet=False) as server:
            server.stop()
        assert "ring: EPERM" in server.said, "%s: %s" % (mode, server.said)
        assert "socket: EPERM" in server.said, "%s: %s" % (mode, server.said)


def check_ready_standard():
    """--ready-fd=1 or 2 ends for its reader, and yet no client is given that number."""
    for fd in 1, 2:
        for mode in "libev", "prefork", "pool":
            process = subprocess.Popen([PROGRAM, "--mode=" + mode, "--listen=tcp://127.0.0.1:0", "--ready-fd=%d" % fd],
                                       stdout=subprocess.PIPE if fd == 1 else None,
                                       stderr=subprocess.PIPE if fd == 2 else None)
            try:
                lines = (process.stdout if fd == 1 else process.stderr).read()
                with socket.create_connection(("127.0.0.1", int(lines.rsplit(b":", 1)[1]))) as client:
                    ask(client, b"connected")
                    with open("/proc/%d/task/%d/children" % (process.pid, process.pid), encoding="ascii") as file:
                        for pid in [process.pid] + [int(word) for word in file.read().split()]:
                            assert os.readlink("/proc/%d/fd/%d" % (pid, fd)) == "/dev/null", (mode, fd)
            finally:
                process.terminate()
                assert process.wait(DEADLINE) == 0


def check_ready_time():
    best = 1.0
    for _ in range(60):  # on a busy machine few of them have the processor all the time
        begun = time.monotonic()
        with Server():
            best = min(best, time.monotonic() - begun)
        if SANITIZED or best < 0.02:
            return
    raise AssertionError("at best %.1f ms" % (1e3 * best))


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


def kill_children(server):
    with open("/proc/%d/task/%d/children" % (server.process.pid, server.process.pid), encoding="ascii") as file:
        before = [int(word) for word in file.read().split()]
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE
    while any(os.path.exists("/proc/%d" % pid) for pid in before):  # until the parent has noticed
        assert time.monotonic() < deadline, "the dead are not buried"
        time.sleep(0.005)


def check_killed():
    """Fault caught: the places of --max-clients that a killed process held were never free again."""
    with Server("--max-clients=4", *(["--processes=2"] if MULTIPLEXES else []), quiet=False) as server:
        for killed in (True, False):
            clients = [server.connect() for _ in range(4)]
            for client in clients:
                ask(client, b"has a place")
            if killed:
                kill_children(server)
        for client in clients:
            client.shutdown(socket.SHUT_WR)
            read_to_end(client)
        stats = server.stop()
        assert stats["ended"]["error"] == stats["ended"]["client"] == 4 and stats["open_count"] == 0, stats


def check_respawn():
    with Server("--workers=2", quiet=False) as server:
        kill_children(server)
        ask(server.connect(), b"from a new process")
        assert server.stop(), "the parent lives"
        assert "starting another" in server.said


def check_peak_memory():
    """Fault caught: at the end, only the largest process was counted beside the parent."""
    options = ["--processes=8"] if MULTIPLEXES else ["--workers=8"]
    with Server(*options) as server:
        ask(server.connect(), b"serves")
        with open("/proc/%d/task/%d/children" % (server.process.pid, server.process.pid), encoding="ascii") as file:
            pids = [server.process.pid] + [int(word) for word in file.read().split()]
        peaks = 1024 * sum(status_field(pid, "VmHWM") for pid in pids)
        stats = server.stop()
        assert len(pids) == 9 and stats["peak_rss_bytes"] >= 0.8 * peaks, "%d of %d" % (stats["peak_rss_bytes"], peaks)


def check_spin():
    """Fault caught: io_uring waited with a time-out of 0, and each turn took 16 us, until that timer rang."""
    if not MULTIPLEXES:
        return
    with Server("--spin", "--cpus=0") as server:
        assert os.sched_getaffinity(server.process.pid) == {0}
        client = server.connect()
        for _ in range(20):
            ask(client, b"spinning")
            time.sleep(0.01)
        stats = server.stop()
        each_us = 1e6 * (stats["cpu_user_s"] + stats["cpu_system_s"]) / sum(filter(None, stats["system_calls"].values()))
        assert stats["switches_voluntary_count"] < 50 and each_us < 5, "%.1f us a call, %s" % (each_us, stats)


def check_lone_callers():
    """Fault caught: after each caller another was looked for, and accept(2) makes a socket and a file before it sees nobody."""
    n = 20
    with Server() as server:
        for _ in range(n):
            with server.connect() as client:
                ask(client, b"alone")
        stats = server.stop()
        assert n <= stats["system_calls"]["accept"] <= n + 4, stats


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
