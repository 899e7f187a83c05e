#!/usr/bin/python3
"""A client as nc(1) is: input to the socket, socket to the output, side by side; half-closes at the end of the input.

usage: nc.py HOST PORT
"""
import os
import select
import socket
import sys

s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
sources = [0, s.fileno()]
while s.fileno() in sources:
    ready, _, _ = select.select(sources, [], [])
    if 0 in ready:
        data = os.read(0, 65536)
        if data:
            s.sendall(data)
        else:
            sources.remove(0)
            s.shutdown(socket.SHUT_WR)
    if s.fileno() in ready:
        data = s.recv(65536)
        if not data:
            break
        os.write(1, data)
