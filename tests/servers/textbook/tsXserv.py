#!/usr/bin/python3
"""The chapter's server over a UNIX socket: the TCP listing with another family and address.

usage: tsXserv.py PATH
"""
import os
import sys
from socket import *
from time import ctime

BUFSIZ = 1024
ADDR = sys.argv[1]

if os.path.exists(ADDR):
    os.unlink(ADDR)
unixSerSock = socket(AF_UNIX, SOCK_STREAM)
unixSerSock.bind(ADDR)
unixSerSock.listen(5)
print('unix:' + ADDR, flush=True)

while True:
    unixCliSock, addr = unixSerSock.accept()
    while True:
        data = unixCliSock.recv(BUFSIZ)
        if not data:
            break
        unixCliSock.send(b'[%s] %s' % (ctime().encode(), data))
    unixCliSock.close()
unixSerSock.close()
