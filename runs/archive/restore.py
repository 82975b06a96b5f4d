"""A copy of an archived run among the others again, equal to the byte, to be looked at.

Its file stays where it is. A copy is marked, can not be resumed or run again, and goes away by
itself after some days.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from tempfile import SpooledTemporaryFile
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from runs.archive import index, snapshots
from runs.archive.batches import DETAILS
from runs.archive.files import Record, read_run
from runs.archive.rows import Insertion, Row
from runs.models import ArchivedRun, ArchiveFile, IdempotencyKey, Occurrence, Run
from workflows.errors import ConflictError
from workflows.models import Version
from workflows.plain_json import dump, loads

AT_ONCE = 50
SPOOLED_BYTES = 8 * 1024 * 1024
"""Of a run in memory; more than that is in a temporary file."""
MAY_EXIST = (IdempotencyKey, Occurrence)
"""A newer row with the same key is in force."""


def restore_run(*, run_id: UUID) -> ArchivedRun:
    """Raises NotFoundError, ArchiveError, and ConflictError when it is there already or can not be
    there: nothing is changed then."""
    entry = index.get_archived(run_id)
    now = timezone.now()
    try:
        with SpooledTemporaryFile(SPOOLED_BYTES) as lines:
            # Everything is read and proven first: nobody waits for the storage of the archive.
            for record in read_run(entry):
                lines.write(dump([record.kind, record.row]).encode() + b"\n")
            lines.seek(0)
            with transaction.atomic():
                _claim(entry, now)
                _insert(entry, (Record(*loads(line)) for line in lines), now)
    except IntegrityError as error:
        raise ConflictError(
            f"Run {run_id} can not be restored: rows with its ids are there already. "
            "`manage.py archive show` shows it.",
            code="not_restorable",
        ) from error
    entry.restored_at = now
    return entry


def _claim(entry: ArchivedRun, now: datetime) -> None:
    """Of several who restore the same run, one goes on."""
    whole = ArchiveFile.objects.select_for_update().filter(
        pk=entry.file_id, state=ArchiveFile.State.COMPLETE
    )
    if not whole.exists():
        raise ConflictError(
            f"Run {entry.pk} is still being moved to the archive. Restore it in a minute; if no "
            "process is archiving now, run `manage.py archive run` first.",
            code="not_restorable",
        )
    if not ArchivedRun.objects.filter(pk=entry.pk, restored_at=None).update(restored_at=now):
        raise ConflictError(
            f"Run {entry.pk} was restored already. Look at it among the runs.",
            code="already_restored",
        )


def _insert(entry: ArchivedRun, records: Iterable[Record], now: datetime) -> None:
    kind, rows = "", list[Row]()
    for record in records:
        if record.kind == "version":
            _check_version(entry, record.row)
        elif record.kind == "run":
            Insertion.of(Run, [{**record.row, "restored_at": now}]).run()
        else:
            if record.kind != kind or len(rows) == AT_ONCE:
                _insert_details(kind, rows)
                kind, rows = record.kind, []
            rows.append(record.row)
    _insert_details(kind, rows)


def _insert_details(kind: str, rows: list[Row]) -> None:
    if rows:
        model, _ = DETAILS[kind]
        Insertion.of(model, rows, ignore_conflicts=model in MAY_EXIST).run()


def _check_version(entry: ArchivedRun, row: Row) -> None:
    """What the run pins is there, or is put back: a snapshot of a draft does not outlive its last
    run."""
    if row["number"] == Version.DRAFT:
        is_there = snapshots.put_back(row)
    else:
        is_there = Version.objects.filter(pk=row["id"], workflow=entry.workflow_id).exists()
    if not is_there:
        raise ConflictError(
            f"Run {entry.pk} can not be restored: version {entry.version_number} of its workflow "
            f"{entry.workflow_name!r} is not in this database. `manage.py archive show` shows it.",
            code="not_restorable",
        )
