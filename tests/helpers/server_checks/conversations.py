"""One conversation, on each transport."""
import os
import re
import socket
import time

from harness import (CTIME, FOLDER, Server, ask, datagram_silence, each_uri, exchange, law, letters, read_exactly,
                     read_to_end, stream_uris)


def check_streams():
    every_byte = bytes(b for b in range(256) if b not in b"[]") + b"[]["
    for uris in each_uri(stream_uris()):
        with Server(uri=uris) as server:
            for i in range(len(uris)):
                client = server.connect(i)
                for message in (b"abc", b"x", every_byte, letters(5000)):
                    ask(client, message)
                client.sendall(b"last")
                client.shutdown(socket.SHUT_WR)
                reply = read_to_end(client)
                assert reply.endswith(b"]last"), "the reply owed at half-close: %r" % reply
            stats = server.stop()
            assert stats["ended"]["client"] == len(uris) and stats["messages_count"] == 5 * len(uris), stats
    assert os.listdir(FOLDER) == [f for f in os.listdir(FOLDER) if f.startswith("stats")], "a UNIX path was left"


def check_datagrams():
    for uris in each_uri(["udp://127.0.0.1:0", "unixgram:" + FOLDER + "/gram"]):
        with Server(uri=uris) as server:
            for i in range(len(uris)):
                client = server.connect(i)
                for size in (1, 1000, 20000, 65000):
                    ask_datagram(client, letters(size))
                for n in range(8):
                    client.send(b"burst %d" % n)
                burst = sorted(client.recv(100)[-8:] for n in range(8))  # several workers: in any order
                assert burst == [b"]burst %d" % n for n in range(8)], burst
                datagram_silence(client, b"")
                other = server.connect(i)
                ask_datagram(other, b"interleaved")
            stats = server.stop()
            assert stats["datagrams_count"] == 14 * len(uris), stats
            assert stats["errors"] == {"datagram_empty": len(uris)}, stats
    assert not os.path.exists(FOLDER + "/gram"), "a UNIX path was left"


def ask_datagram(client, data):
    client.send(data)
    reply = client.recv(1 << 18)
    assert re.fullmatch(CTIME + re.escape(data), reply, re.DOTALL), "asked %d bytes, got %d" % (len(data), len(reply))


def check_abstract_names():
    name = "@ts-%d-%d" % (os.getpid(), time.monotonic_ns())
    for uri in ("unix:" + name, "unixgram:" + name):
        with Server(uri=uri) as server:
            (ask if uri.startswith("unix:") else ask_datagram)(server.connect(), b"abstract")


def check_lines():
    with Server("--framing=line") as server:
        client = server.connect()
        ask(client, b"one\n")
        ask(client, b"two\r\n")
        for byte in b"chopped":
            client.sendall(bytes([byte]))
        ask_tail = b"\n"
        client.sendall(ask_tail)
        assert re.fullmatch(CTIME + b"chopped\n", read_exactly(client, 34)), "a chopped line"
        client.sendall(b"a\nbb\r\nccc\n\nnot answered\n")
        client.sendall(b"nor this\n" * 1000)
        reply = read_to_end(client)
        assert re.fullmatch(CTIME + b"a\n" + CTIME + b"bb\r\n" + CTIME + b"ccc\n", reply), "empty line: %r" % reply
        client.close()
        client = server.connect()
        client.sendall(b"whole\nunfinished")
        client.shutdown(socket.SHUT_WR)
        assert re.fullmatch(CTIME + b"whole\n" + CTIME + b"unfinished", read_to_end(client)), "unfinished last line"
        stats = server.stop()
        assert stats["ended"]["empty_line"] == 1 and stats["ended"]["client"] == 1, stats["ended"]
        assert stats["messages_count"] == 8, stats


def check_max_line():
    with Server("--framing=line", "--max-line=4096") as server:
        client = server.connect()
        ask(client, letters(4095) + b"\n")
        client.sendall(b"before\n" + letters(5000))
        assert re.fullmatch(CTIME + b"before\n", read_to_end(client)), "what came before the long line is owed"
        client.close()
        ask(server.connect(), b"next\n")
        assert server.stop()["ended"]["limit"] == 1


def check_large():
    data = letters(6 << 20)
    for framing, body in (("stream", data), ("line", (letters(999) + b"\n") * 3000)):
        with Server("--framing=" + framing) as server:
            reply = exchange(server.connect(), body)
            law(body, reply)
            if framing == "line":
                assert len(re.findall(CTIME, reply)) == 3000, "one stamp for each line"


def check_small_buffer():
    with Server("--buffer=7") as server:
        client = server.connect()
        data = letters(700)
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        reply = read_to_end(client)
        law(data, reply)
        assert len(re.findall(CTIME, reply)) >= 100, "no chunk is longer than the buffer"
