"""At most one process moves runs to the archive, on all machines that share a database. Nothing
would get lost without it; two would only do the same work twice."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import FileIO

from django.conf import settings
from django.db import connection

from workflows.errors import ConflictError

# Any number that nobody else locks in this database.
ADVISORY_LOCK = 0x61726368
PATIENCE_SECONDS = 5.0
"""A killed process may hold its lock for a moment longer, until its database notices."""


class ArchiveBusyError(ConflictError):
    """Somebody else is moving runs."""

    code = "archive_busy"


@contextmanager
def archiving_alone() -> Iterator[None]:
    """Raises ArchiveBusyError. The lock of a killed process is gone."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with ExitStack() as held:
        while not _acquire(held):
            if time.monotonic() > deadline:
                raise ArchiveBusyError(
                    "Another process is moving runs to the archive now. Try again when it is done."
                )
            time.sleep(0.1)
        yield


def _acquire(held: ExitStack) -> bool:
    return _lock_database(held) if connection.vendor == "postgresql" else _lock_file(held)


def _lock_database(held: ExitStack) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        acquired = bool(cursor.fetchone()[0])
    if acquired:
        held.callback(_unlock_database)
    return acquired


def _unlock_database() -> None:
    """A connection that has broken holds no lock any more."""
    if connection.is_usable():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


def _lock_file(held: ExitStack) -> bool:
    file = FileIO(settings.DATA_DIR / "archive.lock", "a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    held.callback(file.close)
    return True
