"""kill -9 of everything while runs wait: after the next start each of them goes on in time."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from bench.load import Generator, Load
from tests.acceptance.client import Client, by_node
from tests.environment.installation import Installation

pytestmark = pytest.mark.chaos

CONNECTIONS = 16
LOAD_SECONDS = 30.0
DRAIN_SECONDS = 20.0
LATE_SECONDS = 1.0
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
    assert Counter(run["id"] for run in client.runs(workflow)) == Counter(started)
    runs = [client.run(run_id) for run_id in started]
    late = sorted(lateness(run, seconds, ready) for run in runs)
    overdue = sum(due(run, seconds) < ready for run in runs)
    print(
        f"killed {killed_after:.1f} s after the first request, {overdue} of {number} were due "
        f"before everything was ready again; late by {late[number // 2] * 1000:.0f} ms (p50), "
        f"{late[number * 95 // 100] * 1000:.0f} ms (p95), {late[-1] * 1000:.0f} ms (slowest)"
    )
    assert late[number * 95 // 100] < LATE_SECONDS


def start_runs(installation: Installation, workflow: dict[str, Any], number: int) -> list[str]:
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
    return [json.loads(answer.body)["run_id"] for answer in answers]


def kill_all(installation: Installation) -> None:
    """The supervisor first, so that it starts nobody again."""
    installation.kill()
    while pids := installation.pids():
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def due(run: dict[str, Any], seconds: float) -> float:
    """When its delay ends, in seconds since 1970. Fails for a history that is not whole."""
    steps = by_node(run)
    states = {name: (step["status"], step["try"]) for name, step in steps.items()}
    assert (run["status"], run["attempt"]) == ("completed", 1), run["error"]
    assert states == dict.fromkeys(("hook", "wait", "after"), ("completed", 1))
    return seconds_of(steps["wait"]["started_at"]) + seconds


def lateness(run: dict[str, Any], seconds: float, ready: float) -> float:
    """Seconds from when it could have gone on to its end."""
    waited = due(run, seconds)
    finished = seconds_of(run["finished_at"])
    assert finished >= waited - 0.002, "it did not wait"
    return finished - max(waited, ready)


def seconds_of(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
