"""What the dashboard tells about the last day, and about what comes next."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from runs.figures import first_id_at
from runs.models import Run, Schedule, milliseconds_between
from runs.schedules.timetables import moment_of
from workflows.models import Workflow

SAMPLE = 2_000
"""Newest runs that are looked at, of the completed and of the failed ones."""
SHOWN = 5
SCHEDULES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class SlowWorkflow:
    workflow: uuid.UUID
    name: str
    median_ms: float
    slowest_ms: float
    runs: int


@dataclass(frozen=True, slots=True)
class FailingWorkflow:
    workflow: uuid.UUID
    name: str
    failed: int
    last: str
    """The message of the newest failure."""


@dataclass(frozen=True, slots=True)
class Day:
    """`is_sample`: there were more runs than were looked at."""

    slowest: Sequence[SlowWorkflow]
    failing: Sequence[FailingWorkflow]
    median_ms: float | None
    is_sample: bool


def read_day(since: datetime) -> Day:
    """Three queries, whatever there is."""
    durations = _durations(since)
    newest = _newest(Run.Status.FAILED, since)
    failed: list[tuple[uuid.UUID, Any]] = list(newest.values_list("workflow_id", "error")[:SAMPLE])
    counted = Counter(workflow for workflow, _ in failed).most_common(SHOWN)
    messages: dict[uuid.UUID, str] = {}
    for workflow, error in failed:
        messages.setdefault(workflow, str((error or {}).get("message", "")))
    medians = {workflow: _median(each) for workflow, each in durations.items()}
    slow = sorted(medians, key=medians.__getitem__, reverse=True)[:SHOWN]
    names = _names({*slow, *(workflow for workflow, _ in counted)})
    everything = [length for each in durations.values() for length in each]
    return Day(
        slowest=[
            SlowWorkflow(w, names[w], medians[w], max(durations[w]), len(durations[w]))
            for w in slow
        ],
        failing=[FailingWorkflow(w, names[w], number, messages[w]) for w, number in counted],
        median_ms=_median(everything) if everything else None,
        is_sample=max(len(everything), len(failed)) >= SAMPLE,
    )


def _durations(since: datetime) -> Mapping[uuid.UUID, list[float]]:
    found: dict[uuid.UUID, list[float]] = defaultdict(list)
    began = Coalesce("attempt_started_at", "started_at")
    rows = _newest(Run.Status.COMPLETED, since).values_list("workflow_id", began, "finished_at")
    for workflow, start, end in rows[:SAMPLE]:
        length = milliseconds_between(start, end)
        if length is not None:
            found[workflow].append(length)
    return found


def _newest(status: Run.Status, since: datetime) -> QuerySet[Run]:
    return Run.objects.filter(status=status, id__gte=first_id_at(since)).order_by("-id")


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _names(workflows: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    return dict(Workflow.objects.filter(pk__in=workflows).values_list("pk", "name"))


@dataclass(frozen=True, slots=True)
class NextTime:
    workflow: uuid.UUID
    name: str
    at: datetime


def next_schedules() -> list[NextTime]:
    """The next due times of active workflows. One query."""
    rows = (
        Schedule.objects.filter(
            next_at__isnull=False, workflow__is_active=True, workflow__archived_at=None
        )
        .order_by("next_at")
        .values_list("workflow_id", "workflow__name", "next_at")[:SCHEDULES_SHOWN]
    )
    return [NextTime(workflow, name, moment_of(at)) for workflow, name, at in rows if at]
