#!/usr/bin/python3
"""A timestamp server on asyncio's protocols and transports.

usage: asyncio_server.py URI    tcp://HOST:PORT or udp://HOST:PORT; prints the URI with its real port when ready
"""
import asyncio
import sys
from time import ctime
from urllib.parse import urlsplit


def reply(data):
    return b'[%s]%s' % (ctime().encode(), data)


class Stream(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(reply(data))

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class Datagram(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(reply(data), address)


async def main(uri):
    loop = asyncio.get_running_loop()
    if uri.scheme == 'udp':
        transport, _ = await loop.create_datagram_endpoint(Datagram, (uri.hostname, uri.port))
        address = transport.get_extra_info('sockname')
    else:
        server = await loop.create_server(Stream, uri.hostname, uri.port, backlog=4096)
        address = server.sockets[0].getsockname()
    print('%s://%s:%d' % (uri.scheme, *address), flush=True)
    await asyncio.Event().wait()


asyncio.run(main(urlsplit(sys.argv[1] if len(sys.argv) > 1 else 'tcp://127.0.0.1:0')))
