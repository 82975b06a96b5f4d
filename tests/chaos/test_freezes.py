"""A worker that freezes for longer than its lease, as in a paused virtual machine, and then goes on
where it was, while another worker has taken its runs.

Without the fence the same check on the same freezes has to find damage: else it proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.acceptance.client import Client
from tests.acceptance.receiver import Receiver
from tests.chaos.consistent import consistent, faults
from tests.chaos.graphs import sixty_steps
from tests.chaos.load import Load
from tests.chaos.victims import freeze
from tests.environment.installation import Installation
from tests.environment.paths import REPOSITORY
from tests.environment.waiting import until

pytestmark = pytest.mark.chaos

LEASE_SECONDS = 1
FROZEN_SECONDS = 1.5
FREEZES = 2
AT_WORK = 3
"""Runs that a worker holds when it freezes, at least."""
MANY_FREEZES = 20
PAUSE_SECONDS = 0.6
EFFECT_SECONDS = 0.15
RUNS_PER_SECOND = 10
DRAIN_SECONDS = 10
TAKEN_SECONDS = 20.0

Outcome = tuple[Client, dict[str, object], Load]
New = Callable[..., Installation]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def frozen(
    new_installation: New, database: str, receiver: Receiver, freezes: int, **env: str
) -> Outcome:
    """An installation whose workers froze in turn, under load."""
    installation = new_installation(
        database,
        ALTOFLOW_HTTP_ALLOW_NETS="127.0.0.0/8",
        ALTOFLOW_LEASE_SECONDS=str(LEASE_SECONDS),
        **env,
    )
    installation.start()
    client = Client(installation)
    workflow = client.publish("Sixty steps", sixty_steps(receiver.url))
    receiver.seconds = EFFECT_SECONDS
    with Load(workflow["webhook_url"], RUNS_PER_SECOND) as load:
        for _ in range(freezes):
            time.sleep(PAUSE_SECONDS)
            until(
                lambda: freeze(installation, AT_WORK, FROZEN_SECONDS),
                within=TAKEN_SECONDS,
                what="the runs of a frozen worker change hands",
            )
    return client, workflow, load


@pytest.mark.parametrize(
    "freezes",
    [
        pytest.param(FREEZES, id=f"{FREEZES} freezes"),
        pytest.param(MANY_FREEZES, id=f"{MANY_FREEZES} freezes", marks=pytest.mark.long),
    ],
)
def test_a_frozen_worker_does_no_harm(
    new_installation: New, database: str, receiver: Receiver, freezes: int
) -> None:
    client, workflow, load = frozen(new_installation, database, receiver, freezes)
    drained = client.drain(workflow, DRAIN_SECONDS)
    report = consistent(client, receiver, workflow, load.accepted)
    client.installation.close()
    print(f"{report}, drained after {drained:.1f} s")
    assert report.repeated > 0, "no run changed hands, so nothing was tested"


def test_without_the_fence_the_same_check_finds_damage(
    new_installation: New, database: str, receiver: Receiver
) -> None:
    unfenced = str(REPOSITORY / "tests/chaos/unfenced")
    client, workflow, load = frozen(
        new_installation, database, receiver, FREEZES, PYTHONPATH=unfenced
    )
    time.sleep(2)
    found = faults(client, receiver, workflow, load.accepted)
    client.installation.close()
    print(f"{len(found)} faults, for example: {found[:3]}")
    assert any("made with" in fault or "the output is" in fault for fault in found), found
