"""The whole installation ends while effects are under way, by SIGTERM or at a blow as in a power
failure: nothing is lost until the next start."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.acceptance.client import Client
from tests.acceptance.receiver import Receiver
from tests.chaos.consistent import consistent
from tests.chaos.graphs import PATH, sixty_steps
from tests.chaos.load import Load
from tests.environment.installation import Installation
from tests.environment.waiting import until

pytestmark = pytest.mark.chaos

STOP_SECONDS = 10
DRAIN_SECONDS = 15
RUNS_PER_SECOND = 20
LOAD_SECONDS = 1.0
EFFECT_SECONDS = 0.1


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def under_load(
    installation: Installation, receiver: Receiver, effect_seconds: float
) -> tuple[Client, dict[str, Any], Load]:
    installation.env["ALTOFLOW_HTTP_ALLOW_NETS"] = "127.0.0.0/8"
    installation.start()
    client = Client(installation)
    workflow = client.publish("Sixty steps", sixty_steps(receiver.url))
    receiver.seconds = effect_seconds
    with Load(workflow["webhook_url"], RUNS_PER_SECOND) as load:
        time.sleep(LOAD_SECONDS)
        until(lambda: receiver.at(PATH), within=10, what="an effect is under way")
    assert client.unfinished(workflow)
    return client, workflow, load


@pytest.mark.parametrize(
    ("effect_seconds", "are_cut_off"),
    [
        # A run takes ten times as long, so effects that begin after the signal would be cut off.
        pytest.param(1.5, False, id="effects that end in time"),
        pytest.param(8.0, True, id="effects that do not", marks=pytest.mark.long),
    ],
)
def test_a_stop_under_load_loses_nothing(
    installation: Installation, receiver: Receiver, effect_seconds: float, are_cut_off: bool
) -> None:
    client, workflow, load = under_load(installation, receiver, effect_seconds)
    began = time.monotonic()
    assert installation.stop(within=STOP_SECONDS) == 0
    stopped = time.monotonic() - began
    assert installation.pids() == []
    receiver.seconds = 0.01
    installation.start()
    drained = client.drain(workflow, DRAIN_SECONDS)
    report = consistent(client, receiver, workflow, load.accepted)
    print(f"stopped in {stopped:.1f} s; {report}, drained in {drained:.1f} s")
    assert (report.repeated > 0) is are_cut_off


def test_a_power_failure_under_load_loses_nothing(
    installation: Installation, receiver: Receiver
) -> None:
    client, workflow, load = under_load(installation, receiver, EFFECT_SECONDS)
    installation.kill()
    installation.start()
    drained = client.drain(workflow, DRAIN_SECONDS)
    report = consistent(client, receiver, workflow, load.accepted)
    print(f"{report}, drained in {drained:.1f} s")
