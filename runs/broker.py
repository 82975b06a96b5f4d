"""The django-q2 broker: its ORM broker, which also keeps a work task alive on each worker slot.

Jobs are not q2 tasks. They are claimed from the database by the long-lived work tasks, of which
each slot runs one. q2's own tasks and schedules pass through as ever.
"""

from __future__ import annotations

import time
from typing import Any, TypeAlias

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf, logger
from django_q.signing import SignedPackage

from runs.worker.slots import SlotLock

WORK = "runs.tasks.work"

Message: TypeAlias = tuple[int | None, str]
"""(acknowledgement id, signed package)"""


class Broker(ORM):  # type: ignore[misc]
    HANDED_OUT_SECONDS = 2.0
    """A worker needs a moment from taking its work task to locking its slot."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._handed_out: dict[int, float] = {}

    def dequeue(self) -> list[Message] | None:
        """Work tasks for the slots that nobody holds, else what the queue in the database has."""
        if idle := [slot for slot in range(settings.WORKERS) if self._needs_work(slot)]:
            return [(None, work_task(slot)) for slot in idle]
        try:
            messages: list[Message] | None = super().dequeue()
        except DatabaseError:
            # Slots are handed out without the database, so this process stays alive.
            logger.exception("The task queue could not be read")
            time.sleep(Conf.POLL)
            return None
        return messages

    def _needs_work(self, slot: int) -> bool:
        if SlotLock.is_held(slot):
            return False
        now = time.monotonic()
        if now - self._handed_out.get(slot, -self.HANDED_OUT_SECONDS) < self.HANDED_OUT_SECONDS:
            return False
        self._handed_out[slot] = now
        return True


def work_task(slot: int) -> str:
    """A q2 task without time limit and without an acknowledgement. The id stays the same, so that
    a task that fails again and again leaves one failure in q2's list and not thousands."""
    package: dict[str, Any] = {
        "id": f"work-{slot}",
        "name": f"work on slot {slot}",
        "func": WORK,
        "args": (slot,),
        "kwargs": {},
        "timeout": -1,
        "save": False,
        "started": timezone.now(),
    }
    signed: str = SignedPackage.dumps(package)
    return signed
