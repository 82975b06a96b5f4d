"""Several schedulers on one database: threads that look at once, and whole clusters."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from runs.models import Job, Occurrence, Run
from runs.schedules.scheduler import Scheduler
from tests.environment.installation import Installation
from tests.environment.waiting import until
from tests.runs import timekeeping as clock
from tests.runs.timekeeping import at, scheduled
from workflows import services

SCHEDULERS = 5
MINUTES = 12


def together(*tasks: Callable[[], object]) -> None:
    """Each in a thread with a connection of its own; raises what one of them raised."""
    problems: list[BaseException] = []

    def work(task: Callable[[], object]) -> None:
        try:
            task()
        except BaseException as problem:  # noqa: BLE001 - raised below
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[task]) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
@pytest.mark.parametrize("keeps", [True, False], ids=["the same", "restarted"])
def test_schedulers_that_race_start_each_due_time_once(keeps: bool) -> None:
    workflows = [scheduled("* * * * *", since="08:59:30") for _ in range(8)]
    barrier = threading.Barrier(SCHEDULERS, timeout=30)

    def scheduler() -> None:
        kept = Scheduler()
        for minute in range(MINUTES):
            moment = (at("09:00") + timedelta(minutes=minute)).timestamp()
            barrier.wait()
            for late in (0.001, 0.5, 1.1):
                (kept if keeps else Scheduler()).fire_due(moment + late)

    together(*[scheduler] * SCHEDULERS)
    due = [f"09:{minute:02}" for minute in range(MINUTES)]
    assert [clock.occurrences(workflow) for workflow in workflows] == [due] * len(workflows)
    assert Run.objects.count() == Job.objects.count() == len(due) * len(workflows)


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_changes_in_the_middle_of_the_race_double_nothing() -> None:
    """One thread publishes and switches off and on, as the services do it, while others look."""
    workflows = [scheduled("* * * * *", since="08:59:30") for _ in range(4)]
    over = threading.Event()

    def look_on() -> None:
        now = at("09:00").timestamp()
        while not over.is_set() or now < at("09:10").timestamp():
            Scheduler().fire_due(now)
            now += 20
            time.sleep(0.01)  # SQLite has no queue of writers

    def change() -> None:
        for number in range(12):
            for workflow in workflows:
                draft = clock.scheduled_graph("* * * * *", "cron", text=f"Text {number}")
                services.update_workflow(workflow=workflow, graph=draft)
                services.publish_workflow(workflow=workflow)
                if number % 3 == 0:
                    services.deactivate_workflow(workflow=workflow)
                    services.activate_workflow(workflow=workflow)
        over.set()

    together(change, *[look_on] * 3)
    for workflow in workflows:
        due = Occurrence.objects.filter(workflow=workflow)
        assert due.count() == due.values("due_at").distinct().count() > 2
        assert set(due.values_list("run", flat=True)) == {run.pk for run in workflow.runs.all()}
    assert Job.objects.count() == Run.objects.count() == Occurrence.objects.count()


# ---------------------------------------------------------------- two clusters

SECONDS = 2
BEGIN = """
from tests.runs.timekeeping import scheduled_graph
from workflows import services

for number in range(5):
    graph = scheduled_graph("2 seconds", "interval", missed="run_once")
    workflow = services.create_workflow(name=f"Schedule {number}", graph=graph)
    services.publish_workflow(workflow=workflow)
    services.activate_workflow(workflow=workflow)
"""
EDIT = """
import time
from tests.runs.timekeeping import scheduled_graph
from workflows import services
from workflows.models import Workflow

for number in range(28):
    for workflow in Workflow.objects.all():
        graph = scheduled_graph("2 seconds", "interval", missed="run_once", text=f"Text {number}")
        services.update_workflow(workflow=workflow, graph=graph)
        services.publish_workflow(workflow=workflow)
    time.sleep(0.3)
"""
END = """
import json
from runs.models import Occurrence, Run
from tests.environment.waiting import until
from workflows import services
from workflows.models import Workflow

for workflow in Workflow.objects.all():
    services.deactivate_workflow(workflow=workflow)
until(lambda: not Run.objects.exclude(status="completed").exists(), within=20)
found = Occurrence.objects.order_by("due_at")
rows = [(str(o.workflow_id), o.due_at.timestamp(), o.fired_at.timestamp()) for o in found]
print(json.dumps([Run.objects.count(), rows]))
"""


def shell(installation: Installation, code: str) -> str:
    done = installation.manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def clusters(
    database: str, new_installation: Callable[..., Installation], tmp_path: Path
) -> tuple[Installation, Installation]:
    """Two, on one database, as on two machines."""
    first = new_installation(database)
    url = first.env.get("DATABASE_URL", f"sqlite:///{first.data_dir / 'altoflow.sqlite3'}")
    second = Installation(tmp_path, database_url=url)
    return first, second


@pytest.mark.long
@pytest.mark.chaos
def test_two_clusters_with_edits_and_a_restart(
    clusters: tuple[Installation, Installation],
) -> None:
    first, second = clusters
    first.start("--only", "worker")
    second.start("--only", "worker")
    try:
        shell(first, BEGIN)
        editing = threading.Thread(target=shell, args=[first, EDIT])
        editing.start()
        time.sleep(1)
        second.kill()
        until(lambda: not second.pids(), within=10, what="the killed cluster is gone")
        second.start("--only", "worker")
        editing.join()
        runs, rows = json.loads(shell(first, END))
    finally:
        first.close()
        second.close()
    times: dict[str, list[float]] = {}
    for workflow, due, _ in rows:
        times.setdefault(workflow, []).append(due)
    assert (len(rows), len(times)) == (runs, 5)
    for each in times.values():
        assert len(each) >= 3
        assert each == [each[0] + SECONDS * n for n in range(len(each))]
    late = sorted(fired - due for _, due, fired in rows)
    assert late[0] >= 0 and late[len(late) // 2] < 0.5 and late[-1] < SECONDS, late
