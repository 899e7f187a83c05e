#!/usr/bin/python3
"""Copies its input to the server, and what comes to its output, as nc does: that the server has closed it finds out by writing.

usage: copy.py HOST PORT
"""
import socket
import sys
import threading

server = socket.create_connection((sys.argv[1], int(sys.argv[2])))


def show():
    while data := server.recv(65536):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


reader = threading.Thread(target=show)
reader.start()
try:
    while line := sys.stdin.buffer.readline():
        server.sendall(line)
except OSError as error:
    sys.exit(str(error))
server.shutdown(socket.SHUT_WR)
reader.join()
