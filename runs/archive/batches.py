"""Which runs are archived next, and what of them goes into the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

from django.db.models import Count, Model, QuerySet
from django.utils import timezone

from runs.archive.files import FileWriter, Place
from runs.archive.rows import Row, plain_rows
from runs.idempotency import KEY_LIFETIME
from runs.models import ArchivedRun, Delivery, IdempotencyKey, Occurrence, Run, Step
from workflows.models import Version, Workflow

MOST_RUNS = 200
MOST_ROWS = 2_000
"""Of one transaction, so that nobody waits long for the database."""
MOST_BYTES = 8 * 1024 * 1024
"""Of one file before it is compressed. A run alone may be larger."""
MOST_VERSIONS = 64

DETAILS: Mapping[str, tuple[type[Model], Sequence[str]]] = {
    "step": (Step, ("attempt", "sequence", "id")),
    "delivery": (Delivery, ("id",)),
    "idempotency_key": (IdempotencyKey, ("id",)),
    "occurrence": (Occurrence, ("id",)),
}
"""What belongs to a run: the kind of its lines, and the order in which they stand."""


@dataclass(frozen=True, slots=True)
class Candidate:
    id: UUID
    finished_at: datetime


@dataclass(slots=True)
class Batch:
    """What a file holds, as the index will know it."""

    entries: list[ArchivedRun] = field(default_factory=list)
    details: int = 0
    """Rows that belong to the runs."""
    written: int = 0
    """Bytes before they are compressed."""

    @property
    def ids(self) -> list[UUID]:
        return [entry.pk for entry in self.entries]

    @property
    def is_large(self) -> bool:
        """Too much to be deleted in one transaction; it is a single run then."""
        return self.details > MOST_ROWS or self.written > 2 * MOST_BYTES


def finished_runs(cutoff: datetime) -> QuerySet[Run]:
    """Those that finished before `cutoff`, without copies from the archive."""
    return Run.objects.filter(finished_at__lt=cutoff, restored_at=None)


class Candidates:
    """The runs to archive, the oldest first."""

    def __init__(self, cutoff: datetime) -> None:
        self._runs = finished_runs(cutoff).order_by("finished_at", "id")
        self._after: Candidate | None = None
        """Nothing up to here is ready."""

    def next(self) -> list[Candidate]:
        """As many as fit into one batch, all of one day; none when there are no more. Until they
        are archived they come again."""
        while page := self._page():
            ready = ready_of(page)
            found = [candidate for candidate in page if candidate in ready]
            passed = page.index(found[0]) if found else len(page)
            if passed:
                self._after = page[passed - 1]
            if found:
                return fitting(found)
        return []

    def _page(self) -> list[Candidate]:
        rows = page_after(self._runs, self._after).values_list("id", "finished_at")[:MOST_RUNS]
        return [Candidate(pk, finished_at) for pk, finished_at in rows if finished_at]


def page_after(runs: QuerySet[Run], after: Candidate | None) -> QuerySet[Run]:
    """The first condition alone is what an index can answer."""
    if after is None:
        return runs
    at = after.finished_at
    return runs.filter(finished_at__gte=at).exclude(finished_at=at, id__lte=after.id)


def ready_of(candidates: Sequence[Candidate]) -> set[Candidate]:
    """Those that nobody may still ask for: not the sender of a request that counts as the same, and
    not a parent that goes on with their results."""
    ids = [candidate.id for candidate in candidates]
    young = IdempotencyKey.objects.filter(
        run__in=ids, created_at__gt=timezone.now() - KEY_LIFETIME
    ).values_list("run", flat=True)
    called = Run.objects.filter(pk__in=ids).exclude(parent_run_id=None).order_by()
    parents = dict(called.values_list("pk", "parent_run_id"))
    busy = set(
        Run.objects.filter(pk__in=set(parents.values()), status__in=Run.UNFINISHED)
        .order_by()
        .values_list("pk", flat=True)
    )
    kept = {*young, *(child for child, parent in parents.items() if parent in busy)}
    return {candidate for candidate in candidates if candidate.id not in kept}


def fitting(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The first of them that make a batch, at least one."""
    found = list(takewhile(lambda c: _day(c) == _day(candidates[0]), candidates))
    sizes = _detail_counts([candidate.id for candidate in found])
    fits, total = 0, 0
    for candidate in found:
        total += sizes.get(candidate.id, 0)
        if fits and total > MOST_ROWS:
            break
        fits += 1
    return found[:fits]


def _day(candidate: Candidate) -> Any:
    return candidate.finished_at.astimezone(UTC).date()


def _detail_counts(run_ids: Sequence[UUID]) -> dict[UUID, int]:
    counts: dict[UUID, int] = {}
    for model in (Step, Delivery):
        rows = model._default_manager.filter(run__in=run_ids).order_by().values_list("run")
        for run_id, number in rows.annotate(number=Count("pk")):
            counts[run_id] = counts.get(run_id, 0) + number
    return counts


class Versions:
    """The rows of versions, each with the name of its workflow; a version never changes."""

    def __init__(self) -> None:
        self._kept: dict[int, Row] = {}

    def get(self, version_id: int) -> Row:
        if version_id not in self._kept:
            if len(self._kept) >= MOST_VERSIONS:
                self._kept.clear()
            [row] = plain_rows(Version.objects.filter(pk=version_id))
            names = Workflow.objects.values_list("name", flat=True)
            self._kept[version_id] = {**row, "workflow_name": names.get(pk=row["workflow_id"])}
        return self._kept[version_id]


class _Details:
    """The rows of one kind for runs that are asked for in the order of their ids."""

    def __init__(self, kind: str, run_ids: Sequence[UUID]) -> None:
        model, order = DETAILS[kind]
        rows = model._default_manager.filter(run__in=run_ids).order_by("run_id", *order)
        self._rows = plain_rows(rows)
        self._next: Row | None = next(self._rows, None)

    def of(self, run_id: str) -> Iterator[Row]:
        """Those of runs that nobody asked for are passed over."""
        while (row := self._next) is not None and row["run_id"] <= run_id:
            if row["run_id"] == run_id:
                yield row
            self._next = next(self._rows, None)

    def close(self) -> None:
        self._rows.close()


def write_batch(
    run_ids: Sequence[UUID], cutoff: datetime, writer: FileWriter, versions: Versions
) -> Batch:
    """Write the runs with all that belongs to them, until the file is large enough: those that are
    left out come next time, and so do those that were resumed meanwhile. Few rows at a time are in
    memory."""
    batch = Batch()
    runs = plain_rows(Run.objects.filter(pk__in=run_ids, finished_at__lt=cutoff).order_by("pk"))
    known: set[int] = set()
    details = {kind: _Details(kind, run_ids) for kind in DETAILS}
    now = timezone.now()
    with closing(runs):
        for run in runs:
            version = versions.get(run["version_id"])
            if version["id"] not in known:
                known.add(version["id"])
                writer.write("version", version)
            first = writer.lines
            digest = _write_run(run, details, writer)
            place = Place(run, version, first, writer.lines - first, digest)
            batch.entries.append(entry_of(place, now))
            batch.details += place.lines - 1
            if writer.written > MOST_BYTES:
                break
    for stream in details.values():
        stream.close()
    batch.written = writer.written
    return batch


def _write_run(run: Row, details: Mapping[str, _Details], writer: FileWriter) -> str:
    """Returns the SHA-256 of its lines."""
    digest = hashlib.sha256(writer.write("run", run))
    for kind, stream in details.items():
        for row in stream.of(run["id"]):
            digest.update(writer.write(kind, row))
    return digest.hexdigest()


def entry_of(place: Place, now: datetime) -> ArchivedRun:
    """The row of the index, without its file."""
    run = place.run
    return ArchivedRun(
        id=UUID(run["id"]),
        first_line=place.first_line,
        lines=place.lines,
        digest=place.digest,
        workflow_id=UUID(run["workflow_id"]),
        workflow_name=place.version["workflow_name"],
        version_number=place.version["number"],
        parent_run_id=UUID(run["parent_run_id"]) if run["parent_run_id"] else None,
        status=run["status"],
        attempt=run["attempt"],
        trigger_type=run["trigger_type"],
        created_at=datetime.fromisoformat(run["created_at"]),
        finished_at=datetime.fromisoformat(run["finished_at"]),
        archived_at=now,
    )
