#!/usr/bin/python3
"""The chapter's UDP timestamp server, its listing kept, its strings written as bytes for Python 3.

usage: tsUserv.py [PORT]
"""
import sys
from socket import *
from time import ctime

HOST = '127.0.0.1'
PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 21567
BUFSIZ = 1024
ADDR = (HOST, PORT)

udpSerSock = socket(AF_INET, SOCK_DGRAM)
udpSerSock.bind(ADDR)
print('udp://%s:%d' % udpSerSock.getsockname(), flush=True)

while True:
    data, addr = udpSerSock.recvfrom(BUFSIZ)
    udpSerSock.sendto(b'[%s] %s' % (ctime().encode(), data), addr)
udpSerSock.close()
