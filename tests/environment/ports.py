"""Ports of 127.0.0.1 for the servers that the tests start."""

import random
import socket
from contextlib import suppress

OWN_PORTS = range(10_000, 32_000)


def free_port() -> int:
    """Not one of those that the system gives to whoever asks for any: nobody takes it while the
    server that it is for is down."""
    for port in random.SystemRandom().sample(OWN_PORTS, 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("No port was free among a hundred on 127.0.0.1.")
