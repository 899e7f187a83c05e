#!/usr/bin/python3
"""A TCP client that reads whole replies, line by line, with one fault at most.

usage: faulty.py [--fault=NAME] HOST PORT
"""
import os
import signal
import socket
import sys
import time

fault = sys.argv[1].partition('=')[2] if sys.argv[1].startswith('--fault=') else ''
host, port = sys.argv[-2], int(sys.argv[-1])
s = socket.create_connection((host, port))


def whole_reply():
    """The line comes back with its end: reads until LF."""
    reply = b''
    if fault == 'gives-up-early':
        s.settimeout(0.1)
    while not reply.endswith(b'\n'):
        part = s.recv(65536)
        if not part:
            if fault == 'loops-at-close':
                while True:
                    print(flush=True)
            if fault == 'hangs-at-close':
                time.sleep(60)
            return reply
        reply += part
        if fault == 'one-read':
            break
        if fault == 'dies-of-a-fragment' and not reply.endswith(b'\n'):
            os.kill(os.getpid(), signal.SIGSEGV)
    return reply


def show(reply):
    if fault == 'echoes-itself':
        reply = time.strftime('[%c] ').encode() + line
    if fault == 'drops-last-byte':
        reply = reply.rstrip(b'\n')[:-1] + b'\n'
    if fault == 'cuts-at-10':
        reply = reply[:10] + b'\n'
    if fault in ('cuts-at-1024', 'cuts-at-4096'):
        reply = reply[:int(fault[8:])] + b'\n'
    if fault == 'dies-of-no-data' and reply.endswith(b'] \n'):
        os.kill(os.getpid(), signal.SIGSEGV)
    if fault == 'data-only':
        reply = reply.partition(b'] ')[2]
    if fault == 'ctime-only' and not reply.startswith((b'[M', b'[T', b'[W', b'[F', b'[S', b'[t')):
        return
    if fault == 'one-space-only' and b']  ' in reply:
        return
    if fault == 'shows-nothing':
        return
    sys.stdout.buffer.write(reply)
    sys.stdout.flush()


if fault == 'calm-at-reset':
    sys.excepthook = lambda *error: os._exit(0)
if fault == 'greets':
    s.sendall(b'hello ')
n_lines = 0
while True:
    line = sys.stdin.buffer.readline()
    if not line and fault == 'hangs-at-end-of-input':
        time.sleep(60)
    if not line or line == b'\n':
        break
    n_lines += 1
    if n_lines > 1 and fault == 'one-line-only':
        break
    s.sendall(line.upper() if fault == 'upper-cases' else line)
    reply = whole_reply()
    if not reply:
        sys.exit('the server has closed')
    show(reply)
if fault == 'hangs':
    time.sleep(60)
if fault == 'status':
    sys.exit(3)
if fault == 'killed':
    os.kill(os.getpid(), signal.SIGABRT)
if fault == 'resets':
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\0\0\0\0\0\0\0')
s.close()
