"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562 section 5.7)."""

from __future__ import annotations

import hashlib
import os
import socket
import time
import uuid

from django.conf import settings


def uuid7() -> uuid.UUID:
    """48 bits of Unix milliseconds, 74 random bits."""
    bits = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 0x7 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=bits)


def installation_id() -> str:
    """One for each data folder of each machine."""
    return hashlib.sha256(f"{socket.gethostname()}:{settings.DATA_DIR}".encode()).hexdigest()[:24]
