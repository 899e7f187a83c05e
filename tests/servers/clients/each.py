#!/usr/bin/python3
"""The chapter's client of a one-shot server: a connection for each line.

usage: each.py HOST PORT
"""
import socket
import sys

for line in sys.stdin:
    if not line.strip():
        break
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as server:
        server.sendall(line.encode())
        print(server.recv(1024).decode().strip(), flush=True)
