"""The process that archives ends at each point where something was just done. Afterwards each run
is in one place, and the next one finishes the work. tests/chaos kills real ones at random."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models import QuerySet

from runs.archive import archiving, batches
from runs.archive.archiving import archive_runs
from runs.archive.files import FileWriter, LocalArchive
from runs.archive.restore import restore_run
from runs.archive.rows import Insertion
from runs.archive.verify import verify_archive
from runs.models import ArchiveFile, Delivery, Run
from tests.runs.archives import (
    files_in,
    old_run,
    rich_run,
    row_counts,
    rows_of,
    where_runs_are,
)
from tests.runs.records import workflow_called

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.usefixtures("folder")]


class Killed(BaseException):
    """As kill -9: nobody catches it, nothing is tidied up, and open transactions are undone."""


Patch = Callable[[pytest.MonkeyPatch], None]


def before(owner: Any, name: str, *, when: Callable[..., bool] = lambda *_: True) -> Patch:
    return _kill(owner, name, when, is_after=False)


def after(owner: Any, name: str, *, when: Callable[..., bool] = lambda *_: True) -> Patch:
    return _kill(owner, name, when, is_after=True)


def _kill(owner: Any, name: str, when: Callable[..., bool], *, is_after: bool) -> Patch:
    original = getattr(owner, name)

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        def deadly(*args: Any, **kwargs: Any) -> Any:
            if is_after:
                original(*args, **kwargs)
            if when(*args):
                raise Killed
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, deadly)

    return patch


def of(model: type) -> Callable[..., bool]:
    return lambda rows, *_: rows.model is model


def overtaken_then_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(*_: Any) -> None:
        raise archiving._OvertakenError

    monkeypatch.setattr(archiving, "_commit", overtaken)
    after(LocalArchive, "delete")(monkeypatch)


def half_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def save(storage: LocalArchive, name: str, content: Any) -> str:
        path = Path(storage.path(name + ".part"))
        path.parent.mkdir(parents=True)
        path.write_bytes(content.read(50))
        raise Killed

    monkeypatch.setattr(LocalArchive, "_save", save)


LARGE = 3
"""Rows of a transaction; with fewer than a run has, its rest is deleted afterwards."""


@pytest.mark.parametrize(
    ("kill", "most_rows"),
    [
        pytest.param(before(FileWriter, "finish"), 2_000, id="while the rows are read"),
        pytest.param(before(FileWriter, "save"), 2_000, id="before the file"),
        pytest.param(half_a_file, 2_000, id="within the file"),
        pytest.param(after(FileWriter, "save"), 2_000, id="after the file"),
        pytest.param(before(archiving, "_commit"), 2_000, id="before the transaction"),
        pytest.param(
            after(QuerySet, "_raw_delete", when=of(Run)), 2_000, id="when the runs are deleted"
        ),
        pytest.param(
            after(QuerySet, "delete", when=of(Delivery)), 2_000, id="when their rows are deleted"
        ),
        pytest.param(after(Insertion, "run"), 2_000, id="when the index has them"),
        pytest.param(after(archiving, "_commit"), 2_000, id="after the transaction"),
        pytest.param(overtaken_then_killed, 2_000, id="while an unused file is deleted"),
        pytest.param(after(Insertion, "run"), LARGE, id="when the index has a large run"),
        pytest.param(before(archiving, "clear"), LARGE, id="before the rest of it is deleted"),
        pytest.param(
            after(QuerySet, "delete", when=of(Delivery)), LARGE, id="when some of it is deleted"
        ),
        pytest.param(after(archiving, "delete_details"), LARGE, id="when all of it is deleted"),
    ],
)
def test_each_run_is_in_one_place(
    monkeypatch: pytest.MonkeyPatch, folder: Path, kill: Patch, most_rows: int
) -> None:
    workflow = workflow_called("Nightly")
    runs = [rich_run(workflow), old_run(workflow), rich_run(workflow, days=99)]
    expected = {run.pk: rows_of(run.pk) for run in runs}
    monkeypatch.setattr(batches, "MOST_ROWS", most_rows)
    with monkeypatch.context() as deadly, pytest.raises(Killed):
        kill(deadly)
        archive_runs(rest=0)

    live, archived = where_runs_are()
    assert live | archived == set(expected)
    assert not live & archived
    assert {pk: rows_of(pk) for pk in live} == {pk: expected[pk] for pk in live}

    archive_runs(rest=0)
    assert where_runs_are() == (set(), set(expected))
    assert set(row_counts().values()) == {0}
    assert files_in(folder) == sorted(ArchiveFile.objects.values_list("name", flat=True))
    assert list(verify_archive()) == []
    for pk in expected:
        restore_run(run_id=pk)
    assert {pk: rows_of(pk) for pk in expected} == expected


@pytest.mark.parametrize(
    "kill",
    [
        pytest.param(before(archiving, "delete_details"), id="before"),
        pytest.param(after(QuerySet, "delete", when=of(Delivery)), id="when a part is gone"),
        pytest.param(after(QuerySet, "_raw_delete", when=of(Run)), id="when the copy is gone"),
    ],
)
def test_a_copy_that_goes_back_is_never_the_last_one(
    monkeypatch: pytest.MonkeyPatch, kill: Patch
) -> None:
    run = rich_run(workflow_called("Nightly"))
    expected = rows_of(run.pk)
    archive_runs(rest=0)
    restore_run(run_id=run.pk)
    monkeypatch.setattr(archiving, "COPY_LIFETIME", archiving.COPY_LIFETIME * 0)
    with monkeypatch.context() as deadly, pytest.raises(Killed):
        kill(deadly)
        archive_runs(rest=0)
    archive_runs(rest=0)
    assert not Run.objects.exists()
    assert set(row_counts().values()) == {0}
    restore_run(run_id=run.pk)
    assert rows_of(run.pk) == expected
