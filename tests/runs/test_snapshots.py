"""Snapshots of drafts go when no run pins them, and never while somebody is about to use one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from runs import services
from runs.archive import snapshots
from runs.archive.archiving import archive_runs
from runs.archive.restore import restore_run
from runs.models import ArchivedRun, Job, Run
from runs.services import rerun, start_draft_run
from tests.runs.archives import old_run, rows_of
from tests.runs.driver import graph, node, work
from tests.runs.records import run_of, workflow_called
from tests.workflows.definitions import user_with
from workflows.errors import ConflictError
from workflows.models import Role, Version, Workflow
from workflows.services import snapshot_draft, update_workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.usefixtures("folder")]


def snapshot_of(workflow: Workflow, name: str = "a", **fields: Any) -> Version:
    drawn = graph(node(name), f"start -> {name}")
    return Version.objects.create(workflow=workflow, number=0, graph=drawn, **fields)


def kept() -> set[int]:
    return set(Version.objects.filter(number=0).values_list("pk", flat=True))


# ---------------------------------------------------------------- what goes


@pytest.mark.parametrize(
    ("fields", "stays"),
    [
        pytest.param(None, False, id="never run"),
        pytest.param({"days": 100}, False, id="its run is archived now"),
        pytest.param({"days": 80}, True, id="its run is young"),
        pytest.param({"status": "queued"}, True, id="its run is queued"),
        pytest.param({"status": "waiting"}, True, id="its run waits"),
        pytest.param({"restored_at": timezone.now()}, True, id="its run is a copy"),
    ],
)
def test_a_snapshot_stays_as_long_as_a_run_among_the_others_pins_it(
    nightly: Workflow, fields: dict[str, Any] | None, stays: bool
) -> None:
    snapshot, published = snapshot_of(nightly), nightly.published
    if fields is not None:
        Run.objects.filter(pk=old_run(nightly, **fields).pk).update(version=snapshot)
    report = archive_runs(rest=0)
    assert (kept(), report.snapshots) == (({snapshot.pk}, 0) if stays else (set(), 1))
    assert Version.objects.filter(number__gt=0).get() == published, "It has no run at all."


def test_one_that_several_runs_pin_goes_with_the_last(nightly: Workflow) -> None:
    snapshot = snapshot_of(nightly)
    old, young = old_run(nightly), old_run(nightly, days=1)
    Run.objects.filter(pk__in=[old.pk, young.pk]).update(version=snapshot)
    archive_runs(rest=0)
    assert kept() == {snapshot.pk}
    archive_runs(older_than_days=0, rest=0)
    assert kept() == set()


def test_a_kill_between_two_batches_loses_nothing(
    nightly: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = [snapshot_of(nightly, f"needed_{number}") for number in range(3)]
    for each in needed:
        Run.objects.filter(pk=run_of(nightly).pk).update(version=each)
        snapshot_of(nightly)
        snapshot_of(nightly)
    Run.objects.update(finished_at=timezone.now())
    monkeypatch.setattr(snapshots, "AT_ONCE", 2)
    remove, batches = snapshots.remove, list[int]()

    def killed_at_the_third(found: Any) -> int:
        batches.append(len(found))
        if len(batches) == 3:
            raise OperationalError
        return remove(found)

    monkeypatch.setattr(snapshots, "remove", killed_at_the_third)
    with pytest.raises(OperationalError):
        archive_runs(rest=0)
    assert len(kept()) == 3 + 2
    assert archive_runs(rest=0).snapshots == 2
    assert (kept(), batches) == ({each.pk for each in needed}, [2, 2, 2, 2])


def test_a_task_whose_time_is_over_goes_on_with_the_next(nightly: Workflow) -> None:
    snapshot_of(nightly)
    assert not archive_runs(seconds=0).is_done
    assert len(kept()) == 1


def test_the_runs_of_a_version_are_found_by_an_index() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "run_by_version" in Run.objects.filter(version=1).order_by().explain()


# ---------------------------------------------------------------- back from the archive


@pytest.mark.parametrize("leaves", [False, True], ids=["the author is there", "the author left"])
def test_a_restored_run_has_its_graph_again(nightly: Workflow, leaves: bool) -> None:
    author = user_with(Role.EDITOR)
    snapshot = snapshot_of(nightly, "of_the_draft", created_by=author)
    done = old_run(nightly)
    Run.objects.filter(pk=done.pk).update(version=snapshot)
    before, row = rows_of(done.pk), Version.objects.values().get(pk=snapshot.pk)
    archive_runs(rest=0)
    assert kept() == set()
    if leaves:
        author.delete()
        row["created_by_id"] = None

    restore_run(run_id=done.pk)
    assert rows_of(done.pk) == before
    assert Version.objects.values().get(pk=snapshot.pk) == row
    assert archive_runs(rest=0).snapshots == 0

    week_ago = timezone.now() - timedelta(days=8)
    for model in (Run, ArchivedRun):
        model._default_manager.update(restored_at=week_ago)
    report = archive_runs(rest=0)
    assert (report.copies, report.snapshots, kept()) == (1, 1, set())


def test_a_snapshot_that_became_a_version_meanwhile_is_taken(nightly: Workflow) -> None:
    """As after a migration back and forth."""
    snapshot, done = snapshot_of(nightly), old_run(nightly)
    Run.objects.filter(pk=done.pk).update(version=snapshot)
    row = Version.objects.values().get(pk=snapshot.pk)
    archive_runs(rest=0)
    Version.objects.create(**{**row, "number": 2})
    restore_run(run_id=done.pk)
    assert Run.objects.get().version.number == 2


def another_in_its_place(snapshot: Version) -> None:
    Version.objects.create(pk=snapshot.pk, workflow=snapshot.workflow, number=0, graph={})


def no_workflow(snapshot: Version) -> None:
    Workflow.objects.update(published=None)
    Version.objects.all().delete()
    Workflow.objects.all().delete()


@pytest.mark.parametrize("spoil", [another_in_its_place, no_workflow])
def test_a_graph_that_can_not_come_back_is_refused(
    nightly: Workflow, spoil: Callable[[Version], None]
) -> None:
    snapshot, done = snapshot_of(nightly), old_run(nightly)
    Run.objects.filter(pk=done.pk).update(version=snapshot)
    archive_runs(rest=0)
    spoil(snapshot)
    before = list(Version.objects.values())
    with pytest.raises(ConflictError, match="is not in this database"):
        restore_run(run_id=done.pk)
    assert (Run.objects.count(), list(Version.objects.values())) == (0, before)


# ---------------------------------------------------------------- in the same moment


def test_a_run_that_starts_between_look_and_removal_keeps_its_snapshot(nightly: Workflow) -> None:
    snapshot, other = snapshot_of(nightly), snapshot_of(nightly, "b")
    found = snapshots.unneeded(after=0)
    Run.objects.filter(pk=run_of(nightly).pk).update(version=snapshot)
    assert found == [snapshot.pk, other.pk]
    assert snapshots.remove(found) == 1
    assert kept() == {snapshot.pk}


def test_a_draft_runs_though_its_snapshot_is_removed_before_the_run_is_stored(
    nightly: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove_at_once(**wanted: Any) -> Version:
        taken = snapshot_draft(**wanted)
        assert snapshots.remove([taken.pk]) == 1
        return taken

    monkeypatch.setattr(services, "snapshot_draft", remove_at_once)
    done = work(start_draft_run(workflow=nightly, payload={}))
    assert (done.status, done.version.graph) == ("completed", nightly.draft)


def test_a_run_is_repeated_though_it_is_archived_in_this_moment(nightly: Workflow) -> None:
    first = work(start_draft_run(workflow=nightly, payload={"name": "Ada"}))
    first = Run.objects.select_related("workflow", "version").get(pk=first.pk)
    archive_runs(older_than_days=0, rest=0)
    assert kept() == set()
    again = work(rerun(run=first))
    assert (again.status, again.payload, kept()) == (
        "completed",
        {"name": "Ada"},
        {first.version_id},
    )


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_being_stored_keeps_its_snapshot(nightly: Workflow) -> None:
    """Not committed yet when the removal looks, and committed while the removal waits."""
    stored, removed = threading.Event(), list[int]()
    snapshot = snapshot_draft(workflow=nightly)

    def remove() -> None:
        found = [snapshot.pk]
        stored.wait(10)
        removed.append(snapshots.remove(found))
        connection.close()

    thread = threading.Thread(target=remove)
    thread.start()
    with transaction.atomic():
        start_draft_run(workflow=nightly, payload={})
        stored.set()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert (removed, kept()) == ([0], {snapshot.pk})


@pytest.mark.django_db(transaction=True)
def test_starts_and_removals_that_race_lose_no_run(
    nightly: Workflow,
) -> None:
    mine = [nightly, workflow_called("Another")]
    over, problems, removed = threading.Event(), list[BaseException](), list[int]()

    def started(one: Workflow) -> None:
        for number in range(12):
            drawn = graph(node(f"a{number}"), f"start -> a{number}")
            update_workflow(workflow=one, graph=drawn)
            start_draft_run(workflow=one, payload={})

    def remove_all() -> None:
        while not over.is_set():
            if found := snapshots.unneeded(after=0):
                removed.append(snapshots.remove(found))

    def watched(task: Callable[..., None], *given: Any) -> None:
        try:
            task(*given)
        except BaseException as problem:  # noqa: BLE001 - raised below
            problems.append(problem)
        finally:
            connection.close()

    remover = threading.Thread(target=watched, args=[remove_all])
    starters = [threading.Thread(target=watched, args=[started, each]) for each in mine]
    for thread in (remover, *starters):
        thread.start()
    for thread in starters:
        thread.join()
    over.set()
    remover.join()
    if problems:
        raise problems[0]
    assert Run.objects.count() == Job.objects.count() == 24
    assert len(kept()) == Run.objects.values("version").distinct().count() == 24
