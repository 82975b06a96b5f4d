"""The receiver is down, so a run fails; it comes back, and the run is resumed where it failed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
import requests

from tests.acceptance.client import Client, by_node
from tests.acceptance.receiver import Receiver, running

pytestmark = pytest.mark.xdist_group("acceptance")


def order(first: Receiver, second: Receiver) -> dict[str, Any]:
    """Tells the first receiver, adds up, and tells the second one."""
    told = {"order": "{{ trigger.body.order }}"}
    summed = {"sum": "{{ trigger.body.price | times: trigger.body.count }}"}
    bill = {"sum": "{{ add_up.sum }}", "receipt": "{{ reserve.body.receipt }}"}
    nodes = {
        "hook": ("webhook_trigger", {}),
        "reserve": ("http_request", {"method": "POST", "url": f"{first.url}/stock", "body": told}),
        "add_up": ("data_mapper", {"template": summed}),
        "bill": ("http_request", {"method": "POST", "url": f"{second.url}/bill", "body": bill}),
        "done": ("data_mapper", {"template": {"bill": "{{ bill.body.receipt }}", **bill}}),
    }
    names = list(nodes)
    return {
        "nodes": [{"id": name, "type": kind, "config": c} for name, (kind, c) in nodes.items()],
        "edges": [{"source": a, "port": "default", "target": b} for a, b in pairwise(names)],
    }


def test_a_run_goes_on_when_the_receiver_is_back(client: Client) -> None:
    with running() as stock, running() as billing:
        billing.stop()
        workflow = client.publish("Order", order(stock, billing))
        answer = requests.post(
            workflow["webhook_url"], json={"order": 7, "price": 12.5, "count": 3}, timeout=10
        )
        run_id = answer.json()["run_id"]

        failed = client.finished(run_id)
        assert (failed["status"], failed["attempt"]) == ("failed", 1)
        assert failed["error"]["details"]["node"] == "bill"
        before = by_node(failed)
        assert {name: step["status"] for name, step in before.items()} == {
            "hook": "completed", "reserve": "completed", "add_up": "completed", "bill": "failed",
        }  # fmt: skip

        plan = client.call("GET", f"runs/{run_id}/resume-plan/")
        assert {step["node_id"]: step["action"] for step in plan["steps"]} == {
            "hook": "reused", "reserve": "reused", "add_up": "reused", "bill": "repeated",
            "done": "new",
        }  # fmt: skip

        billing.start()
        resumed = client.call("POST", f"runs/{run_id}/resume/", {"from": "failed"})
        assert (resumed["id"], resumed["attempt"]) == (run_id, 2)
        completed = client.finished(run_id)
        assert (completed["status"], completed["attempt"]) == ("completed", 2)
        (told,), (billed,) = stock.at("/stock"), billing.at("/bill")
        assert completed["output"] == {
            "bill": billed.receipt, "sum": 37.5, "receipt": told.receipt,
        }  # fmt: skip

    after = by_node(completed)
    for name in ("hook", "reserve", "add_up"):
        assert after[name] == before[name], "a step that was completed was touched"
    assert {name: step["attempt"] for name, step in after.items()} == {
        "hook": 1, "reserve": 1, "add_up": 1, "bill": 2, "done": 2,
    }  # fmt: skip
    first = client.run(run_id, attempt=1)
    assert by_node(first) == before
    assert Counter(step["status"] for step in first["steps"]) == {"completed": 3, "failed": 1}


def test_a_run_that_was_resumed_too_early_fails_again_and_can_be_resumed_again(
    client: Client,
) -> None:
    with running() as stock, running() as billing:
        billing.stop()
        workflow = client.publish("Order, twice", order(stock, billing))
        payload = {"order": 8, "price": 1, "count": 1}
        answer = requests.post(workflow["webhook_url"], json=payload, timeout=10)
        run_id = answer.json()["run_id"]
        assert client.finished(run_id)["status"] == "failed"
        client.call("POST", f"runs/{run_id}/resume/", {})
        assert client.finished(run_id)["attempt"] == 2
        billing.start()
        client.call("POST", f"runs/{run_id}/resume/", {})
        completed = client.finished(run_id)
        assert (completed["status"], completed["attempt"]) == ("completed", 3)
        assert len(stock.at("/stock")) == len(billing.at("/bill")) == 1
        statuses = [by_node(client.run(run_id, attempt=n))["bill"]["status"] for n in (1, 2, 3)]
        assert statuses == ["failed", "failed", "completed"]
