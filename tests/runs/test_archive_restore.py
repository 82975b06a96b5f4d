"""Archived runs come back equal to the byte, and what is wrong with their files is found."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from runs import services
from runs.archive.adopt import adopt_files
from runs.archive.archiving import archive_runs
from runs.archive.files import ArchiveError
from runs.archive.restore import restore_run
from runs.archive.verify import verify_archive
from runs.models import ArchivedRun, ArchiveFile, Run, Step
from tests.runs.archives import (
    files_in,
    old_run,
    rich_run,
    row_counts,
    rows_of,
    where_runs_are,
)
from tests.runs.records import id_at
from workflows.errors import ConflictError, NotFoundError
from workflows.models import Version, Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.usefixtures("folder")]


# ---------------------------------------------------------------- back again


def test_any_storage_of_django_keeps_the_archive(nightly: Workflow, settings: Any) -> None:
    memory = {"BACKEND": "django.core.files.storage.memory.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "archive": memory}
    runs = [rich_run(nightly), old_run(nightly, days=95)]
    before = [rows_of(run.pk) for run in runs]
    assert list(verify_archive()) == []
    archive_runs(rest=0)
    assert list(verify_archive()) == []
    for run in runs:
        restore_run(run_id=run.pk)
    assert [rows_of(run.pk) for run in runs] == before
    lose_index(Path())
    Run.objects.all().delete()
    assert sum(adopted.runs for adopted in adopt_files()) == 2
    assert list(verify_archive()) == []


def test_a_restored_run_is_equal_to_the_byte_and_only_read(nightly: Workflow) -> None:
    runs = [rich_run(nightly), old_run(nightly), rich_run(nightly)]
    before = [rows_of(run.pk) for run in runs]
    archive_runs(rest=0)
    assert set(row_counts().values()) == {0}
    for run in runs:
        restore_run(run_id=run.pk)
    assert [rows_of(run.pk) for run in runs] == before
    for run in Run.objects.all():
        assert run.restored_at is not None
        for refused in (services.plan_resume, services.resume_run, services.rerun):
            with pytest.raises(ConflictError, match="copy from the archive"):
                refused(run=run)
    assert list(verify_archive()) == []


def test_a_copy_stays_for_a_week_and_goes_back_by_itself(nightly: Workflow, folder: Path) -> None:
    run = rich_run(nightly)
    archive_runs(rest=0)
    files = files_in(folder)
    restore_run(run_id=run.pk)
    assert archive_runs(rest=0).copies == 0
    assert Run.objects.count() == 1
    week_ago = timezone.now() - timedelta(days=7, minutes=1)
    Run.objects.update(restored_at=week_ago)
    ArchivedRun.objects.update(restored_at=week_ago)
    assert archive_runs(rest=0).copies == 1
    assert set(row_counts().values()) == {0}
    assert ArchivedRun.objects.get().restored_at is None
    assert files_in(folder) == files
    restore_run(run_id=run.pk)
    assert Run.objects.count() == 1


def forget_version(run: Run) -> None:
    Workflow.objects.update(published=None)
    Version.objects.all().delete()


def put_step_in_its_place(run: Run) -> None:
    step = Step(pk=run.first_step, run_id=id_at(timezone.now()), node_id="x", node_type="x")
    step.status = "completed"
    step.save(force_insert=True)


@pytest.mark.parametrize(
    ("spoil", "error", "sentence"),
    [
        pytest.param(lambda run: restore_run(run_id=run.pk), ConflictError, "already", id="twice"),
        pytest.param(
            lambda run: ArchivedRun.objects.all().delete(), NotFoundError, "no run", id="unknown"
        ),
        pytest.param(forget_version, ConflictError, "version 1 of its workflow", id="no version"),
        pytest.param(put_step_in_its_place, ConflictError, "ids are there", id="ids are taken"),
        pytest.param(
            lambda run: ArchiveFile.objects.update(state="clearing"),
            ConflictError,
            "still being moved",
            id="not moved as a whole",
        ),
        pytest.param(
            lambda run: ArchivedRun.objects.update(digest="0" * 64),
            ArchiveError,
            "not those that were written",
            id="other lines",
        ),
    ],
)
def test_a_restore_that_can_not_be_changes_nothing(
    nightly: Workflow, spoil: Any, error: type[Exception], sentence: str
) -> None:
    run = old_run(nightly)
    run.first_step = run.steps.first().pk  # type: ignore[attr-defined]
    archive_runs(rest=0)
    spoil(run)
    before = row_counts()
    with pytest.raises(error, match=sentence):
        restore_run(run_id=run.pk)
    assert row_counts() == before


# ---------------------------------------------------------------- faults are found


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lose_index(path: Path) -> None:
    ArchivedRun.objects.all().delete()
    ArchiveFile.objects.all().delete()


@pytest.mark.parametrize(
    ("spoil", "sentences"),
    [
        pytest.param(lambda path: None, [], id="nothing"),
        pytest.param(flip, ["was changed: its SHA-256 is"], id="a flipped byte"),
        pytest.param(lambda path: path.write_bytes(b""), ["was changed"], id="an empty file"),
        pytest.param(lambda path: path.unlink(), ["is missing in the archive"], id="no file"),
        pytest.param(
            lambda path: ArchivedRun.objects.filter(first_line=1).update(id=id_at(timezone.now())),
            ["is in the index, but not in its file", "not in the index"],
            id="a run without data",
        ),
        pytest.param(
            lambda path: ArchivedRun.objects.filter(first_line=1).delete(),
            ["but not in the index. Enter it"],
            id="data without a run",
        ),
        pytest.param(
            lambda path: ArchivedRun.objects.filter(first_line=1).update(digest="0" * 64),
            ["at another place or with other content"],
            id="another digest",
        ),
        pytest.param(
            lambda path: ArchivedRun.objects.filter(first_line=1).update(lines=2),
            ["at another place or with other content"],
            id="another place",
        ),
        pytest.param(lose_index, ["has no entry in the index"], id="a file without an entry"),
        pytest.param(
            lambda path: path.with_name("notes.txt").write_text("mine"),
            ["notes.txt has no entry"],
            id="a file of somebody else",
        ),
    ],
)
def test_verify_finds(nightly: Workflow, folder: Path, spoil: Any, sentences: list[str]) -> None:
    for _ in range(3):
        old_run(nightly)
    archive_runs(rest=0)
    spoil(folder / files_in(folder)[0])
    found = list(verify_archive())
    assert len(found) == len(sentences), found
    for text, part in zip(found, sentences, strict=True):
        assert part in text


def test_the_index_can_be_made_from_the_files(nightly: Workflow, folder: Path) -> None:
    runs = [old_run(nightly, days=days) for days in (93, 93, 94)]
    archive_runs(rest=0)
    index = list(ArchivedRun.objects.values().order_by("pk"))
    kept = runs[1]
    restore_run(run_id=kept.pk)
    Run.objects.update(restored_at=None)
    lose_index(folder)
    assert sum(adopted.runs for adopted in adopt_files()) == 2
    assert where_runs_are() == ({kept.pk}, {runs[0].pk, runs[2].pk})
    kept.delete()
    assert sum(adopted.runs for adopted in adopt_files()) == 1
    assert list(adopt_files()) == []
    assert list(verify_archive()) == []
    for row, adopted in zip(index, ArchivedRun.objects.values().order_by("pk"), strict=True):
        changing = {"archived_at", "file_id"}
        assert {k: v for k, v in row.items() if k not in changing} == {
            k: v for k, v in adopted.items() if k not in changing
        }
