#!/usr/bin/python3
"""A timestamp server as most people write it in Python: one thread for each client, blocking sockets.

usage: threading_server.py URI    tcp://HOST:PORT or udp://HOST:PORT; prints the URI with its real port when ready
"""
import socket
import sys
import threading
from time import ctime
from urllib.parse import urlsplit


def reply(data):
    return b'[%s]%s' % (ctime().encode(), data)


def converse(client):
    with client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while data := client.recv(65536):
                client.sendall(reply(data))
        except ConnectionError:
            pass


def serve_tcp(address):
    with socket.create_server(address, backlog=4096) as listener:
        print('tcp://%s:%d' % listener.getsockname(), flush=True)
        while True:
            client, _ = listener.accept()
            threading.Thread(target=converse, args=(client,), daemon=True).start()


def serve_udp(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(address)
        print('udp://%s:%d' % server.getsockname(), flush=True)
        while True:
            data, client = server.recvfrom(65536)
            server.sendto(reply(data), client)


uri = urlsplit(sys.argv[1] if len(sys.argv) > 1 else 'tcp://127.0.0.1:0')
(serve_udp if uri.scheme == 'udp' else serve_tcp)((uri.hostname, uri.port))
