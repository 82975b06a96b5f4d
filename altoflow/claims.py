"""What an instance claims before it starts anything: its data folder and its port.

A second start then ends with a sentence, and never leaves a second cluster running.
"""

from __future__ import annotations

import errno
import fcntl
import socket
import struct
import time
from io import FileIO
from pathlib import Path

# Right after a kill -9 the processes of the one before may need a moment to die.
PATIENCE_SECONDS = 1.5
BACKLOG = 1024
# A client that stops reading its response frees the thread that writes it.
STALLED_CLIENT_SECONDS = 20


class ClaimError(Exception):
    """Somebody else has it; the text says who, and what to do."""


def claim_file(path: Path, what: str) -> FileIO:
    """Lock `path` for this process and all that are forked from it, until the last of them ends."""
    file = FileIO(path, "a+")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                raise ClaimError(
                    f"The {what} of this data folder runs already ({path} is locked). "
                    "Stop it first, or give this one a folder of its own: ALTOFLOW_DATA_DIR."
                ) from None
            time.sleep(0.05)


def claim_address(bind: str) -> socket.socket:
    """A listening socket on `host:port`. It outlives a crash of the web process, so that requests
    wait for the next one instead of being refused."""
    host, port = parse_address(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
            break
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise ClaimError(
                f"{bind} can not be listened on: {error.strerror}. "
                "Stop what uses it, or choose another address: --bind 127.0.0.1:8001."
            ) from None
    timeout = struct.pack("@ll", STALLED_CLIENT_SECONDS, 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)
    return listener


def parse_address(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 65536):
        raise ClaimError(f"{bind!r} is no address. Write host:port, like 127.0.0.1:8000.")
    return host.strip("[]"), int(port)
