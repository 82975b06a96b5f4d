"""What a worker still does when it is told to stop."""

from __future__ import annotations

import signal
import time
from threading import Event

import altoflow_probe
import pytest

from runs.services import start_run
from runs.store import leases
from runs.worker.work_loop import WorkLoop
from tests.runs.driver import graph, node, publish, steps, work

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_effects_under_way_end_and_no_other_begins() -> None:
    altoflow_probe.made.clear()
    altoflow_probe.answers.clear()
    gate = altoflow_probe.gates["a"] = Event()
    drawn = graph(node("a", "probe_effect"), node("b", "probe_effect"), "start -> a", "a -> b")
    begun = start_run(workflow=publish(drawn), payload=1, trigger_type="manual_trigger")
    stopping = WorkLoop(0)
    turn_until(stopping, lambda: bool(altoflow_probe.made))
    stopping._stop(signal.SIGTERM, None)
    assert not stopping._is_done()
    altoflow_probe.gates.clear()
    gate.set()
    turn_until(stopping, stopping._is_done)
    leases.release(stopping.owner)
    stopping.close()
    assert {name: step.status for name, step in steps(begun).items()} == {
        "start": "completed",
        "a": "completed",
    }

    assert work(begun).status == "completed"
    assert [name for name, _ in altoflow_probe.made] == ["a", "b"]


def turn_until(loop: WorkLoop, condition) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        loop.turn()
        time.sleep(0.01)
