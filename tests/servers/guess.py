#!/usr/bin/python3
"""A server that answers what it has not been sent yet: it knows how tsload's messages go on after their first bytes.

    guess.py SIZE

For each connection it reads 2,048 bytes of a message of SIZE bytes, makes the rest by itself (the filler comes round every 512
bytes), and sends the whole reply while most of the message is still on its way. Prints its endpoint once it listens.
"""
import select
import socket
import sys
import time

SIZE, HEAD, ID, ROUND = int(sys.argv[1]), 2048, 16, 512

with socket.create_server(("127.0.0.1", 0)) as listener:
    print("tcp://127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        with client:
            head = client.recv(HEAD, socket.MSG_WAITALL)
            if len(head) < HEAD:
                continue
            message = head[:ID] + (head[ID:ID + ROUND] * (SIZE // ROUND + 1))[:SIZE - ID - 1] + b"\n"
            try:
                client.sendall(b"[" + time.asctime().encode() + b"]" + message)
                seen_through = select.poll()
                seen_through.register(client, select.POLLRDHUP)
                seen_through.poll(10000)
            except OSError:
                pass
