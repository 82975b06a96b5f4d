"""Figures about runs: how many, how well, how long."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from runs.models import Run, milliseconds_between
from workflows.models import Workflow


def first_id_at(moment: datetime) -> uuid.UUID:
    """The smallest id that a row made at this moment can have: ids sort by time."""
    return uuid.UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


def moment_of_id(run_id: uuid.UUID) -> datetime:
    """When a row of this id was made."""
    return datetime.fromtimestamp((run_id.int >> 80) / 1000, UTC)


def count_by_status(*, since: datetime, workflow: uuid.UUID | None = None) -> dict[str, int]:
    """How many runs were made since then, by what they are now. Every status is there."""
    runs = Run.objects.filter(id__gte=first_id_at(since))
    if workflow:
        runs = runs.filter(workflow=workflow)
    counts = runs.order_by().values_list("status").annotate(number=Count("id"))
    return dict.fromkeys(Run.Status.values, 0) | dict(counts)


def count_unfinished() -> dict[str, int]:
    """Runs that are queued, running or waiting now, however old."""
    counts = (
        Run.objects.filter(status__in=Run.UNFINISHED)
        .order_by()
        .values_list("status")
        .annotate(number=Count("id"))
    )
    return dict.fromkeys(map(str, Run.UNFINISHED), 0) | dict(counts)


def success_rate(counts: Mapping[str, int]) -> float | None:
    """Completed runs of those that completed or failed, 0 to 1; None where there were none."""
    ended = counts["completed"] + counts["failed"]
    return counts["completed"] / ended if ended else None


@dataclass(frozen=True, slots=True)
class WorkflowActivity:
    last_run: Run | None
    recent: int


def workflow_activity(
    workflows: Sequence[uuid.UUID], *, since: datetime
) -> dict[uuid.UUID, WorkflowActivity]:
    """The last run of each workflow, and how many it had since then. Three queries."""
    newest = Run.objects.filter(workflow=OuterRef("pk")).order_by("-id").values("id")[:1]
    last_ids = dict(
        Workflow.objects.filter(id__in=workflows)
        .order_by()
        .values_list("id")
        .annotate(last=Subquery(newest))
    )
    runs = Run.objects.only("workflow_id", "status", "created_at", "started_at", "finished_at")
    last = {run.workflow_id: run for run in runs.filter(id__in=[i for i in last_ids.values() if i])}
    recent = dict(
        Run.objects.filter(workflow__in=workflows, id__gte=first_id_at(since))
        .order_by()
        .values_list("workflow")
        .annotate(number=Count("id"))
    )
    return {
        workflow: WorkflowActivity(last.get(workflow), recent.get(workflow, 0))
        for workflow in workflows
    }


def stats(*, hours: int = 24) -> dict[str, Any]:
    """Counts, success rate and durations of the runs of the last hours."""
    since = timezone.now() - timedelta(hours=hours)
    counts = count_by_status(since=since)
    return {
        "hours": hours,
        "total": sum(counts.values()),
        "by_status": counts,
        "now": count_unfinished(),
        "success_rate": success_rate(counts),
        "duration_ms": _durations(since),
    }


def _durations(since: datetime) -> dict[str, float | None]:
    """Of the newest 1,000 completed runs since then."""
    times = (
        Run.objects.filter(id__gte=first_id_at(since), status=Run.Status.COMPLETED)
        .order_by("-id")
        .values_list(Coalesce("attempt_started_at", "started_at"), "finished_at")[:1000]
    )
    found = sorted(
        duration
        for start, end in times
        if (duration := milliseconds_between(start, end)) is not None
    )
    if not found:
        return {"average": None, "p50": None, "p95": None, "max": None}
    return {
        "average": round(sum(found) / len(found), 3),
        "p50": found[len(found) // 2],
        "p95": found[min(int(len(found) * 0.95), len(found) - 1)],
        "max": found[-1],
    }
