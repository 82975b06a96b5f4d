"""Finding archived runs: by id, workflow, status, trigger and time, newest first."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from runs.filters import RunFilters
from runs.models import ArchivedRun
from runs.selectors import PAGE_SIZE, Page
from workflows.errors import NotFoundError


def find_archived(run_id: UUID) -> ArchivedRun | None:
    return ArchivedRun.objects.select_related("file").filter(pk=run_id).first()


def get_archived(run_id: UUID) -> ArchivedRun:
    """Raises NotFoundError."""
    entry = find_archived(run_id)
    if entry is None:
        raise NotFoundError(f"There is no run {run_id} in the archive.")
    return entry


def list_archived(
    filters: RunFilters,
    *,
    older_than: UUID | None = None,
    newer_than: UUID | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """One keyset page. The cursors are ids of runs in the index; an unknown one is left out."""
    rows = _matching(filters)
    if newer_than and not older_than and (start := find_archived(newer_than)):
        found = list(_after(rows, start).order_by("created_at", "id")[: size + 1])
        shown = found[:size][::-1]
        more_newer, more_older = len(found) > size, True
    else:
        start = find_archived(older_than) if older_than else None
        rows = _before(rows, start) if start else rows
        found = list(rows.order_by("-created_at", "-id")[: size + 1])
        shown = found[:size]
        more_newer, more_older = start is not None, len(found) > size
    if not shown:
        return Page([])
    return Page(
        shown,
        older=str(shown[-1].pk) if more_older else "",
        newer=str(shown[0].pk) if more_newer else "",
    )


def _before(rows: QuerySet[ArchivedRun], start: ArchivedRun) -> QuerySet[ArchivedRun]:
    """The first condition alone is what an index can answer."""
    return rows.filter(created_at__lte=start.created_at).exclude(
        created_at=start.created_at, id__gte=start.pk
    )


def _after(rows: QuerySet[ArchivedRun], start: ArchivedRun) -> QuerySet[ArchivedRun]:
    return rows.filter(created_at__gte=start.created_at).exclude(
        created_at=start.created_at, id__lte=start.pk
    )


def _matching(filters: RunFilters) -> QuerySet[ArchivedRun]:
    rows = ArchivedRun.objects.all()
    if filters.statuses:
        rows = rows.filter(status__in=filters.statuses)
    if filters.workflow:
        rows = rows.filter(workflow_id=filters.workflow)
    if filters.trigger:
        rows = rows.filter(trigger_type=filters.trigger)
    if filters.since:
        rows = rows.filter(created_at__gte=filters.since)
    if filters.until:
        rows = rows.filter(created_at__lt=filters.until)
    return rows.filter(_holds(filters.text)) if filters.text else rows


def _holds(text: str) -> Q:
    """The id, or a part of it or of the workflow's name."""
    try:
        return Q(id=UUID(text))
    except ValueError:
        found = Q(workflow_name__icontains=text)
    if set(text.replace("-", "").lower()) <= set("0123456789abcdef"):
        found |= Q(id__icontains=text.lower())
    return found
