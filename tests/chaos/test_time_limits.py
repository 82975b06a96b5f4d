"""A step that never ends is ended, whatever it does, and other runs go on meanwhile."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.client import FINISHED, Client, by_node
from tests.environment.installation import SQLITE_NAME, Installation
from tests.environment.paths import REPOSITORY

pytestmark = pytest.mark.chaos

LIMIT_SECONDS = 2
WITHIN_SECONDS = LIMIT_SECONDS + 2
TIMES = 1
MANY_TIMES = 8
PAUSE_SECONDS = 0.1
NEIGHBOUR_SECONDS = 1.0
CROWD = 5

ENDLESS = {
    "spins in Python": ("probe_pure", "spin"),
    "sleeps in C": ("probe_pure", "sleep_in_c"),
    "holds the interpreter's lock": ("probe_pure", "hold_the_lock"),
    "hangs on a socket": ("probe_effect", "hang_on_socket"),
}


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)]
)
def client(
    request: pytest.FixtureRequest, new_installation: Callable[..., Installation]
) -> Iterator[Client]:
    installation = new_installation(
        request.param,
        ALTOFLOW_NODE_SECONDS=str(LIMIT_SECONDS),
        PYTHONPATH=str(REPOSITORY / "tests/plugins"),
    )
    installation.start()
    yield Client(installation)
    installation.close()


@pytest.fixture(scope="module")
def neighbour(client: Client) -> dict[str, Any]:
    return client.publish("Neighbour", chain("probe_pure", ""))


def chain(kind: str, behave: str) -> dict[str, Any]:
    """Three steps, of which the second one may misbehave."""
    nodes = [
        {"id": "start", "type": "manual_trigger", "config": {}},
        {"id": "step", "type": kind, "config": {"value": 1, "behave": behave}},
        {"id": "after", "type": "probe_pure", "config": {"value": 2}},
    ]
    edges = [("start", "step"), ("step", "after")]
    return {
        "nodes": nodes,
        "edges": [{"source": a, "port": "default", "target": b} for a, b in edges],
    }


class Neighbours:
    """Starts one small run after another, from the beginning of a `with` to its end."""

    def __init__(self, client: Client, workflow: dict[str, Any]) -> None:
        self._client, self._workflow = client, workflow
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._start_on)
        self.started: list[str] = []

    def __enter__(self) -> Neighbours:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _start_on(self) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            self.started.append(self._client.execute(self._workflow))

    def seconds(self) -> list[float]:
        """From creation to end, the shortest first."""
        ended = [self._client.finished(run_id) for run_id in self.started]
        assert {run["status"] for run in ended} == {"completed"}
        return sorted(between(run["created_at"], run["finished_at"]) for run in ended)


def between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(TIMES, id="once"),
        pytest.param(MANY_TIMES, id="often", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize(("kind", "behave"), ENDLESS.values(), ids=ENDLESS)
def test_an_endless_step_is_ended(
    client: Client, neighbour: dict[str, Any], kind: str, behave: str, times: int
) -> None:
    endless = client.publish(f"Endless: {behave}", chain(kind, behave))
    took = []
    with Neighbours(client, neighbour) as neighbours:
        for _ in range(times):
            time.sleep(2 * PAUSE_SECONDS)
            ended = client.finished(client.execute(endless), within=2 * WITHIN_SECONDS)
            assert (ended["status"], ended["error"]["code"]) == ("failed", "node_timeout")
            steps = by_node(ended)
            assert steps["step"]["error"]["code"] == "node_timeout"
            assert "after" not in steps
            took.append(between(ended["created_at"], ended["finished_at"]))
    latencies = neighbours.seconds()
    print(
        f"{behave}: ended after {', '.join(f'{seconds:.2f}' for seconds in took)} s; "
        f"{len(latencies)} neighbours: median {latencies[len(latencies) // 2] * 1000:.0f} ms, "
        f"slowest {latencies[-1] * 1000:.0f} ms"
    )
    assert max(took) < WITHIN_SECONDS
    assert latencies[len(latencies) // 2] < NEIGHBOUR_SECONDS


@contextmanager
def everybody_frozen(installation: Installation) -> Iterator[list[int]]:
    """All workers, none of them in the middle of a transaction that others would wait for."""
    database = installation.data_dir / SQLITE_NAME
    slots = installation.pids("alto-slot")
    while True:
        try:
            for pid in slots:
                os.kill(pid, signal.SIGSTOP)
            if not database.exists() or can_be_written(database):
                yield slots
                return
        finally:
            for pid in slots:
                os.kill(pid, signal.SIGCONT)
        time.sleep(PAUSE_SECONDS)


def can_be_written(database: Path) -> bool:
    connection = sqlite3.connect(database, timeout=PAUSE_SECONDS)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.parametrize("behave", [pytest.param("spin", marks=pytest.mark.long), "sleep_in_c"])
def test_what_was_claimed_together_with_it_goes_on_elsewhere(
    client: Client, neighbour: dict[str, Any], behave: str
) -> None:
    endless = client.publish(f"Endless in a crowd: {behave}", chain("probe_pure", behave))
    with everybody_frozen(client.installation) as slots:
        crowd = [client.execute(neighbour) for _ in range(CROWD)]
        bad = client.execute(endless)
        crowd += [client.execute(neighbour) for _ in range(CROWD)]
        os.kill(slots[0], signal.SIGCONT)
        time.sleep(PAUSE_SECONDS)
    began = time.monotonic()
    assert {client.finished(run_id)["status"] for run_id in crowd} == {"completed"}
    took = time.monotonic() - began
    assert client.run(bad)["status"] not in FINISHED, f"the crowd waited for it: {took:.2f} s"
    assert client.finished(bad)["error"]["code"] == "node_timeout"
    for run_id in crowd:
        assert set(by_node(client.run(run_id))) == {"start", "step", "after"}
