#!/usr/bin/python3
"""The chapter's TCP timestamp server, its listing kept, its strings written as bytes for Python 3.

usage: tsTserv.py [PORT]
"""
import sys
from socket import *
from time import ctime

HOST = '127.0.0.1'
PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 21567
BUFSIZ = 1024
ADDR = (HOST, PORT)

tcpSerSock = socket(AF_INET, SOCK_STREAM)
tcpSerSock.bind(ADDR)
tcpSerSock.listen(5)
print('tcp://%s:%d' % tcpSerSock.getsockname(), flush=True)

while True:
    tcpCliSock, addr = tcpSerSock.accept()
    while True:
        data = tcpCliSock.recv(BUFSIZ)
        if not data:
            break
        tcpCliSock.send(b'[%s] %s' % (ctime().encode(), data))
    tcpCliSock.close()
tcpSerSock.close()
