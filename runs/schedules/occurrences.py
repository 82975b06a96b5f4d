"""Occurrences: a due time becomes a row, a run and a job, all in one transaction.

Of all times that have passed since the last look, at most the latest starts a run. It counts as
missed when it is more than a minute past: then the policy of the trigger decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from runs import queue
from runs.models import Occurrence, Run, Schedule
from runs.schedules.timetables import TRIGGER, Timetable, milliseconds, moment_of, timetables_of
from workflows.ids import uuid7
from workflows.node_type import Json
from workflows.schedule import DueTimes

MISSED_AFTER = timedelta(minutes=1)
"""Restarts and hiccups that are shorter make a run late, not missed."""
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class _Due:
    workflow_id: UUID
    version_id: int
    due_at: datetime
    run_id: UUID


def fire(now: datetime) -> int:
    """Start the runs of the schedules that are due, at most MOST_AT_ONCE; returns how many.

    1. take due schedules that nobody else has taken  2. a row for each due time, unless there is
    one  3. runs and jobs for the new rows  4. on to the next due times, in the same transaction
    """
    with transaction.atomic():
        taken = list(_due_schedules(now))
        valid = [row for row in taken if _is_in_force(row)]
        tables = timetables_of([(row.workflow_id, row.version_id) for row in valid])
        moved = [_advance(row, tables[row.workflow_id, row.version_id], now) for row in valid]
        due = [each for each in moved if each]
        started = _start(due, now)
        Schedule.objects.bulk_update(valid, ["next_at"])
        off = [row.pk for row in taken if not _is_on(row)]
        Schedule.objects.filter(pk__in=off).delete()
    return started


def latest_until(times: DueTimes, first: datetime, now: datetime) -> datetime:
    """The last due time that is not later than `now`; `first` is one of them. Due times are whole
    seconds. Halves the span, so months of missed minutes cost some thirty looks."""
    best, low, high = first, int(first.timestamp()), int(now.timestamp())
    while low < high:
        middle = (low + high) // 2
        due = times.next_after(moment_of(middle * 1000))
        if due <= now:
            best, low = due, int(due.timestamp())
        else:
            high = middle
    return best


def _due_schedules(now: datetime) -> Sequence[Schedule]:
    """In one order everywhere, so that two schedulers never wait for each other in a circle."""
    found = Schedule.objects.select_for_update(skip_locked=True, of=("self",))
    rows = found.filter(next_at__lte=milliseconds(now)).select_related("workflow")
    columns = ("is_active", "published", "activated_at")
    wanted = rows.only("version", "activated_at", "next_at", *(f"workflow__{c}" for c in columns))
    return sorted(wanted.order_by("next_at")[:MOST_AT_ONCE], key=lambda row: row.pk)


def _is_on(schedule: Schedule) -> bool:
    return schedule.workflow.is_active and schedule.workflow.published_id is not None


def _is_in_force(schedule: Schedule) -> bool:
    """Else the workflow is off, or it was changed at this moment and its row follows soon."""
    workflow = schedule.workflow
    told = (workflow.published_id, workflow.activated_at)
    return _is_on(schedule) and (schedule.version_id, schedule.activated_at) == told


def _advance(schedule: Schedule, timetable: Timetable | None, now: datetime) -> _Due | None:
    """Move the schedule on; returns the due time that starts a run, if one does."""
    if timetable is None or schedule.next_at is None:
        schedule.next_at = None
        return None
    latest = moment_of(schedule.next_at)
    following = timetable.next_after(latest)
    if following is not None and following <= now:
        latest = latest_until(timetable.times, following, now)
        following = timetable.next_after(latest)
    schedule.next_at = None if following is None else milliseconds(following)
    if _is_skipped(timetable, latest, now):
        return None
    return _Due(schedule.workflow_id, schedule.version_id, latest, uuid7())


def _is_skipped(timetable: Timetable, due: datetime, now: datetime) -> bool:
    return timetable.missed == "skip" and now - due > MISSED_AFTER


def _start(due: Sequence[_Due], now: datetime) -> int:
    """Of those whose due time has a row already, nothing is started."""
    if not due:
        return 0
    Occurrence.objects.bulk_create(
        [
            Occurrence(workflow_id=d.workflow_id, due_at=d.due_at, fired_at=now, run_id=d.run_id)
            for d in due
        ],
        ignore_conflicts=True,
    )
    ours = Occurrence.objects.filter(run__in=[d.run_id for d in due])
    landed = set(ours.values_list("run_id", flat=True))
    new = [d for d in due if d.run_id in landed]
    Run.objects.bulk_create(
        [
            Run(
                id=d.run_id,
                workflow_id=d.workflow_id,
                version_id=d.version_id,
                trigger_type=TRIGGER,
                payload=_payload(d.due_at, now),
                created_at=now,
            )
            for d in new
        ]
    )
    queue.insert_jobs([d.run_id.hex for d in new])
    transaction.on_commit(queue.wake)
    return len(new)


def _payload(due_at: datetime, now: datetime) -> Json:
    """Due times are whole seconds."""
    return {
        "scheduled_for": f"{due_at:%Y-%m-%dT%H:%M:%SZ}",
        "fired_at": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
