"""Files that the index does not know, as after the loss of a database: their runs are entered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from runs.archive.batches import entry_of
from runs.archive.files import checksum, readable, runs_in
from runs.archive.lock import archiving_alone
from runs.archive.verify import stored_names
from runs.models import ArchivedRun, ArchiveFile, Run


@dataclass(frozen=True, slots=True)
class Adopted:
    """A file, and how many of its runs were entered; those that are elsewhere were left out."""

    name: str
    runs: int


def adopt_files() -> Iterator[Adopted]:
    """Enter every run that is in a file, and neither in the index nor among the runs. Raises
    ArchiveBusyError; ArchiveError for a file that can not be read."""
    with archiving_alone():
        for name in sorted(stored_names()):
            if entries := _unknown_entries(name):
                _enter(name, entries)
                yield Adopted(name, len(entries))


def _unknown_entries(name: str) -> list[ArchivedRun]:
    now = timezone.now()
    entries = [entry_of(place, now) for place in runs_in(name)]
    ids = [entry.pk for entry in entries]
    known = {
        *ArchivedRun.objects.filter(pk__in=ids).values_list("pk", flat=True),
        *Run.objects.filter(pk__in=ids).values_list("pk", flat=True),
    }
    return [entry for entry in entries if entry.pk not in known]


def _enter(name: str, entries: Sequence[ArchivedRun]) -> None:
    with readable(name) as stored:
        size = stored.size
    described = {
        "sha256": checksum(name),
        "size": size,
        "state": ArchiveFile.State.COMPLETE,
    }
    with transaction.atomic():
        file, _ = ArchiveFile.objects.get_or_create(name=name, defaults=described)
        for entry in entries:
            entry.file = file
        ArchivedRun.objects.bulk_create(entries)
