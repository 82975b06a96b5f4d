"""A run that workers keep dying with, on a worker that is never idle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Event

import altoflow_probe
import pytest
from django.db import connection

from runs.models import Job, Run
from runs.services import start_run
from runs.store import leases
from runs.worker import suspect_trial
from runs.worker.work_loop import WorkLoop
from tests.runs.driver import graph, node, publish

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkLoop]:
    """In the middle of an effect that does not end."""
    monkeypatch.setattr(suspect_trial, "PAUSE_SECONDS", 0.3)
    altoflow_probe.made.clear()
    altoflow_probe.answers.clear()
    gate = altoflow_probe.gates["endless"] = Event()
    start(node("endless", "probe_effect"), "start -> endless")
    loop = WorkLoop(0)
    turn_until(loop, lambda: bool(altoflow_probe.made))
    yield loop
    altoflow_probe.gates.clear()
    gate.set()
    loop.close()


def start(*parts: dict | str) -> Run:
    return start_run(workflow=publish(graph(*parts)), payload=1, trigger_type="manual_trigger")


def suspect() -> Run:
    run = start(node("a"), "start -> a")
    Job.objects.filter(run=run).update(deaths=2)
    return run


def turn_until(loop: WorkLoop, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        loop.turn()
        time.sleep(0.01)


def is_completed(run: Run) -> bool:
    return Run.objects.filter(pk=run.pk, status="completed").exists()


def test_it_does_not_wait_for_ever(busy: WorkLoop) -> None:
    run = suspect()
    turn_until(busy, lambda: is_completed(run))


def test_several_are_never_held_together(busy: WorkLoop) -> None:
    runs = [suspect() for _ in range(3)]
    most = 0
    while not all(is_completed(run) for run in runs):
        busy.turn()
        most = max(most, sum(state.deaths >= 2 for state in busy.held.values()))
    assert most == 1


def test_a_claim_takes_no_more_than_it_asked_for_whatever_the_database_plans() -> None:
    runs = [start(node("a"), "start -> a") for _ in range(4)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for plan in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
                cursor.execute(f"SET LOCAL enable_{plan} = off")
    assert [len(leases.claim("somebody", most)) for most in (1, 2, 5)] == [1, 2, len(runs) - 3]


def test_its_worker_sleeps_meanwhile(busy: WorkLoop) -> None:
    suspect()
    busy.turn()
    assert busy._longest_sleep() > 0.1
