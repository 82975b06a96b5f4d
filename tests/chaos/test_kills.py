"""kill -9 of every kind of process, while webhooks keep coming and runs of 60 steps are under way:
nothing is lost, nothing is stuck, an effect is repeated with its same key only."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import pytest

from tests.acceptance.client import Client
from tests.acceptance.receiver import Receiver
from tests.chaos.consistent import consistent
from tests.chaos.graphs import sixty_steps
from tests.chaos.load import Load
from tests.chaos.victims import kill
from tests.environment.installation import Installation

pytestmark = pytest.mark.chaos

EFFECT_SECONDS = 0.05
RUNS_PER_SECOND = 12
PAUSE_SECONDS = (0.4, 0.9)
DRAIN_SECONDS = 15
FEW = ("alto-slot", "alto-guard", "alto-web", "alto-cluster", "alto-server", "alto-slot")
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
