#!/usr/bin/python3
"""Runs tsconform against every mode of the server, many at a time (they mostly wait), and writes one line a run:

    server_conform.py BIN KIND... > RESULTS          MODE KIND VERDICT: what was wrong

KIND is tcp, line (tcp with --framing=line), unix, udp or unixgram. VERDICT is conformant, or else what tsconform said, or what this saw. A
SHOULD that is broken is printed and not judged: busy polling costs processor time while idle, by nature.
"""
import concurrent.futures
import json
import os
import random
import socket
import subprocess
import sys
import tempfile

BIN, KINDS = sys.argv[1], sys.argv[2:]
SIDE_BY_SIDE = 6
GREW_OLD = set()  # kinds of which one server at least kept a conversation that grew old beside other cases


def free_port(kind):
    """A port that nobody has, below those that the kernel deals out to clients."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def judge(job):
    mode, kind, folder = job
    name = os.path.join(folder, "%s.%s" % (mode, kind))
    uri = {"tcp": lambda: "tcp://127.0.0.1:%d" % free_port(socket.SOCK_STREAM),
           "line": lambda: "tcp://127.0.0.1:%d" % free_port(socket.SOCK_STREAM),
           "udp": lambda: "udp://127.0.0.1:%d" % free_port(socket.SOCK_DGRAM),
           "unix": lambda: "unix:" + name, "unixgram": lambda: "unixgram:" + name}[kind]()
    framing = "line" if kind == "line" else "stream"
    command = "'%s/tsserver' --mode=%s --framing=%s --listen={uri}" % (BIN, mode, framing)
    # Start, stop, leaks, idle costs and crowds are judged once for each mode, on TCP.
    less = [] if kind == "tcp" else ["--skip=" + p for p in ("lifecycle.*", "end.many", "concurrency.no-cross-talk", "concurrency.many-open")]
    done = subprocess.run([os.path.join(BIN, "tsconform"), "--exec", command, "--json=" + name + ".json", *less, uri],
                          capture_output=True, check=False)
    try:
        with open(name + ".json", encoding="utf-8") as file:
            report = json.load(file)
    except (OSError, ValueError):
        return "%s %s no report: %s" % (mode, kind, done.stderr.decode(errors="replace").strip())
    wrong = ["%s %s (%s)" % (c["status"], c["id"], c["message"]) for c in report["cases"]
             if c["status"] in ("fail", "warn", "error")]
    n_passed = report["summary"]["pass"]
    verdict = report["verdict"] if n_passed >= 40 else "too few cases"
    if any(c["id"] == "stream.kept-long" and c["status"] == "pass" and "not tried" not in (c["message"] or "") for c in report["cases"]):
        GREW_OLD.add(kind)
    return "%s %s %s: %d passed; %s" % (mode, kind, verdict, n_passed, "; ".join(wrong)[:1000])


def main():
    modes = [m["name"] for m in json.loads(subprocess.run([os.path.join(BIN, "tsserver"), "--list-modes", "--json"],
                                                          capture_output=True, check=True).stdout)["modes"]
             if m["available"]]
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        lines = list(pool.map(judge, [(m, k, folder) for k in KINDS for m in modes]))
    for line in lines:
        kind = line.split()[1]
        # Fault caught: it was given up in every run, and stream.kept-long passed. On a busy machine it may be in some.
        grew = kind in GREW_OLD or kind in ("udp", "unixgram")
        print(line if grew else line.replace(" conformant: ", " no conversation grew old: "))


main()
