#!/usr/bin/python3
"""A server that says too much: fifty lines for whatever one receive call brought. Prints its endpoint once it listens."""
import socket
import threading


def talk(client):
    try:
        while client.recv(1000):
            client.sendall(b"[x]a\n" * 50)
    except OSError:
        pass


with socket.create_server(("127.0.0.1", 0)) as listener:
    print("tcp://127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()
