"""Names to addresses, within a deadline. The system's resolver has no time limit that a caller
could set, so it works in a thread that is left behind when the time is over.
"""

from __future__ import annotations

import os
import socket
import threading


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, in the system's order of preference. Raises OSError."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


class Lookup:
    """One question under way; any number of callers wait for it."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.addresses: list[str] = []
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self.addresses = resolve(self.host, self.port)
        except (OSError, UnicodeError):
            self.addresses = []
        finally:
            _under_way.pop((self.host, self.port), None)
            self.done.set()


_under_way: dict[tuple[str, int], Lookup] = {}


def look_up(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a name, none when it has none. Raises TimeoutError.

    Callers that ask for the same name at the same time share one question, so a name server that
    hangs costs one thread a name and not one a call.
    """
    fresh = Lookup(host, port)
    lookup = _under_way.setdefault((host, port), fresh)
    if lookup is fresh:
        try:
            threading.Thread(target=fresh.run, name="http-lookup", daemon=True).start()
        except RuntimeError:
            _under_way.pop((host, port), None)
            raise
    if not lookup.done.wait(seconds):
        raise TimeoutError
    return lookup.addresses


os.register_at_fork(after_in_child=_under_way.clear)
