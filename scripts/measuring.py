"""What the measuring scripts in Python share: programs of the tree, servers, real-time priority, rounds, medians."""
import json
import os
import select
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TSSERVER, TSLOAD, TSREPORT = (os.path.join(ROOT, "build/bin", name) for name in ("tsserver", "tsload", "tsreport"))
PEERS = os.path.join(ROOT, "build/release/servers")
READY_S = 10
REAL_TIME = ["chrt", "--rr", "1"]


def urgently():
    """The words before a command that give it real-time priority, so that other work is not taken for its own; none where we may not."""
    return REAL_TIME if subprocess.run(REAL_TIME + ["true"], stderr=subprocess.DEVNULL, check=False).returncode == 0 else []


def pinned(cpu):
    """The words before a command that tie it to one processor."""
    return ["taskset", "-c", str(cpu)]


class Server:
    """A server that has said where it listens: on the descriptor {fd} of its command, else on standard output. It is stopped at
    the end of a `with`. RuntimeError when it does not start."""

    def __init__(self, command, before=()):
        reader, writer = os.pipe()
        by_fd = any("{fd}" in word for word in command)
        self.reader = reader
        try:
            self.process = subprocess.Popen([*before, *(word.replace("{fd}", str(writer)) for word in command)], cwd=ROOT,
                                            pass_fds=[writer] if by_fd else [], stdout=None if by_fd else writer,
                                            stderr=subprocess.DEVNULL)
        except FileNotFoundError as error:
            raise RuntimeError("%s (make all peers)" % error) from None
        finally:
            os.close(writer)
        self.uri = self._first_line(READY_S)
        if not self.uri:
            self.stop()
            raise RuntimeError("%s was not ready within %d s, or ended (make all peers)" % (command[0], READY_S))

    def _first_line(self, seconds):
        """Or nothing."""
        text = b""
        while b"\n" not in text:
            piece = os.read(self.reader, 4096) if select.select([self.reader], [], [], seconds)[0] else b""
            if not piece:
                return ""
            text += piece
        return text.decode().split("\n", maxsplit=1)[0].strip()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.reader)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def steal_s():
    """What the hypervisor has taken, over all processors."""
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


class Rounds:
    """Every row is measured once a round, in random order, so that drift of the machine falls out of ratios within a round."""

    def __init__(self, title, n_rounds, rng, names, measure, quiet=False):
        """measure(name): its figures, or None when that failed."""
        self.title, self.names, self.rounds = title, list(names), []
        begun, self.stolen_s = time.monotonic(), steal_s()
        for number in range(n_rounds):
            order = list(self.names)
            rng.shuffle(order)
            self.rounds.append({name: measure(name) for name in order})
            if not quiet:
                sys.stderr.write("\r%s: round %d of %d %s" % (title, number + 1, n_rounds, "\n" if number + 1 == n_rounds else ""))
                sys.stderr.flush()
        self.stolen_s = steal_s() - self.stolen_s
        self.stolen_part = self.stolen_s / (time.monotonic() - begun) / (os.cpu_count() or 1)

    def figures(self, name):
        """Those of one row, of the rounds in which it did not fail."""
        return [r[name] for r in self.rounds if r[name]]

    def heading(self):
        return "\n### %s: %d rounds, %.1f %% of the time stolen\n" % (self.title, len(self.rounds), 100 * self.stolen_part)


def spread(values):
    """Median and the half of the values around it."""
    if len(values) < 4:
        return "%.2f" % statistics.median(values) if values else "-"
    quarters = statistics.quantiles(sorted(values), n=4)
    return "%.2f (%.2f-%.2f)" % (quarters[1], quarters[0], quarters[2])


def middle(values, form=".2f"):
    """The median of what is known, in Python's format."""
    values = [v for v in values if v is not None]
    return format(statistics.median(values), form) if values else "-"


def save(path, data):
    """As JSON, whole or not at all."""
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
    os.replace(path + ".part", path)
