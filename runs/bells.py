"""The worker's end of a wake-up call (see runs.queue): something to select on, and to drain."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Protocol

import psycopg
from django.db import connection

from runs.queue import CHANNEL, wake_address


class Bell(Protocol):
    def fileno(self) -> int: ...
    def drain(self) -> None: ...
    def close(self) -> None: ...


class DatagramBell:
    """Rung by processes of this machine."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        if not address.startswith("\0"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(address)
        self._socket.bind(address)

    def fileno(self) -> int:
        return self._socket.fileno()

    def drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(16):
                pass

    def close(self) -> None:
        self._socket.close()


class ListenBell:
    """Rung by NOTIFY, from every machine. A connection of its own: it must not be in use."""

    def __init__(self) -> None:
        parameters = connection.get_connection_params()
        for name in ("context", "cursor_factory", "prepare_threshold"):
            parameters.pop(name, None)
        self._connection = psycopg.connect(**parameters, autocommit=True)
        self._connection.execute(f"LISTEN {CHANNEL}")

    def fileno(self) -> int:
        return self._connection.fileno()

    def drain(self) -> None:
        for _ in self._connection.notifies(timeout=0):
            pass

    def close(self) -> None:
        self._connection.close()


def make_bell(slot: int) -> Bell:
    return ListenBell() if connection.vendor == "postgresql" else DatagramBell(wake_address(slot))
