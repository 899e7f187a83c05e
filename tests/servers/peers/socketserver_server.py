#!/usr/bin/python3
"""A timestamp server on the standard library's socketserver, with a thread for each client.

usage: socketserver_server.py URI    tcp://HOST:PORT or udp://HOST:PORT; prints the URI with its real port when ready
"""
import socketserver
import sys
from time import ctime
from urllib.parse import urlsplit


def reply(data):
    return b'[%s]%s' % (ctime().encode(), data)


class Stream(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while data := self.request.recv(65536):
                self.request.sendall(reply(data))
        except ConnectionError:
            pass


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, server = self.request
        server.sendto(reply(data), self.client_address)


class TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 4096


class UdpServer(socketserver.UDPServer):
    max_packet_size = 65536


uri = urlsplit(sys.argv[1] if len(sys.argv) > 1 else 'tcp://127.0.0.1:0')
kind, handler = (UdpServer, Datagram) if uri.scheme == 'udp' else (TcpServer, Stream)
with kind((uri.hostname, uri.port), handler) as server:
    print('%s://%s:%d' % (uri.scheme, *server.server_address), flush=True)
    server.serve_forever()
