#!/usr/bin/python3
"""Do the test servers do what they say? Talks to each for a moment; prints what is wrong, one line each, and exits 1.

usage: check.py odd|wild|peers|faults|delay
A row whose needs are not there is left out, and named on standard error.
"""
import itertools
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

SERVERS = 'build/release/servers/'
TIMEOUT_S = 10
SEPARATORS = {'none': b'', 'space': b' ', '2-spaces': b'  ', '4-spaces': b'    ', 'tab': b'\t', 'colon-space': b': ',
              'space-dash-space': b' - '}
BINARY = bytes(b for b in range(256) if b not in b'[]\r\n')


def rows(path):
    with open(path) as file:
        table = [line.rstrip('\n').split('\t') for line in file if line[0] != '#']
    for row in table:
        if shutil.which(row[1]):
            yield row
        else:
            print('left out: %s needs %s' % (row[0], row[1]), file=sys.stderr)


class Server:
    """A running server: made from a command with {uri}, {port} or {path}; .uri is its ready line."""
    def __init__(self, command, transport='tcp'):
        self.folder, self.numbers = tempfile.TemporaryDirectory(), itertools.count()
        path = self.folder.name + '/socket'
        host = '[::1]' if transport.endswith('6') else '127.0.0.1'
        uri = '%s:%s' % (transport, path) if transport.startswith('unix') else '%s://%s:0' % (transport[:3], host)
        port = '0'
        if 'socat' in command or 'wild.sh' in command:  # these cannot tell which port they took
            with socket.create_server(('127.0.0.1', 0)) as free:
                port = str(free.getsockname()[1])
        command = command.replace('{uri}', uri).replace('{port}', port).replace('{path}', path)
        self.stream = transport in ('tcp', 'tcp6', 'unix')
        self.process = subprocess.Popen(command.split(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.uri = self.process.stdout.readline().decode().strip()
        if not self.uri:
            self.__exit__()
            raise OSError('no ready line')

    def connect(self):
        """A client's socket; tries again for two seconds, as socat's rows speak before they listen."""
        for _ in range(200):
            try:
                return self.connect_once()
            except ConnectionRefusedError:
                select.select([], [], [], 0.01)
        raise ConnectionRefusedError(self.uri)

    def connect_once(self):
        kind = socket.SOCK_STREAM if self.stream else socket.SOCK_DGRAM
        if self.uri.startswith('unix'):
            client, address = socket.socket(socket.AF_UNIX, kind), self.uri.split(':', 1)[1]
            if not self.stream:  # a path, for some servers can answer no other name
                client.bind('%s/client.%d' % (self.folder.name, next(self.numbers)))
        else:
            host, port = self.uri.split('//')[1].rsplit(':', 1)
            client, address = socket.socket(socket.AF_INET6 if '[' in host else socket.AF_INET, kind), (host.strip('[]'), int(port))
        client.settimeout(TIMEOUT_S)
        try:
            client.connect(address)
        except OSError:
            client.close()
            raise
        return client

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


def unanswered(out, data, separator):
    """How many bytes of data (without brackets) the output leaves unanswered; None: it is no legal answer."""
    while out:
        at = out.find(b']')
        if out[:1] != b'[' or at < 5 or out[at + 1:at + 1 + len(separator)] != separator:
            return None
        out = out[at + 1 + len(separator):]
        n = out.find(b'[') if b'[' in out else len(out)
        if not n or out[:n] != data[:n]:
            return None
        out, data = out[n:], data[n:]
    return len(data)


def ask(client, data, separator):
    """Send a message, read its reply; what is wrong, or ''."""
    client.sendall(data)
    out = b''
    while (left := unanswered(out, data, separator)) != 0:
        more = client.recv(65536)
        if not more or (left is None and len(out) > 4 * len(data) + 200):
            return 'answers %r to %r' % (out, data)
        out += more
    return ''


def converse(server, dialect):
    """A conversation within a dialect; what is wrong, or ''."""
    separator = SEPARATORS[dialect['separator']]
    line = dialect.get('framing') == 'line'
    client = server.connect()
    with client:
        ending = b'' if not line else b'\r\n' if dialect.get('ending') == 'crlf' else b'\n'
        messages = [b'hello' + ending, BINARY + ending]
        if dialect.get('session') == 'one-shot':
            messages = messages[1:]
        for data in messages:
            if wrong := ask(client, data, separator):
                return wrong
        if not server.stream:
            return ''
        try:
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # a one-shot server has already ended
        return 'sends more at the end' if client.recv(100) else ''


def check_odd(row):
    _, _, transport, command, dialect = row
    dialect = dict(point.split('=', 1) for point in dialect.split())
    with Server(command, transport) as server:
        return converse(server, dialect)


def check_peer(row):
    for transport in ('tcp', 'udp'):
        with Server(row[2], transport) as server:
            if wrong := converse(server, {'separator': 'none'}):
                return transport + ': ' + wrong
    return ''


def check_wild(row):
    """The good ones answer; the others speak, or at least listen."""
    _, _, transport, command, verdict, _ = row
    with Server(command, transport) as server:
        with server.connect() as client:
            client.sendall(b'hello\n')
            if verdict != 'conformant':
                return ''
            out = client.recv(65536)
            while not out.endswith(b'\n'):
                out += client.recv(65536)
            known = any(unanswered(out, b'hello\n', separator) == 0 for separator in (b'', b' ', b'\n'))
            return '' if known else 'answers %r' % out


def check_faults(requirements):
    """The table fits the requirements, and each fault's server starts, answers as a whole or not, and can be stopped."""
    listed = subprocess.run([SERVERS + 'faulty', '--list-faults'], capture_output=True, text=True, check=True).stdout
    table = [line.split('\t') for line in listed.splitlines()]
    wrong = [] if len(table) >= 75 else ['only %d faults' % len(table)]
    wrong += ['%s: named twice' % name for name in {row[0] for row in table if sum(r[0] == row[0] for r in table) > 1}]
    for name, kills, level, *_ in table:
        if requirements and requirements.get(kills) not in ('MUST', level.upper()):  # the case of a MUST may warn, too
            wrong.append('%s: %s is %s, not %s' % (name, kills, requirements.get(kills), level))
    for form in ('--form=thread', '--form=iterative', '--form=fork', '--framing=line', '--one-shot', '--time=rfc3339', '--space'):
        dialect = {'separator': 'space' if form == '--space' else 'none', 'framing': 'line' if 'line' in form else 'stream',
                   'session': 'one-shot' if 'one-shot' in form else 'lasting'}
        for transport in ('tcp', 'unix', 'udp', 'unixgram'):
            with Server(SERVERS + 'faulty --listen={uri} ' + form, transport) as server:
                said = converse(server, dialect)
            if said or server.process.returncode:
                wrong.append('none %s %s: %s, status %s' % (form, transport, said, server.process.returncode))
    return wrong


def requirements_read():
    """Levels by id, from the suite's own table."""
    path = 'conformance/requirements.def'
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return dict(re.findall(r'^REQUIREMENT\("([^"]+)",\s*(\w+)', file.read(), re.M))


def delay_totals(options, transport, n):
    """The totals of a delay server that got n messages in lock-step from one client; a message may stay unanswered."""
    with tempfile.TemporaryDirectory() as folder:
        path = folder + '/totals'
        with Server('%sdelay --listen={uri} --totals=%s %s' % (SERVERS, path, options), transport) as server:
            client = server.connect()
            client.settimeout(0.05 if 'lose' in options else TIMEOUT_S)
            for _ in range(n):
                client.sendall(b'hello')
                try:
                    client.recv(4096)
                except socket.timeout:
                    pass
            client.close()
        with open(path) as file:
            return {name: count for name, count in json.load(file).items() if count}


def check_delay():
    expected = [
        ('', 'tcp', 20, {'connections': 1, 'messages': 20, 'replies': 20}),
        ('--lose=1/10', 'udp', 20, {'connections': 1, 'messages': 20, 'replies': 18, 'lost': 2}),
        ('--corrupt=1/5 --bad-time=1/4 --truncate=3/20', 'udp', 20,
         {'connections': 1, 'messages': 20, 'replies': 10, 'corrupted': 4, 'bad_time': 4, 'truncated': 2}),
        ('--wrong-data=1/2', 'unix', 10, {'connections': 1, 'messages': 10, 'replies': 5, 'wrong_data': 5}),
    ]
    wrong = []
    for options, transport, n, totals in expected:
        got = delay_totals(options, transport, n)
        if got != totals:
            wrong.append('delay %s: %s, not %s' % (options, got, totals))
    return wrong


def check_rows(path, check, least):
    """Check each row, eight at a time."""
    table = list(rows(path))

    def run(row):
        try:
            said = check(row)
        except OSError as error:
            said = repr(error)
        return ['%s: %s' % (row[0], said)] if said else []
    with ThreadPoolExecutor(8) as pool:
        wrong = sum(pool.map(run, table), [])
    return wrong + ([] if len(table) >= least else ['only %d rows' % len(table)])


CHECKS = {
    'odd': lambda: check_rows('tests/servers/odd/odd.tsv', check_odd, 20),
    'wild': lambda: check_rows('tests/servers/wild/wild.tsv', check_wild, 25),
    'peers': lambda: check_rows('tests/servers/peers/peers.tsv', check_peer, 3),
    'faults': lambda: check_faults(requirements_read()),
    'delay': check_delay,
}

if __name__ == '__main__':
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        sys.exit('usage: check.py ' + '|'.join(CHECKS))
    found = CHECKS[sys.argv[1]]()
    print('\n'.join(found))
    sys.exit(1 if found else 0)
