"""What the checks share: a server under test, clients, and the law. `Server` ends every server, demands exit status 0 and
nothing on standard error."""
import json
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

BIN, MODE = sys.argv[1], sys.argv[2]
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
    in its process first; system calls of it fail as `inject` says, in the words of strace."""

    def __init__(self, *options, uri="tcp://127.0.0.1:0", mode=MODE, quiet=True, program=PROGRAM, confine=None, status=0,
                 inject=()):
        self.quiet, self.status = quiet, status
        command = [program]
        if inject:
            command = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", *("--inject=" + what for what in inject), program]
            options = ("--sandbox=off",) + options
        self.stats_path = os.path.join(FOLDER, "stats.%d" % time.monotonic_ns())
        uris = [uri] if isinstance(uri, str) else uri
        if mode == "prefork":  # more of them show no more, and cost: those with a sanitizer look for leaks when they end
            options = ("--workers=24",) + options
        reader, writer = os.pipe()
        self.process = subprocess.Popen(
            [*command, "--mode=" + mode, "--ready-fd=%d" % writer, "--stats=" + self.stats_path, *options]
            + ["--listen=" + u for u in uris], pass_fds=[writer], stderr=subprocess.PIPE, preexec_fn=confine,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"} if inject else None)
        os.close(writer)
        text = b""
        with open(reader, "rb", buffering=0) as ready:
            while not (inject and text.count(b"\n") == len(uris)):  # strace holds it, too, and does not close it
                if not select.select([ready], [], [], DEADLINE)[0]:
                    self.process.kill()
                    raise AssertionError("not ready in time: " + self.process.communicate()[1].decode())
                piece = ready.read(4096)
                if not piece:
                    break
                text += piece
        self.uris = text.decode().split()
        assert len(self.uris) == len(uris), "ready lines %r, stderr %r" % (text, self.last_words())

    def last_words(self):
        """Of a server that is dying, or else is wrong enough to be killed."""
        try:
            return self.process.communicate(timeout=1)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.communicate()[1]

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
