"""Runs that finished long ago move from the database into files (spec section 6).

Killed anywhere, no run is lost or there twice. For each batch:

1. a row of ArchiveFile says that a file of this name may exist from now on
2. the file is written, made durable, and read back
3. one transaction: the file is in use, its runs are in the index, and they are gone from the tables

A file whose transaction never came is deleted the next time. Only the third step holds a lock, and
for milliseconds: between two batches everybody else has their turn.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from runs.archive import snapshots
from runs.archive.batches import DETAILS, Batch, Candidates, Versions, write_batch
from runs.archive.files import ArchiveError, FileWriter, archive_storage, checksum, new_name
from runs.archive.lock import archiving_alone
from runs.archive.rows import Insertion
from runs.models import ArchivedRun, ArchiveFile, Delivery, Run
from workflows.limits import limits

logger = logging.getLogger("altoflow.archive")

COPY_LIFETIME = timedelta(days=7)
"""How long a restored run stays among the others."""
SLICE = 250
"""Rows of a transaction that only deletes."""
MOST_OVERTAKEN = 5
REST = 1.0
"""The pause after each batch, as a share of the time that the batch took."""


@dataclass(slots=True)
class Report:
    """What was done; `is_done` is False when the time was over before the work."""

    runs: int = 0
    files: int = 0
    size: int = 0
    """Bytes of the files."""
    copies: int = 0
    """Restored runs that went back."""
    deliveries: int = 0
    """Refused requests that were forgotten."""
    snapshots: int = 0
    """Of drafts that no run needs any more."""
    seconds: float = 0.0
    is_done: bool = True


class _OvertakenError(Exception):
    """A run of the batch was changed after it was read."""


def archive_runs(
    *, older_than_days: float | None = None, seconds: float = math.inf, rest: float = REST
) -> Report:
    """Archive the runs that finished that long ago (by default the retention), for at most about
    `seconds`. Raises ArchiveBusyError while another process does it, ArchiveError when the storage
    does not keep what it is given.

    1. finish what a killed process began  2. copies that were restored go back  3. batches of runs
    4. refused requests of that age  5. snapshots of drafts whose runs are gone
    """
    days = limits().retention_days if older_than_days is None else older_than_days
    with archiving_alone():
        work = _Work(timezone.now() - timedelta(days=days), seconds, rest)
        finish_files()
        work.take_copies_back()
        work.move_runs()
        work.forget_deliveries()
        work.forget_snapshots()
        report = work.report
    if report.runs or report.copies or report.deliveries or report.snapshots:
        logger.info(
            "Archived %s runs in %s files within %.1f s, took %s copies back, forgot %s requests "
            "and %s drafts",
            report.runs,
            report.files,
            report.seconds,
            report.copies,
            report.deliveries,
            report.snapshots,
        )
    return report


class _Work:
    def __init__(self, cutoff: datetime, seconds: float, rest: float) -> None:
        self.report = Report()
        self._cutoff = cutoff
        self._began = time.monotonic()
        self._end = self._began + seconds
        self._rest_share = rest
        self._versions = Versions()

    def move_runs(self) -> None:
        candidates, overtaken = Candidates(self._cutoff), 0
        while self._goes_on() and (found := candidates.next()):
            began = time.monotonic()
            try:
                self._move([candidate.id for candidate in found], found[0].finished_at)
                overtaken = 0
            except _OvertakenError:
                overtaken += 1
                if overtaken == MOST_OVERTAKEN:
                    raise
            self._rest(began)

    def _move(self, run_ids: Sequence[UUID], day: datetime) -> None:
        with closing(FileWriter()) as writer:
            batch = write_batch(run_ids, self._cutoff, writer, self._versions)
            if not batch.entries:
                raise _OvertakenError
            file = _store(writer, day)
        try:
            _commit(file, batch, self._cutoff)
        except _OvertakenError:
            discard(file)
            raise
        self.report.runs += len(batch.entries)
        self.report.files += 1
        self.report.size += file.size
        if batch.is_large:
            clear(file)

    def take_copies_back(self) -> None:
        """Their files were never touched, so that only the copies go."""
        old = ArchivedRun.objects.filter(restored_at__lt=timezone.now() - COPY_LIFETIME)
        for run_id in list(old.values_list("pk", flat=True)):
            if not self._goes_on():
                return
            began = time.monotonic()
            delete_details([run_id])
            with transaction.atomic():
                Run.objects.filter(pk=run_id, restored_at__isnull=False)._raw_delete("default")
                ArchivedRun.objects.filter(pk=run_id).update(restored_at=None)
            self.report.copies += 1
            self._rest(began)

    def forget_deliveries(self) -> None:
        old = Delivery.objects.filter(run=None, received_at__lt=self._cutoff).order_by()
        while self._goes_on() and (found := list(old.values_list("pk", flat=True)[:SLICE])):
            began = time.monotonic()
            self.report.deliveries += Delivery.objects.filter(pk__in=found).delete()[0]
            self._rest(began)

    def forget_snapshots(self) -> None:
        """Also of runs that went into files before: a file has the graph, and a restore puts it
        back."""
        last = 0
        while self._goes_on() and (found := snapshots.unneeded(after=last)):
            began = time.monotonic()
            self.report.snapshots += snapshots.remove(found)
            last = found[-1]
            self._rest(began)

    def _goes_on(self) -> bool:
        now = time.monotonic()
        self.report.seconds = now - self._began
        self.report.is_done = now < self._end
        return self.report.is_done

    def _rest(self, began: float) -> None:
        """Whoever waits for the database, or for a core, has their turn."""
        time.sleep((time.monotonic() - began) * self._rest_share)


def _store(writer: FileWriter, day: datetime) -> ArchiveFile:
    """Raises ArchiveError when the storage does not give back what it was given."""
    sha256, size = writer.finish()
    name = new_name(day.astimezone(UTC).date(), sha256)
    file = ArchiveFile.objects.create(name=name, sha256=sha256, size=size)
    stored = writer.save(name)
    if stored != name:
        file.name = stored
        file.save(update_fields=["name"])
    if checksum(stored) != sha256:
        raise ArchiveError(
            f"The storage of the archive did not keep {stored} as it was written. Nothing was "
            "deleted. Look at the storage, then start it again."
        )
    return file


def _commit(file: ArchiveFile, batch: Batch, cutoff: datetime) -> None:
    """Raises _OvertakenError, and then nothing was changed."""
    state = ArchiveFile.State.CLEARING if batch.is_large else ArchiveFile.State.COMPLETE
    index = Insertion.of(
        ArchivedRun, [{**vars(entry), "file_id": file.pk} for entry in batch.entries]
    )
    with transaction.atomic():
        mine = ArchiveFile.objects.filter(pk=file.pk, state=ArchiveFile.State.WRITING)
        if not mine.update(state=state):
            raise _OvertakenError
        same = Run.objects.filter(pk__in=batch.ids, finished_at__lt=cutoff, restored_at=None)
        if same._raw_delete("default") != len(batch.entries):
            raise _OvertakenError
        if not batch.is_large and _delete_details_at_once(batch.ids) != batch.details:
            raise _OvertakenError
        index.run()


def _delete_details_at_once(run_ids: Sequence[UUID]) -> int:
    rows = [model._default_manager.filter(run__in=run_ids) for model, _ in DETAILS.values()]
    return sum(found.delete()[0] for found in rows)


# ---------------------------------------------------------------- what a killed process left


def finish_files() -> None:
    """Nobody else is archiving, so no file is in the making."""
    for file in ArchiveFile.objects.exclude(state=ArchiveFile.State.COMPLETE):
        if file.state == ArchiveFile.State.CLEARING:
            clear(file)
        else:
            discard(file)


def discard(file: ArchiveFile) -> None:
    """Delete a file that no transaction has taken into use, and none can any more."""
    unused = ArchiveFile.objects.filter(pk=file.pk).exclude(state__in=ArchiveFile.IN_USE)
    if unused.update(state=ArchiveFile.State.DISCARDED):
        archive_storage().delete(file.name)
        unused.delete()


def clear(file: ArchiveFile) -> None:
    """Delete the rows that belonged to a large run which is archived."""
    delete_details(list(file.runs.values_list("pk", flat=True)))
    clearing = ArchiveFile.objects.filter(pk=file.pk, state=ArchiveFile.State.CLEARING)
    clearing.update(state=ArchiveFile.State.COMPLETE)


def delete_details(run_ids: Sequence[UUID]) -> None:
    """In small transactions, with pauses as long as they took."""
    for model, _ in DETAILS.values():
        rows = model._default_manager.filter(run__in=run_ids).order_by()
        while found := list(rows.values_list("pk", flat=True)[:SLICE]):
            began = time.monotonic()
            model._default_manager.filter(pk__in=found).delete()
            time.sleep(time.monotonic() - began)
