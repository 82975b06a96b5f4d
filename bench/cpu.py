"""What processes use of the machine's cores."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def share_of_a_core(pids: Callable[[], Iterable[int]], seconds: float) -> float:
    """Of all these processes together in the next `seconds`; 1 is a whole core. One that begins or
    ends meanwhile counts from its beginning, or not at all."""
    before, began = {pid: _seconds(pid) for pid in pids()}, time.monotonic()
    time.sleep(seconds)
    used = sum(max(0.0, _seconds(pid) - before.get(pid, 0.0)) for pid in pids())
    return used / (time.monotonic() - began)


def _seconds(pid: int) -> float:
    """proc(5): utime and stime are the fields 14 and 15; the name before may hold anything."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS
