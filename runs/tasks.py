"""What django-q2 calls. A few lines each."""

from __future__ import annotations

from runs.slots import SlotLock
from runs.work import WorkLoop


def work(slot: int) -> None:
    """Execute runs until the process is told to stop. At most one process works on a slot."""
    lock = SlotLock(slot)
    if lock.acquire():
        WorkLoop(slot).run()
        lock.release()
