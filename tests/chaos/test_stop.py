"""SIGTERM while effects are under way: a quick end, and nothing is lost until the next start."""

from __future__ import annotations

import time

import pytest

from tests.acceptance.client import Client
from tests.acceptance.receiver import Receiver
from tests.chaos.consistent import consistent
from tests.chaos.graphs import PATH, sixty_steps
from tests.chaos.load import Load
from tests.environment.installation import Installation

pytestmark = pytest.mark.chaos

STOP_SECONDS = 10
DRAIN_SECONDS = 15
RUNS_PER_SECOND = 20
LOAD_SECONDS = 1.0


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    "effect_seconds",
    [
        pytest.param(0.8, id="effects that end in time"),
        pytest.param(8.0, id="effects that do not", marks=pytest.mark.long),
    ],
)
def test_a_stop_under_load_loses_nothing(
    installation: Installation, receiver: Receiver, effect_seconds: float
) -> None:
    installation.env["ALTOFLOW_HTTP_ALLOW_NETS"] = "127.0.0.0/8"
    installation.start()
    client = Client(installation)
    workflow = client.publish("Sixty steps", sixty_steps(receiver.url))
    receiver.seconds = effect_seconds
    with Load(workflow["webhook_url"], RUNS_PER_SECOND) as load:
        time.sleep(LOAD_SECONDS)
    assert client.unfinished(workflow)
    began = time.monotonic()
    assert installation.stop(within=STOP_SECONDS) == 0
    stopped = time.monotonic() - began
    assert installation.pids() == []
    receiver.seconds = 0.01
    made = len(receiver.at(PATH))
    installation.start()
    drained = client.drain(workflow, DRAIN_SECONDS)
    report = consistent(client, receiver, workflow, load.accepted)
    print(f"stopped in {stopped:.1f} s after {made} effects; {report}, drained in {drained:.1f} s")
    if effect_seconds < 1:
        assert report.repeated == 0, "effects that could have ended in time were cut off"
        assert stopped < effect_seconds + 2, "it began new effects after it was told to stop"
