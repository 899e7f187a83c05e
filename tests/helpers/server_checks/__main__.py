"""Checks of the reference server: python3 server_checks BIN MODE CHECK

Each function named check_* of a file beside this starts its own servers, talks to them as a client would, and raises
AssertionError with a sentence when the server is wrong.
"""
import os
import sys

import clients
import conversations
import endpoints
import once
import shortage
import stop
from harness import FOLDER


def main():
    name = "check_" + sys.argv[3]
    try:
        next(getattr(part, name) for part in (conversations, clients, stop, endpoints, once, shortage) if hasattr(part, name))()
    finally:
        for left in os.listdir(FOLDER):
            os.remove(os.path.join(FOLDER, left))
        os.rmdir(FOLDER)


main()
