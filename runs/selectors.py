"""Reading runs: lists, single ones, the steps of an attempt, counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from runs.filters import RunFilters
from runs.models import Delivery, Run, Step, milliseconds_between
from workflows.errors import NotFoundError
from workflows.models import Workflow

PAGE_SIZE = 50
LIST_FIELDS = (
    "id",
    "status",
    "attempt",
    "trigger_type",
    "error",
    "created_at",
    "started_at",
    "attempt_started_at",
    "finished_at",
    "parent_run",
    "workflow__id",
    "workflow__name",
    "version__id",
    "version__number",
)


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `older` and `newer` are the ids to go on from; empty where nothing follows."""

    rows: Sequence[Any]
    older: str = ""
    newer: str = ""


def list_runs(
    filters: RunFilters,
    *,
    older_than: uuid.UUID | None = None,
    newer_than: uuid.UUID | None = None,
    size: int = PAGE_SIZE,
    with_data: bool = False,
) -> Page:
    """One keyset page in one query. Without `with_data`, payload and output are left out."""
    runs = Run.objects.select_related("workflow", "version")
    fields = (*LIST_FIELDS, "payload", "output") if with_data else LIST_FIELDS
    return keyset_page(filters.apply(runs.only(*fields)), older_than, newer_than, size)


def list_deliveries(
    *,
    verdicts: Iterable[str] = (),
    workflow: uuid.UUID | None = None,
    older_than: uuid.UUID | None = None,
    newer_than: uuid.UUID | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    rows = Delivery.objects.select_related("workflow").defer(
        "workflow__draft", "workflow__settings"
    )
    if verdicts := tuple(verdicts):
        rows = rows.filter(verdict__in=verdicts)
    if workflow:
        rows = rows.filter(workflow=workflow)
    return keyset_page(rows, older_than, newer_than, size)


def keyset_page(
    rows: QuerySet[Any], older_than: uuid.UUID | None, newer_than: uuid.UUID | None, size: int
) -> Page:
    """A page of rows whose ids sort by time. One row more than asked for says what follows."""
    if newer_than and not older_than:
        found = list(rows.filter(id__gt=newer_than).order_by("id")[: size + 1])
        shown = found[:size][::-1]
        more_newer, more_older = len(found) > size, True
    else:
        rows = rows.filter(id__lt=older_than) if older_than else rows
        found = list(rows.order_by("-id")[: size + 1])
        shown = found[:size]
        more_newer, more_older = bool(older_than), len(found) > size
    if not shown:
        return Page([])
    return Page(
        shown,
        older=str(shown[-1].id) if more_older else "",
        newer=str(shown[0].id) if more_newer else "",
    )


def get_run(run_id: uuid.UUID) -> Run:
    """With its workflow and version. Raises NotFoundError."""
    run = (
        Run.objects.select_related("workflow", "version")
        .defer("workflow__draft")
        .filter(pk=run_id)
        .first()
    )
    if run is None:
        raise NotFoundError("There is no such run. It may have been archived.")
    return run


def steps_of_attempt(run: Run, attempt: int) -> QuerySet[Step]:
    """The steps as they stood in that attempt: reused ones of earlier attempts and its own."""
    return Step.objects.filter(
        Q(superseded_by=None) | Q(superseded_by__gt=attempt), run=run, attempt__lte=attempt
    )


def get_step(run: Run, step_id: int) -> Step:
    """Raises NotFoundError."""
    step = Step.objects.filter(run=run, pk=step_id).first()
    if step is None:
        raise NotFoundError("There is no such step in this run.")
    return step


@dataclass(frozen=True, slots=True)
class Attempt:
    number: int
    status: str
    executed: int
    """Steps that this attempt executed itself."""
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def duration_ms(self) -> float | None:
        return milliseconds_between(self.started_at, self.finished_at)


def list_attempts(run: Run) -> list[Attempt]:
    """Oldest first; the last one is how the run stands now. An attempt that was followed by another
    had failed, or else was cancelled."""
    if run.attempt == 1:
        began = run.attempt_started_at or run.started_at
        return [Attempt(1, run.status, 0, began, run.finished_at)]
    counted = {
        row["attempt"]: row
        for row in Step.objects.filter(run=run)
        .values("attempt")
        .annotate(
            executed=Count("id"),
            failed=Count("id", filter=Q(status=Step.Status.FAILED)),
            first=Min("started_at"),
            last=Max("finished_at"),
        )
        .order_by("attempt")
    }
    return attempts_from(run, counted)


def attempts_from(run: Run, counted: Mapping[int, Mapping[str, Any]]) -> list[Attempt]:
    """`counted`: for each attempt, of the steps that it executed `executed` and `failed` (how many)
    and `first` and `last` (when)."""
    return [_attempt(run, number, counted.get(number, {})) for number in range(1, run.attempt + 1)]


def _attempt(run: Run, number: int, row: Mapping[str, Any]) -> Attempt:
    executed = row.get("executed", 0)
    if number == run.attempt:
        began = run.attempt_started_at or row.get("first")
        return Attempt(number, run.status, executed, began, run.finished_at)
    status = Run.Status.FAILED if row.get("failed") else Run.Status.CANCELLED
    return Attempt(number, status, executed, row.get("first"), row.get("last"))


def first_id_at(moment: datetime) -> uuid.UUID:
    """The smallest id that a row made at this moment can have: ids sort by time."""
    return uuid.UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


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
