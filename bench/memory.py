"""What an installation weighs: PSS, so that memory shared by forks counts once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

KIB_PER_MIB = 1024


def pss_mib(pids: Iterable[int]) -> float:
    """Of all these processes together; one that has just ended counts nothing."""
    return sum(map(_pss_kib, pids)) / KIB_PER_MIB


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
