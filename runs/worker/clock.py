"""The clock of the database, which all hosts share."""

from __future__ import annotations

import time

from runs.store import leases

STEADY_SECONDS = 5.0
"""How long its distance to the monotonic clock of this host is trusted."""


class DatabaseClock:
    def __init__(self) -> None:
        self._read()

    def now(self) -> float:
        """Epoch seconds, without a query."""
        return time.monotonic() + self._ahead

    def keep_right(self) -> None:
        if time.monotonic() - self._read_at > STEADY_SECONDS:
            self._read()

    def _read(self) -> None:
        # On a busy machine the process may stand still within a reading: the quickest is right.
        _, self._ahead = min(_reading() for _ in range(3))
        self._read_at = time.monotonic()


def _reading() -> tuple[float, float]:
    """How long it took, and how far the database was ahead of this host in the middle of it."""
    before = time.monotonic()
    now = leases.now()
    took = time.monotonic() - before
    return took, now - before - took / 2
