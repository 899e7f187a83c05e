#!/usr/bin/python3
"""The chapter's datagram server over a UNIX socket: the UDP listing with another family and address.

usage: tsXUserv.py PATH
"""
import os
import sys
from socket import *
from time import ctime

BUFSIZ = 1024
ADDR = sys.argv[1]

if os.path.exists(ADDR):
    os.unlink(ADDR)
unixSerSock = socket(AF_UNIX, SOCK_DGRAM)
unixSerSock.bind(ADDR)
print('unixgram:' + ADDR, flush=True)

while True:
    data, addr = unixSerSock.recvfrom(BUFSIZ)
    if addr:
        unixSerSock.sendto(b'[%s] %s' % (ctime().encode(), data), addr)
unixSerSock.close()
