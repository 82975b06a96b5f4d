"""kill -9 of every kind of process, while webhooks keep coming and runs of 60 steps are under way:
nothing is lost, nothing is stuck, an effect is repeated with its same key only."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from itertools import cycle

import pytest

from tests.acceptance.client import Client
from tests.acceptance.receiver import Receiver
from tests.chaos.consistent import consistent, wrong_runs
from tests.chaos.graphs import sixty_steps, three_steps
from tests.chaos.load import Load
from tests.chaos.victims import kill
from tests.environment.installation import Installation

pytestmark = pytest.mark.chaos

EFFECT_SECONDS = 0.05
RUNS_PER_SECOND = 12
PAUSE_SECONDS = (0.4, 0.9)
DRAIN_SECONDS = 25
"""Seconds for the runs, and ten more: so long waits a cluster that died again and again."""
FEW = ("alto-slot", "alto-guard", "alto-web", "alto-cluster", "alto-server", "alto-slot")
OPEN_REQUESTS = 12
MOST_PER_SECOND = 400
WEB_VICTIMS = ("alto-web", "alto-server", "alto-web")
MOST_WEB_KILLS = 12
MANY = ("alto-slot",) * 18 + ("alto-guard", "alto-cluster", "alto-web", "alto-server") * 3


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(FEW, id=f"{len(FEW)} kills"),
        pytest.param(MANY, id=f"{len(MANY)} kills", marks=pytest.mark.long),
    ],
)
def test_nothing_is_lost_and_nothing_is_stuck(
    installation: Installation, receiver: Receiver, victims: Sequence[str]
) -> None:
    installation.env["ALTOFLOW_HTTP_ALLOW_NETS"] = "127.0.0.0/8"
    installation.start()
    client = Client(installation)
    workflow = client.publish("Sixty steps", sixty_steps(receiver.url))
    receiver.seconds = EFFECT_SECONDS
    chance = random.Random(len(victims))
    with Load(workflow["webhook_url"], RUNS_PER_SECOND) as load:
        for name in chance.sample(victims, len(victims)):
            time.sleep(chance.uniform(*PAUSE_SECONDS))
            kill(installation, name, chance)
    drained = client.drain(workflow, DRAIN_SECONDS)
    report = consistent(client, receiver, workflow, load.accepted)
    print(f"{report}, {load.sent_again} requests sent again, drained after {drained:.1f} s")
    assert report.runs > len(victims)


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_no_request_is_lost_or_doubled_when_the_web_process_dies(
    installation: Installation,
) -> None:
    """So many requests, and so many kills, that one meets a request whose answer is to come."""
    installation.start()
    client = Client(installation)
    workflow = client.publish("Three steps", three_steps())
    chance = random.Random(0)
    with Load(workflow["webhook_url"], MOST_PER_SECOND, threads=OPEN_REQUESTS) as load:
        for kills, name in enumerate(cycle(WEB_VICTIMS)):
            time.sleep(chance.uniform(*PAUSE_SECONDS))
            if kills >= len(WEB_VICTIMS) and load.sent_again:
                break
            assert kills < MOST_WEB_KILLS, "the kills met no open request"
            kill(installation, name, chance)
    client.drain(workflow, DRAIN_SECONDS)
    runs = client.runs(workflow)
    print(
        f"{len(load.accepted)} requests, {load.sent_again} of them sent again, "
        f"the slowest was accepted after {load.slowest:.1f} s"
    )
    assert list(wrong_runs(runs, load.accepted)) == []
    assert {run["id"] for run in runs} == set(load.accepted.values())
    assert {run["status"] for run in runs} == {"completed"}
