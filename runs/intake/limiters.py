"""What a flood of requests may cost: accepted ones a second, rows for refused ones."""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from uuid import UUID

MOST_KNOWN = 10_000
ROWS_FOR_STRANGERS = 100
ROWS_FOR_KNOWN = 1000
"""Refused requests a minute that get a row of their own: of one sender who knows no address of a
workflow, and of one kind at one workflow."""


class TokenBucket:
    """Requests a second for each key; a burst of two seconds' worth passes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._levels: dict[Hashable, tuple[float, float]] = {}

    def wait_for(self, key: Hashable, rate: float) -> float:
        """0 when one more request may pass now, else the seconds after which it may."""
        most, now = max(1.0, rate * 2), monotonic()
        with self._lock:
            if len(self._levels) >= MOST_KNOWN:
                self._levels.clear()
            level, then = self._levels.get(key, (most, now))
            level = min(most, level + (now - then) * rate)
            passes = level >= 1
            self._levels[key] = (level - 1 if passes else level, now)
        return 0 if passes else (1 - level) / rate


@dataclass(slots=True)
class _Minute:
    began: float
    rows: int = 0
    last_row: UUID | None = None
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """The row in which requests without a row of their own are counted."""

    row: UUID
    hidden: int


class RefusedRows:
    """Keeps rows about refused requests from filling the disk.

    Of each kind a number of rows a minute is written; what comes beyond is counted in the last of
    them, at each power of two, so that counting costs little too.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._minutes: dict[Hashable, _Minute] = {}

    def place(self, row: UUID, kind: Hashable, most: int) -> UUID | Summary | None:
        """Where to note a request: in its own row, in a summary, or (None) not now."""
        now = monotonic()
        with self._lock:
            minute = self._minute_of(kind, now)
            if minute.rows < most or minute.last_row is None:
                minute.rows += 1
                minute.last_row = row
                return row
            minute.hidden += 1
            power_of_two = minute.hidden & (minute.hidden - 1) == 0
            return Summary(minute.last_row, minute.hidden) if power_of_two else None

    def _minute_of(self, kind: Hashable, now: float) -> _Minute:
        if len(self._minutes) >= MOST_KNOWN:
            self._minutes = {k: m for k, m in self._minutes.items() if now - m.began < 60}
            kind = kind if len(self._minutes) < MOST_KNOWN else "all others"
        minute = self._minutes.get(kind)
        if minute is None or now - minute.began >= 60:
            minute = self._minutes[kind] = _Minute(now)
        return minute


def network_of(address: str) -> str:
    """What one sender can be expected to own: an IPv4 address, 64 bits of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))
