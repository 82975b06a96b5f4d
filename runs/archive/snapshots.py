"""Snapshots of drafts: a run pins one, and it goes when no run among the others pins it any more.

An archived run needs none, because its file has the graph. A removal takes nothing away from those
who are about to use it: who stores a run holds its snapshot (see `start_run`), and the database
refuses to delete a version that a run points at.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from runs.archive.rows import Insertion, Row, instance_of
from runs.models import Run
from workflows.models import Version, Workflow

AT_ONCE = 50
IDENTITY = ("workflow_id", "created_at")
"""Of a snapshot, besides its id. Its number is another one after a migration back and forth."""


def unneeded(*, after: int) -> list[int]:
    """The next ones, as they are now, in the order of their ids."""
    found = _unneeded().filter(pk__gt=after).order_by("pk")
    return list(found.values_list("pk", flat=True)[:AT_ONCE])


def remove(version_ids: Sequence[int]) -> int:
    """Those of them that are still not needed, in one statement. None of them when one came into
    use in this moment; the next task finds the others."""
    with suppress(IntegrityError), transaction.atomic():
        return _unneeded().filter(pk__in=version_ids)._raw_delete("default")
    return 0


def _unneeded() -> QuerySet[Version]:
    pinned = Run.objects.filter(version=OuterRef("pk")).order_by()
    return Version.objects.filter(~Exists(pinned), number=Version.DRAFT)


def put_back(row: Row) -> bool:
    """A snapshot from the archive, for a run that comes back in the same transaction. False: its
    workflow is not in this database, or another version has its id."""
    wanted = instance_of(Version, row)
    if not Workflow.objects.filter(pk=wanted.workflow_id).exists():
        return False
    if not User.objects.filter(pk__in=[wanted.created_by_id]).exists():
        row = {**row, "created_by_id": None}
    Insertion.of(Version, [row], ignore_conflicts=True).run()
    held = Version.objects.select_for_update(no_key=True).get(pk=wanted.pk)
    return all(getattr(held, name) == getattr(wanted, name) for name in IDENTITY)
