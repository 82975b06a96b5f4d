"""The scheduler, which has no process of its own: each work loop asks it between its turns.

A row of `Schedule` holds the next due time of each active workflow. It follows the workflow by
comparison, not by signals: once a second one query looks for active workflows whose published
version or time of activation is not that of their row. So it does not matter which process changed
them, or if any worker was alive then. Switching off needs no reconciling: before a run is started,
the workflow is looked at in the same transaction.

Times count from the moment of publishing or activating, whichever is later. An edit that leaves the
trigger as it was keeps the next due time, also one that has passed already. All times are those of
the clock of the database, in seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from runs.models import Schedule
from runs.schedules import occurrences
from runs.schedules.timetables import Timetable, milliseconds, moment_of, timetables_of
from runs.triggers import VersionKey
from workflows.models import Version, Workflow

POLL_SECONDS = 1.0
RETRY_SECONDS = 0.02
"""Until the next look when something is left: more than fits into one look, or others took it."""
MOST_FOLLOWED = 100


class Scheduler:
    """One for each work loop; between two looks it costs a comparison."""

    def __init__(self) -> None:
        self._looked_at = self.next_look = 0.0
        """`next_look`: when the loop has to call `fire_due` at the latest."""

    def fire_due(self, now: float) -> int:
        """Start what is due; returns how many runs."""
        if self._looked_at <= now < self.next_look:
            return 0
        moment = moment_of(now * 1000)
        next_at, has_changes = _look()
        if has_changes:
            follow_workflows(moment)
            next_at, has_changes = _look()
        started = 0
        if next_at is not None and next_at <= now:
            started = occurrences.fire(moment)
            next_at, has_changes = _look()
        self._looked_at = now
        due = now if has_changes else next_at
        soonest = now + POLL_SECONDS if due is None else max(due, now + RETRY_SECONDS)
        self.next_look = min(now + POLL_SECONDS, soonest)
        return started


_CHANGED = (
    "FROM workflows_workflow w WHERE w.is_active AND w.published_id IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM runs_schedule s WHERE s.workflow_id = w.id "
    "AND s.version_id = w.published_id AND (s.activated_at = w.activated_at "
    "OR s.activated_at IS NULL AND w.activated_at IS NULL))"
)


def _look() -> tuple[float | None, bool]:
    """The next due time of all, and whether any workflow was changed: one query on two indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT min(next_at) FROM runs_schedule), EXISTS (SELECT 1 {_CHANGED})"
        )
        next_at, has_changes = cursor.fetchone()
    return None if next_at is None else next_at / 1000, bool(has_changes)


def follow_workflows(now: datetime) -> None:
    """Bring the rows of changed workflows up to date, at most MOST_FOLLOWED; those that somebody
    else is changing or following at this moment are left for the next look."""
    with transaction.atomic():
        rows = _rows_of_changed()
        kept = Schedule.objects.select_for_update().filter(pk__in=[row.pk for row in rows])
        old = {row.pk: row for row in kept.order_by("pk")}
        tables = timetables_of([_key(row) for row in [*rows, *old.values()]])
        versions = Version.objects.filter(pk__in=[row.version_id for row in rows])
        published_at = dict(versions.values_list("pk", "created_at"))
        for row in rows:
            before = old.get(row.pk)
            if before is not None and _goes_on(before, row, tables):
                row.next_at = before.next_at
            elif (timetable := tables[_key(row)]) is not None:
                row.next_at = _first_time(timetable, row, published_at[row.version_id], now)
        Schedule.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["workflow"],
            update_fields=["version", "activated_at", "next_at"],
        )


def _rows_of_changed() -> list[Schedule]:
    """Rows as they should be, without `next_at`. The workflows are locked, so that what is
    published stays so until the commit."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT w.id {_CHANGED} LIMIT {MOST_FOLLOWED}")
        pks = [row[0] for row in cursor.fetchall()]
    found = Workflow.objects.select_for_update(skip_locked=True, no_key=True)
    active = found.filter(pk__in=pks, is_active=True, published__isnull=False).order_by("pk")
    told = active.values_list("pk", "published", "activated_at")
    return [Schedule(workflow_id=w, version_id=v, activated_at=a) for w, v, a in told]


def _key(row: Schedule) -> VersionKey:
    return row.workflow_id, row.version_id


def _goes_on(old: Schedule, new: Schedule, tables: Mapping[VersionKey, Timetable | None]) -> bool:
    """Whether the due times stay: the same activation, and a trigger that was not changed."""
    same = old.activated_at == new.activated_at and tables[_key(old)] == tables[_key(new)]
    return same and old.next_at is not None


def _first_time(
    timetable: Timetable, row: Schedule, published_at: datetime, now: datetime
) -> int | None:
    since = max(published_at, row.activated_at or published_at)
    due = timetable.next_after(min(since, now))
    return None if due is None else milliseconds(due)
