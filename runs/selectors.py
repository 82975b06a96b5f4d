"""Reading runs: lists, single ones, the steps of an attempt, counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from runs.filters import RunFilters
from runs.models import Delivery, Run, Step, milliseconds_between
from workflows.errors import NotFoundError

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
    looked_at: int = 0
    """How many runs were looked at, where the page is not full and `older` goes on with the runs
    that were not. 0: the page is full, or nothing is left."""


def list_runs(
    filters: RunFilters,
    *,
    older_than: uuid.UUID | None = None,
    newer_than: uuid.UUID | None = None,
    size: int = PAGE_SIZE,
    with_data: bool = False,
) -> Page:
    """One keyset page in one query, two where it looks at a part of the runs only; one more for a
    text that might be an id. Without `with_data`, payload and output are left out."""
    runs = Run.objects.select_related("workflow", "version")
    runs = runs.only(*LIST_FIELDS, *(("payload", "output") if with_data else ()))
    if filters.run_id and Run.objects.filter(pk=filters.run_id).exists():
        found = filters.of_run(runs, filters.run_id)
        return keyset_page(found, older_than, newer_than, size)
    end = _end_of_window(filters, older_than, newer_than)
    goes_back = bool(older_than or not newer_than)
    wanted = filters.apply(runs)
    if end:
        wanted = wanted.filter(id__gte=end) if goes_back else wanted.filter(id__lte=end)
    page = keyset_page(wanted, older_than, newer_than, size)
    if not end or filters.window is None:
        return page
    if goes_back and not page.older:
        return replace(page, older=str(end), looked_at=filters.window)
    if not goes_back and not page.newer:
        return replace(page, newer=str(end))
    return page


def _end_of_window(
    filters: RunFilters, older_than: uuid.UUID | None, newer_than: uuid.UUID | None
) -> uuid.UUID | None:
    """The last run that a page looks at; None where it is the last one of all."""
    if filters.window is None:
        return None
    runs = filters.indexed(Run.objects.all())
    if newer_than and not older_than:
        runs = runs.filter(id__gt=newer_than).order_by("id")
    else:
        runs = (runs.filter(id__lt=older_than) if older_than else runs).order_by("-id")
    place = filters.window - 1
    return runs.values_list("id", flat=True)[place : place + 1].first()


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
