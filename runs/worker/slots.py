"""A file lock for each worker slot: who gets it knows that its predecessor is dead."""

from __future__ import annotations

import fcntl
import time
from io import FileIO
from pathlib import Path

from django.conf import settings


class SlotLock:
    """Held by the worker process of a slot. The kernel releases it when that process dies, by
    whatever cause, and not before."""

    PROBE_SECONDS = 0.1
    """A probe holds its shared lock for microseconds; acquire() waits that long for it."""

    def __init__(self, slot: int) -> None:
        self._path = _path(slot)
        self._file: FileIO | None = None

    def acquire(self) -> bool:
        """False: a live process holds it."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = FileIO(self._path, "a")
        deadline = time.monotonic() + self.PROBE_SECONDS
        while not _flock(file, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                file.close()
                return False
            time.sleep(0.002)
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @staticmethod
    def is_held(slot: int) -> bool:
        """Probes with a shared lock of its own: never blocks, never makes an acquire() fail."""
        try:
            file = FileIO(_path(slot), "r")
        except FileNotFoundError:
            return False
        with file:
            return not _flock(file, fcntl.LOCK_SH)


def _path(slot: int) -> Path:
    folder: Path = settings.DATA_DIR / "slots"
    return folder / f"slot-{slot}.lock"


def _flock(file: FileIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
