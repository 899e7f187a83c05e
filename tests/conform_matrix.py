#!/usr/bin/python3
"""The proof of the suite: every fault is found, by the case that names it, and no correct server is blamed.

usage: conform_matrix.py [--jobs=N] [--full|--quick] [--only=PATTERN] faults|odd|wild|dialects...

Prints one line for each server and a total; exits 1 when a verdict is wrong. faults: one server with one fault each, judged by
the case that the fault's row names (--full: by all cases). odd: correct servers, judged by all cases (--quick: by those that
wait little, or by those of its text). wild: servers as they are found, each with its verdict and a word that the report must hold.
dialects: a correct server in many dialects, by all cases.
Run from the root of a built tree.
"""
import fnmatch
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

TSCONFORM = os.environ.get('TSCONFORM', 'build/bin/tsconform')
SERVERS = 'build/release/servers/'
TIMEOUT_S = 200


def table(path):
    with open(path) as file:
        return [line.rstrip('\n').split('\t') for line in file if line.strip() and line[0] != '#']


ports = iter(range(10000 + os.getpid() * 61 % 20000, 32000))  # below those that the kernel gives to others meanwhile


def free_port():
    for port in ports:
        try:
            with socket.create_server(('127.0.0.1', port)), socket.create_server(('::1', port), family=socket.AF_INET6):
                return port
        except OSError:
            continue


class Server:
    """A command with {uri}, {port} or {path}, started here or left to --exec; .uri is where it serves."""
    def __init__(self, command, transport, by_exec):
        self.folder = tempfile.mkdtemp()
        host = '[::1]' if transport.endswith('6') else '127.0.0.1'
        path = self.folder + '/socket'
        late = by_exec or 'socat' in command or 'wild.sh' in command  # it cannot say which port it took
        port = str(free_port()) if late else '0'
        uri = '%s:%s' % (transport, path) if transport.startswith('unix') else '%s://%s:%s' % (transport[:3], host, port)
        self.command = command.replace('{uri}', uri).replace('{port}', port).replace('{path}', path)
        self.process, self.uri = None, uri
        if by_exec:
            return
        self.process = subprocess.Popen(self.command.split(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        start_new_session=True)
        self.uri = self.process.stdout.readline().decode().strip() or uri
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def end(self):
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def judge(command, transport, options=(), by_exec=False):
    """Returns (exit status, JSON report or None, seconds)."""
    server = Server(command, transport, by_exec)
    report = server.folder + '/report.json'
    argv = [TSCONFORM, '--json=' + report] + list(options)
    if by_exec:
        argv += ['--exec', 'exec ' + server.command]
    begin = time.monotonic()
    try:
        done = subprocess.run(argv + [server.uri], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=TIMEOUT_S)
        status = done.returncode
        with open(report) as file:
            result = json.load(file)
    except subprocess.TimeoutExpired:
        status, result = 'timeout', None
    except OSError:
        result = None
    finally:
        seconds = time.monotonic() - begin
        server.end()
    return status, result, seconds


def by_status(report, wanted):
    return [c['id'] for c in report['cases'] if c['status'] in wanted] if report else []


def fault_rows():
    listed = subprocess.run([SERVERS + 'faulty', '--list-faults'], stdout=subprocess.PIPE, check=True, text=True).stdout
    for line in listed.splitlines():
        name, kills, level, transport, needs, flags, sentence = ['' if field == '-' else field for field in line.split('\t')]
        yield name, kills, level.upper(), transport, needs, flags, sentence


def try_fault(row, full):
    name, kills, level, transport, needs, flags, sentence = row
    options = [] if full is True else ['--only=' + kills]
    if 'words' in needs:
        options.append('--words')
    by_exec = 'exec' in needs or 'words' in needs
    command = ' '.join([SERVERS + 'faulty', '--fault=' + name, *flags.split(), '--listen={uri}'])
    status, report, seconds = judge(command, transport, options, by_exec)
    found = by_status(report, ('fail', 'warn'))
    right = kills in found and status == (1 if level == 'MUST' else 0)
    return right, 'fault', name, '%s by %s' % (level, kills), status, found, seconds


# What waits long, or takes much of a processor.
QUICK = ['--skip=' + p for p in ('time.*', 'stream.kept-*', 'stream.no-*', 'stream.huge', 'stream.slow-*', 'end.many',
                                 'concurrency.no-cross-talk', 'concurrency.many-open')]
QUICK_TEXT = ['--only=' + p for p in ('format.*', 'data.*', 'time.*')]  # of servers that are odd in their time's text alone


def try_odd(row, quick):
    name, needs, transport, command, dialect = row[:5]
    options = () if quick != 'quick' else QUICK_TEXT if name.startswith(('time-', 'zone-')) else QUICK
    status, report, seconds = judge(command, transport, options)
    found = by_status(report, ('fail',))
    said = report['dialect'] if report and report['dialect'] else {}
    names = {'none': '', 'space': ' ', 'tab': '\t', '2-spaces': '  ', '4-spaces': '    ', 'colon-space': ': ',
             'space-dash-space': ' - '}
    for pair in dialect.split():
        key, value = pair.split('=', 1)
        if said.get(key) is not None and not (key == 'framing' and said.get('framing') == 'datagram') and not (key in ('session', 'concurrency') and transport.startswith('u') and not transport == 'unix') and said.get(key) != names.get(value, value) and key != 'empty':
            found.append('%s=%r' % (key, said.get(key)))
    return status == 0 and not found, 'odd', name, 'conformant, ' + dialect, status, found, seconds


def try_wild(row, _):
    name, needs, transport, command, verdict, words = row
    status, report, seconds = judge(command, transport)
    found = by_status(report, ('fail',))
    text = json.dumps(report, ensure_ascii=False).lower() if report else ''
    right = status == (0 if verdict == 'conformant' else 1)
    if right and words != '-' and words.lower() not in text:
        right, found = False, ['the report does not say %r' % words] + found
    return right, 'wild', name, verdict, status, found, seconds


def dialects():
    """Rows like those of odd.tsv: the server without a fault, in each combination of the points it can vary."""
    faulty, streams, datagrams = SERVERS + 'faulty', ('tcp', 'unix'), ('udp', 'unixgram')
    pauses = (0, 5, 15, 40, 100, 220)
    points = [(transport, pause, *rest) for transport in streams for pause in pauses for rest in itertools.product(
        ('stream', 'line'), ('lasting', 'one-shot'), ('thread', 'fork', 'iterative'))]
    points += [(transport, pause, 'stream', 'lasting', 'thread') for transport in datagrams for pause in pauses]
    for i, (transport, pause, framing, session, form) in enumerate(points):
        text, space = ('ctime', 'rfc3339')[i % 2], i // 2 % 2
        command = '%s --listen={uri} --pause=%d --framing=%s --form=%s --time=%s%s%s' % (
            faulty, pause, framing, form, text, ' --one-shot' * (session == 'one-shot'), ' --space' * space)
        concurrency = 'iterative' if form == 'iterative' else 'concurrent'
        yield ('%s-%s-%s-%s-%d' % (transport, framing, session, form, pause), faulty, transport, command,
               'framing=%s session=%s concurrency=%s separator=%s' % (framing, session, concurrency, 'space' if space else 'none'))


def rows_of(kind):
    return {'faults': fault_rows, 'dialects': dialects}.get(kind, lambda: table('tests/servers/%s/%s.tsv' % (kind, kind)))()


def main():
    jobs, full, only, kinds = 6, False, '*', []
    for arg in sys.argv[1:]:
        if arg.startswith('--jobs='):
            jobs = int(arg[7:])
        elif arg == '--full':
            full = True
        elif arg == '--quick':
            full = 'quick'
        elif arg.startswith('--only='):
            only = arg[7:]
        else:
            kinds.append(arg)
    work = []
    for kind in kinds:
        function = {'faults': try_fault, 'odd': try_odd, 'dialects': try_odd, 'wild': try_wild}[kind]
        for row in rows_of(kind):
            if not fnmatch.fnmatch(row[0], only):
                continue
            if kind == 'faults' or shutil.which(row[1]) or os.path.exists(row[1]):
                work.append((function, row))
            else:
                print('left out: %s needs %s' % (row[0], row[1]))
    work.sort(key=lambda w: 'exec' not in w[1][4] + w[1][1])  # those that are started and stopped take longest: they begin
    n_wrong = 0
    with ThreadPoolExecutor(jobs) as pool:
        for right, kind, name, expected, status, found, seconds in pool.map(lambda w: w[0](w[1], full), work):
            n_wrong += not right
            print('%-5s %-5s %-28s %-44s exit %-4s %5.1f s  %s' % ('ok' if right else 'WRONG', kind, name, expected, status,
                                                                  seconds, ' '.join(found)[:160]), flush=True)
    print('%d servers, %d verdicts right, %d wrong' % (len(work), len(work) - n_wrong, n_wrong))
    return 1 if n_wrong or not work else 0


sys.exit(main())
