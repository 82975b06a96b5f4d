"""Whether the archive is what the index says: every byte, every run, and nothing besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from runs.archive.files import FOLDER, ArchiveError, Place, archive_storage, checksum, runs_in
from runs.models import ArchivedRun, ArchiveFile
from workflows.wording import counted


def verify_archive() -> Iterator[str]:
    """A sentence for each fault. Reads every file, one at a time."""
    for file in ArchiveFile.objects.filter(state__in=ArchiveFile.IN_USE).iterator():
        yield from _verify_file(file)
    known = set(ArchiveFile.objects.values_list("name", flat=True))
    for name in sorted(stored_names()):
        if name not in known:
            yield (
                f"The file {name} has no entry in the index. If its runs are nowhere else, enter "
                "it with `manage.py archive adopt`; else delete it."
            )


def _verify_file(file: ArchiveFile) -> Iterator[str]:
    expected = {entry.pk: entry for entry in file.runs.all()}
    try:
        sha256 = checksum(file.name)
        found = [] if sha256 != file.sha256 else list(runs_in(file.name))
    except ArchiveError as error:
        yield f"{error.message} It holds {counted(len(expected), 'run')}."
        return
    if sha256 != file.sha256:
        yield (
            f"The file {file.name} was changed: its SHA-256 is {sha256}, and it was written with "
            f"{file.sha256}. It holds {counted(len(expected), 'run')}. Bring it back from a backup."
        )
        return
    yield from _compare(file, expected, {UUID(place.run["id"]): place for place in found})


def _compare(
    file: ArchiveFile, expected: Mapping[UUID, ArchivedRun], found: Mapping[UUID, Place]
) -> Iterator[str]:
    for pk in sorted(expected.keys() - found.keys()):
        yield (
            f"Run {pk} is in the index, but not in its file {file.name}. Bring the database back "
            "from a backup."
        )
    for pk in sorted(found.keys() - expected.keys()):
        yield (
            f"Run {pk} is in the file {file.name}, but not in the index. Enter it with "
            "`manage.py archive adopt`."
        )
    for pk in sorted(found.keys() & expected.keys()):
        entry, place = expected[pk], found[pk]
        if (place.first_line, place.lines) != (entry.first_line, entry.lines) or (
            place.digest != entry.digest
        ):
            yield (
                f"Run {pk} is in the file {file.name}, but at another place or with other content "
                "than the index says. Bring the database back from a backup."
            )


def stored_names(folder: str = FOLDER) -> Iterator[str]:
    """Of everything that is in the storage of the archive."""
    try:
        folders, files = archive_storage().listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        yield f"{folder}/{name}"
    for name in folders:
        yield from stored_names(f"{folder}/{name}")
