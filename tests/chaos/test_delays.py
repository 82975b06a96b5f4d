"""kill -9 of everything while runs wait: after the next start each of them goes on in time."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from bench.database import Database
from bench.load import Generator, Load
from bench.stage import run_ids
from tests.acceptance.client import Client
from tests.environment.installation import Installation

pytestmark = pytest.mark.chaos

CONNECTIONS = 16
LOAD_SECONDS = 30.0
DRAIN_SECONDS = 20.0
LATE_SECONDS = 1.0
CLOCK_SECONDS = 0.002
"""How exactly times are kept."""
STEPS = ("hook", "wait", "after")
COUNTS = "SELECT node_id, try_number, attempt, count(*) FROM runs_step GROUP BY 1, 2, 3"
FEW = ("sqlite", 150, 2)
MANY = ("sqlite", 2_000, 5)
MANY_ON_POSTGRESQL = ("postgresql", 2_000, 5)


def waiting(seconds: float) -> dict[str, Any]:
    after = {"mappings": [{"target": "n", "value": "{{ hook.body.n }}"}]}
    return {
        "nodes": [
            {"id": "hook", "type": "webhook_trigger", "config": {}},
            {"id": "wait", "type": "delay", "config": {"duration": seconds}},
            {"id": "after", "type": "data_mapper", "config": after},
        ],
        "edges": [
            {"source": "hook", "port": "default", "target": "wait"},
            {"source": "wait", "port": "default", "target": "after"},
        ],
    }


@pytest.mark.parametrize(
    ("database", "number", "seconds"),
    [
        pytest.param(*FEW, id="150 runs"),
        pytest.param(*MANY, id="2,000 runs", marks=pytest.mark.long),
        pytest.param(*MANY_ON_POSTGRESQL, id="2,000 runs on PostgreSQL", marks=pytest.mark.long),
    ],
)
def test_delays_survive_the_end_of_everything(
    installation: Installation, number: int, seconds: int
) -> None:
    installation.start()
    client = Client(installation)
    workflow = client.publish("A delay", waiting(seconds))
    began = time.monotonic()
    started = start_runs(installation, workflow, number)
    time.sleep(max(0.0, began + seconds / 2 - time.monotonic()))
    kill_all(installation)
    killed_after = time.monotonic() - began
    installation.start()
    ready = time.time()
    client.drain(workflow, DRAIN_SECONDS)
    assert Counter(run["id"] for run in client.runs(workflow)) == Counter(map(str, started))
    with closing(Database(installation)) as stored:
        runs = stored.completed(started, len(STEPS))
        waits = {step.run: step.wake_at for step in stored.step_times(started, "wait")}
        steps = stored.rows(COUNTS)
    assert sorted(steps) == [(name, 1, 1, number) for name in sorted(STEPS)]
    assert min(run.finished_at - waits[run.id] for run in runs) > -CLOCK_SECONDS, "one did not wait"
    late = sorted(run.finished_at - max(waits[run.id], ready) for run in runs)
    overdue = sum(moment < ready for moment in waits.values())
    print(
        f"killed {killed_after:.1f} s after the first request, {overdue} of {number} were due "
        f"before everything was ready again; late by {late[number // 2] * 1000:.0f} ms (p50), "
        f"{late[number * 95 // 100] * 1000:.0f} ms (p95), {late[-1] * 1000:.0f} ms (slowest)"
    )
    assert late[number * 95 // 100] < LATE_SECONDS


def start_runs(installation: Installation, workflow: dict[str, Any], number: int) -> list[UUID]:
    """At once: as fast as they are accepted."""
    path = urlsplit(workflow["webhook_url"]).path
    load = Load(
        installation.port,
        path,
        connections=CONNECTIONS,
        most=number,
        seconds=LOAD_SECONDS,
        body='{"n": 1}',
    )
    answers = Generator(load).run().check(202).answers
    assert len(answers) == number
    return run_ids(answers)


def kill_all(installation: Installation) -> None:
    """The supervisor first, so that it starts nobody again."""
    installation.kill()
    while pids := installation.pids():
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
