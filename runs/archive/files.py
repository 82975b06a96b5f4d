"""The files of the archive: gzip, one JSON object a line, written once and never changed.

A line is `{"<kind>": {<columns>}}`. A run is a line of the kind `run`, and all rows that belong to
it follow: `step`, `delivery`, `idempotency_key`, `occurrence`. The version that it ran on, with its
graph and the name of its workflow, is a `version` line somewhere before. Any tool reads them:
`zcat FILE | jq`. A file's name holds the day on which its runs finished and the SHA-256 of its
bytes; the index has the SHA-256 of each run's lines as well.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import secrets
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from runs.archive.rows import Row
from runs.models import ArchivedRun
from workflows.errors import WorkflowError
from workflows.plain_json import dump, loads

FOLDER = "runs"
PART = ".part"
CHUNK_BYTES = 1024 * 1024
LEVEL = 6


class ArchiveError(WorkflowError):
    """A file of the archive can not be read, or is not what was written."""

    code = "archive_damaged"


@dataclass(frozen=True, slots=True)
class Record:
    """A line: what it is, and its columns."""

    kind: str
    row: Row


def archive_storage() -> Storage:
    return storages["archive"]


class LocalArchive(FileSystemStorage):
    """Files on this machine that are there as a whole or not at all, after a power cut too."""

    def _save(self, name: str, content: IO[bytes]) -> str:
        path = Path(self.path(name))
        if not path.parent.exists():
            self._make_folder(path.parent)
        part = path.with_name(path.name + PART)
        with open(part, "wb", opener=_private) as file:
            while chunk := content.read(CHUNK_BYTES):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        _sync_folder(path.parent)
        return name

    def _make_folder(self, folder: Path) -> None:
        location = Path(self.location)
        location.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        while folder != location.parent:
            folder = folder.parent
            _sync_folder(folder)

    def delete(self, name: str) -> None:
        Path(self.path(name + PART)).unlink(missing_ok=True)
        super().delete(name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FileWriter:
    """A file in the making, in the folder for temporary files until it is stored."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._lines = gzip.GzipFile("", "wb", LEVEL, self._file, mtime=0)
        self.lines = 0
        self.written = 0
        """Bytes before they are compressed."""

    def write(self, kind: str, row: Row) -> bytes:
        """Returns the line."""
        line = dump({kind: row}).encode() + b"\n"
        self._lines.write(line)
        self.lines += 1
        self.written += len(line)
        return line

    def finish(self) -> tuple[str, int]:
        """No more lines; returns the SHA-256 of the file and its size in bytes."""
        self._lines.close()
        self._file.seek(0)
        return sha256_of(self._file), self._file.tell()

    def save(self, name: str) -> str:
        """Put it into the archive; returns the name that the storage gave it."""
        self._file.seek(0)
        return archive_storage().save(name, File(self._file))

    def close(self) -> None:
        self._lines.close()
        self._file.close()


def new_name(day: date, sha256: str) -> str:
    """The random part keeps a file that is written again apart from one that is being deleted."""
    return f"{FOLDER}/{day:%Y-%m}/{day}-{secrets.token_hex(4)}-{sha256}.jsonl.gz"


def sha256_of(file: IO[bytes]) -> str:
    """From where it stands to its end."""
    found = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        found.update(chunk)
    return found.hexdigest()


def checksum(name: str) -> str:
    """The SHA-256 of what the storage has now. Raises ArchiveError."""
    with readable(name) as file:
        return sha256_of(file)


@contextmanager
def readable(name: str) -> Iterator[Any]:
    """Errors of the storage and of the content become ArchiveErrors."""
    try:
        with archive_storage().open(name) as file:
            yield file
    except FileNotFoundError as error:
        raise ArchiveError(
            f"The file {name} is missing in the archive. Bring it back from a backup.",
            code="archive_missing",
        ) from error
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise damaged(name, str(error)) from error


def damaged(name: str, why: str) -> ArchiveError:
    return ArchiveError(f"The file {name} is damaged: {why}. Bring it back from a backup.")


def read_lines(name: str) -> Iterator[bytes]:
    """All lines of a file. Raises ArchiveError."""
    with readable(name) as file, gzip.GzipFile(fileobj=file) as lines:
        yield from lines


@dataclass(frozen=True, slots=True)
class Place:
    """A run in a file: its columns and those of its version, where its lines are, and their
    SHA-256."""

    run: Row
    version: Row
    first_line: int
    lines: int
    digest: str


def runs_in(name: str) -> Iterator[Place]:
    """All runs of a file. Raises ArchiveError."""
    versions: dict[int, Row] = {}
    run: Row = {}
    first = number = 0
    digest = hashlib.sha256()
    for number, line in enumerate(read_lines(name)):
        kind = line[2:].partition(b'"')[0]
        if kind not in (b"run", b"version"):
            digest.update(line)
            continue
        if run:
            yield Place(run, versions[run["version_id"]], first, number - first, digest.hexdigest())
        row = record_of(name, line).row
        run = {}
        if kind == b"version":
            versions[row["id"]] = row
        else:
            run, first, digest = row, number, hashlib.sha256(line)
    if run:
        yield Place(run, versions[run["version_id"]], first, number + 1 - first, digest.hexdigest())


def record_of(name: str, line: bytes) -> Record:
    """`name`: of the file, for the ArchiveError that is raised for a line of another form."""
    try:
        [(kind, row)] = loads(line).items()
    except (ValueError, AttributeError) as error:
        raise damaged(name, f"a line is {line[:40]!r}") from error
    return Record(kind, row)


def read_run(entry: ArchivedRun) -> Iterator[Record]:
    """Its version, the run and all that belongs to it, a line at a time. The last step raises
    ArchiveError when the lines are not those that were written: wait for it before you use them."""
    name = entry.file.name
    first, end = entry.first_line, entry.first_line + entry.lines
    versions: dict[int, Row] = {}
    digest = hashlib.sha256()
    for number, line in enumerate(read_lines(name)):
        if number >= first:
            digest.update(line)
        elif not line.startswith(b'{"version"'):
            continue
        record = record_of(name, line)
        if record.kind == "version":
            versions[record.row["id"]] = record.row
            continue
        if number == first:
            yield Record("version", versions[record.row["version_id"]])
        yield record
        if number == end - 1:
            break
    if digest.hexdigest() != entry.digest:
        raise damaged(name, f"the lines of the run {entry.pk} are not those that were written")
