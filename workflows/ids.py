"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562 section 5.7)."""

from __future__ import annotations

import hashlib
import os
import socket
import time
import uuid

from django.conf import settings


def uuid7() -> uuid.UUID:
    """48 bits of Unix milliseconds, 12 bits of their fraction (section 6.2, method 3), 62 random
    bits."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    bits = milliseconds << 80 | 0x7 << 76 | (rest << 12) // 1_000_000 << 64 | 0x2 << 62
    return uuid.UUID(int=bits | int.from_bytes(os.urandom(8), "big") >> 2)


def installation_id() -> str:
    """One for each data folder of each machine."""
    return hashlib.sha256(f"{socket.gethostname()}:{settings.DATA_DIR}".encode()).hexdigest()[:24]
