"""One PostgreSQL, one web process, and the workers of two installations: as on two machines."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet

from tests.acceptance.client import Client
from tests.acceptance.receiver import Receiver
from tests.chaos.consistent import consistent
from tests.chaos.graphs import sixty_steps
from tests.chaos.load import Load
from tests.chaos.victims import holders
from tests.environment.installation import Installation

pytestmark = pytest.mark.chaos

LEASE_SECONDS = 2
EFFECT_SECONDS = 0.05
RUNS_PER_SECOND = 20
LOAD_SECONDS = 2.0
DRAIN_SECONDS = 15


def test_workers_of_two_hosts_share_the_runs(
    new_installation: Callable[..., Installation], receiver: Receiver
) -> None:
    """In the end one of them dies as a whole; the other one takes its runs when the leases end."""
    common = {
        "ALTOFLOW_HTTP_ALLOW_NETS": "127.0.0.0/8",
        "ALTOFLOW_LEASE_SECONDS": str(LEASE_SECONDS),
        "ALTOFLOW_VAULT_KEYS": Fernet.generate_key().decode(),
        "ALTOFLOW_WORKERS": "1",
    }
    web = new_installation("postgresql", **common)
    common["DATABASE_URL"] = web.env["DATABASE_URL"]
    hosts = [new_installation(empty=True, **common) for _ in range(2)]
    web.start("--only", "web")
    for host in hosts:
        host.start("--only", "worker")
    client = Client(web)
    workflow = client.publish("Sixty steps", sixty_steps(receiver.url))
    receiver.seconds = EFFECT_SECONDS
    held: Counter[str] = Counter()
    with Load(workflow["webhook_url"], RUNS_PER_SECOND) as load:
        end = time.monotonic() + LOAD_SECONDS
        while time.monotonic() < end:
            held.update(owner.rsplit(":", 2)[0] for owner in holders(web).values())
            time.sleep(0.1)
        hosts[0].kill()
    drained = client.drain(workflow, DRAIN_SECONDS)
    report = consistent(client, receiver, workflow, load.accepted)
    print(f"{report}, drained after {drained:.1f} s; seen at work: {dict(held)}")
    for installation in (web, *hosts):
        installation.close()
    assert len(held) == 2, "only one of the hosts did anything"
