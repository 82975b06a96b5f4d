"""What django-q2 calls. A few lines each."""

from __future__ import annotations

import logging
import os
from contextlib import suppress

from runs.archive.archiving import archive_runs
from runs.archive.lock import ArchiveBusyError
from runs.periodic import go_on_archiving
from runs.worker.slots import SlotLock
from runs.worker.work_loop import WorkLoop

logger = logging.getLogger("altoflow.work")

ARCHIVE_SECONDS = 60.0
"""Of one task; q2 ends tasks that take too long, and has others to do."""


def work(slot: int) -> None:
    """Execute runs until the process is told to stop. At most one process works on a slot.

    Crash-only: whatever goes wrong ends the process, so that its lock is free and the next one
    goes on from the last checkpoint. So does a process whose threads hang for ever.
    """
    lock = SlotLock(slot)
    if not lock.acquire():
        return
    try:
        loop = WorkLoop(slot)
        loop.run()
    except BaseException:
        logger.exception("The worker of slot %s ends; another one takes its place", slot)
        os._exit(1)
    if not loop.was_told_to_stop:
        os._exit(0)
    lock.release()


def archive_old_runs() -> None:
    """Once a day, and again and again until all old runs are archived."""
    with suppress(ArchiveBusyError):
        if not archive_runs(seconds=ARCHIVE_SECONDS).is_done:
            go_on_archiving()
