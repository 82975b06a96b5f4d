"""Old runs leave the database with everything that belongs to them, in small batches."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from runs import periodic, selectors, services, tasks
from runs.archive import archiving, batches
from runs.archive.archiving import archive_runs
from runs.archive.files import ArchiveError, FileWriter
from runs.archive.lock import ArchiveBusyError, archiving_alone
from runs.archive.restore import restore_run
from runs.archive.verify import verify_archive
from runs.filters import RunFilters
from runs.models import ArchivedRun, ArchiveFile, Delivery, IdempotencyKey
from tests.runs.archives import (
    days_ago,
    files_in,
    old_run,
    rich_run,
    row_counts,
    rows_of,
    where_runs_are,
)
from tests.runs.records import delivery_of, id_at, run_of, step_of
from workflows.errors import NotFoundError
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.usefixtures("folder")]


# ---------------------------------------------------------------- what moves


@pytest.mark.parametrize(
    ("fields", "moves"),
    [
        pytest.param({}, True, id="completed long ago"),
        pytest.param({"status": "failed"}, True, id="failed long ago"),
        pytest.param({"status": "cancelled"}, True, id="cancelled long ago"),
        pytest.param({"days": 91.1}, True, id="a little over the retention"),
        pytest.param({"days": 88.9}, False, id="a little under the retention"),
        pytest.param({"status": "queued"}, False, id="queued long ago and still there"),
        pytest.param({"status": "running"}, False, id="running"),
        pytest.param({"status": "waiting"}, False, id="waiting"),
        pytest.param({"restored_at": timezone.now()}, False, id="restored"),
        pytest.param({"finished_at": timezone.now()}, False, id="resumed and finished today"),
    ],
)
def test_runs_that_finished_before_the_retention_move(
    nightly: Workflow, fields: dict[str, Any], moves: bool
) -> None:
    run = old_run(nightly, **fields)
    report = archive_runs(rest=0)
    assert report.is_done
    assert where_runs_are() == ((set(), {run.pk}) if moves else ({run.pk}, set()))


def test_nothing_moves_that_somebody_may_still_ask_for(nightly: Workflow) -> None:
    keyed = run_of(nightly, at=timezone.now() - timedelta(hours=2))
    IdempotencyKey.objects.create(workflow=nightly, key="again", body_hash="x", run=keyed)
    parent = run_of(nightly, "waiting")
    child = old_run(nightly, parent_run=parent)
    archive_runs(older_than_days=0, rest=0)
    assert where_runs_are() == ({keyed.pk, parent.pk, child.pk}, set())


def test_an_archived_run_is_gone_from_the_lists_and_its_children_still_name_it(
    nightly: Workflow,
) -> None:
    parent = old_run(nightly)
    child = run_of(nightly, at=timezone.now(), parent_run=parent)
    sibling = old_run(nightly, parent_run=parent)
    archive_runs(rest=0)
    assert [run.pk for run in selectors.list_runs(RunFilters()).rows] == [child.pk]
    with pytest.raises(NotFoundError, match="archived"):
        selectors.get_run(parent.pk)
    child.refresh_from_db()
    assert child.parent_run_id == parent.pk
    assert ArchivedRun.objects.get(pk=sibling.pk).parent_run_id == parent.pk


def test_the_index_knows_what_one_looks_for(nightly: Workflow) -> None:
    run = rich_run(nightly)
    archive_runs(rest=0)
    entry = ArchivedRun.objects.select_related("file").get()
    assert entry.pk == run.pk
    assert (entry.workflow_id, entry.workflow_name) == (nightly.pk, "Nightly")
    assert (entry.version_number, entry.status, entry.attempt) == (1, "failed", 2)
    assert (entry.created_at, entry.finished_at) == (run.created_at, run.finished_at)
    assert entry.trigger_type == "manual_trigger"
    assert entry.lines == 1 + 4 + 2 + 1 + 1


def test_a_file_says_everything_to_any_tool(nightly: Workflow, folder: Path) -> None:
    run = rich_run(nightly)
    archive_runs(rest=0)
    [name] = files_in(folder)
    content = (folder / name).read_bytes()
    assert name.startswith(f"runs/{run.finished_at:%Y-%m}/{run.finished_at:%Y-%m-%d}-")
    assert name.endswith(f"-{hashlib.sha256(content).hexdigest()}.jsonl.gz")
    [version, *lines] = [json.loads(line) for line in gzip.decompress(content).splitlines()]
    assert json.loads(version["version"]["graph"]) == nightly.published.graph
    assert version["version"]["workflow_name"] == "Nightly"
    kinds = [next(iter(line)) for line in lines]
    expected = ["run", *["step"] * 4, *["delivery"] * 2, "idempotency_key", "occurrence"]
    assert kinds == expected


def test_refused_requests_of_that_age_are_forgotten(nightly: Workflow) -> None:
    old, young = days_ago(91.5), days_ago(10)
    for moment in (old, old, young):
        delivery_of(nightly, "bad_json", id=id_at(moment), received_at=moment)
    delivery_of(None, "unknown_token", id=id_at(old), received_at=old)
    assert archive_runs(rest=0).deliveries == 3
    assert [row.received_at for row in Delivery.objects.all()] == [young]


# ---------------------------------------------------------------- batches


def test_a_file_holds_runs_of_one_day(nightly: Workflow, folder: Path) -> None:
    runs = [old_run(nightly, days=days) for days in (95, 93, 95, 94, 93)]
    report = archive_runs(rest=0)
    assert (report.runs, report.files) == (5, 3)
    days = [Path(name).name[:10] for name in files_in(folder)]
    assert days == sorted({f"{run.finished_at:%Y-%m-%d}" for run in runs})


@pytest.mark.parametrize(
    ("limit", "most", "files"),
    [
        pytest.param("MOST_RUNS", 2, 3, id="runs"),
        pytest.param("MOST_ROWS", 7, 2, id="rows"),
        pytest.param("MOST_ROWS", 1, 5, id="rows, each run is larger"),
        pytest.param("MOST_BYTES", 2_000, 5, id="bytes, each run is larger"),
        pytest.param("MOST_BYTES", 3_500, 3, id="bytes"),
    ],
)
def test_a_batch_is_small(
    nightly: Workflow, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, files: int
) -> None:
    runs = [old_run(nightly, payload={"text": "x" * 600}) for _ in range(5)]
    before = {run.pk: rows_of(run.pk) for run in runs}
    monkeypatch.setattr(batches, limit, most)
    monkeypatch.setattr(archiving, "SLICE", 1)
    report = archive_runs(rest=0)
    assert (report.runs, report.files) == (5, files)
    assert set(row_counts().values()) == {0}
    assert set(ArchiveFile.objects.values_list("state", flat=True)) == {"complete"}
    for run in runs:
        restore_run(run_id=run.pk)
    assert {run.pk: rows_of(run.pk) for run in runs} == before


def test_a_very_large_run_does_not_fill_the_memory(nightly: Workflow) -> None:
    run = old_run(nightly, steps=0)
    for number in range(40):
        step_of(run, f"node_{number}", output={"text": f"{number:06}" * 40_000})
    before = rows_of(run.pk)
    tracemalloc.start()
    archive_runs(rest=0)
    peaks = [tracemalloc.get_traced_memory()[1]]
    tracemalloc.reset_peak()
    restore_run(run_id=run.pk)
    peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert rows_of(run.pk) == before
    assert max(peaks) < 30_000_000, peaks


def test_old_runs_are_found_by_an_index() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    runs = batches.finished_runs(timezone.now()).order_by("finished_at", "id")
    after = batches.Candidate(id_at(timezone.now()), days_ago(100))
    for page in (runs, batches.page_after(runs, after)):
        plan = page.values_list("id")[:200].explain()
        assert "run_by_end" in plan
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan


@pytest.mark.parametrize("keyed", [{0, 1, 2}, {1, 3, 5}, {0, 1, 2, 3, 4, 5}, set()], ids=str)
def test_runs_that_stay_hold_nothing_up(
    nightly: Workflow, monkeypatch: pytest.MonkeyPatch, keyed: set[int]
) -> None:
    monkeypatch.setattr(batches, "MOST_RUNS", 2)
    runs = [old_run(nightly, days=100 - number) for number in range(6)]
    for number in keyed:
        IdempotencyKey.objects.create(
            workflow=nightly, key=str(number), body_hash="x", run=runs[number]
        )
    assert archive_runs(rest=0).is_done
    assert where_runs_are()[0] == {runs[number].pk for number in keyed}


def test_the_time_of_a_task_is_limited_and_another_one_goes_on(
    nightly: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = old_run(nightly)
    monkeypatch.setattr(tasks, "ARCHIVE_SECONDS", 0.0)
    tasks.archive_old_runs()
    assert where_runs_are() == ({run.pk}, set())
    assert OrmQ.objects.get().func() == "runs.tasks.archive_old_runs"
    OrmQ.objects.all().delete()
    monkeypatch.undo()
    tasks.archive_old_runs()
    assert where_runs_are() == (set(), {run.pk})
    assert not OrmQ.objects.exists()


def test_a_run_that_is_resumed_meanwhile_stays(
    nightly: Workflow, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    resumed, other = old_run(nightly, status="failed"), old_run(nightly)
    step_of(resumed, "a", "failed")
    save = FileWriter.save

    def save_slowly(writer: FileWriter, name: str) -> str:
        if resumed.attempt == 1:
            resumed.refresh_from_db()
            services.resume_run(run=resumed, start="start")
        return save(writer, name)

    monkeypatch.setattr(FileWriter, "save", save_slowly)
    archive_runs(rest=0)
    resumed.refresh_from_db()
    assert (resumed.status, resumed.attempt, resumed.steps.count()) == ("queued", 2, 3)
    assert where_runs_are() == ({resumed.pk}, {other.pk})
    assert len(files_in(folder)) == 1
    assert list(verify_archive()) == []


def test_two_do_not_archive_at_once(nightly: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.archive.lock.PATIENCE_SECONDS", 0.2)
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with archiving_alone():
            locked.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(10)
    with pytest.raises(ArchiveBusyError):
        archive_runs()
    tasks.archive_old_runs()
    done.set()
    thread.join()
    old_run(nightly)
    assert archive_runs(rest=0).runs == 1


def test_nothing_is_deleted_when_the_storage_does_not_keep_it(
    nightly: Workflow, settings: Any, folder: Path
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "archive": {"BACKEND": f"{__name__}.Forgetful", "OPTIONS": {"location": str(folder)}},
    }
    run = old_run(nightly)
    before = rows_of(run.pk)
    with pytest.raises(ArchiveError, match="Nothing was deleted"):
        archive_runs(rest=0)
    assert rows_of(run.pk) == before
    assert not ArchivedRun.objects.exists()


class Forgetful(FileSystemStorage):
    def _save(self, name: str, content: Any) -> str:
        saved = super()._save(name, content)
        with open(self.path(saved), "r+b") as file:
            file.truncate(100)
        return saved


# ---------------------------------------------------------------- the daily task


def test_there_is_one_daily_task_whatever_happens() -> None:
    assert [row.func for row in Schedule.objects.all()] == [periodic.ARCHIVE]
    paused = timezone.now() + timedelta(days=300)
    Schedule.objects.update(next_run=paused)
    periodic.ensure_schedules()
    Schedule.objects.create(func=periodic.ARCHIVE, schedule_type=Schedule.DAILY)
    periodic.ensure_schedules()
    assert [row.next_run for row in Schedule.objects.all()] == [paused]
    Schedule.objects.all().delete()
    periodic.ensure_schedules()
    row = Schedule.objects.get()
    assert (row.schedule_type, row.next_run.hour) == (Schedule.DAILY, 3)
    assert timezone.now() < row.next_run < timezone.now() + timedelta(days=2)
