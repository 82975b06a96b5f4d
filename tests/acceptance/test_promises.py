"""The five promises of the product, each kept by a whole installation. Its limits and edge cases
are in tests/runs/test_promises.py."""

from __future__ import annotations

import statistics
import time
from itertools import pairwise
from typing import Any

import pytest
import requests

from tests.acceptance.client import Client, by_node
from tests.acceptance.receiver import Receiver, running

pytestmark = pytest.mark.parametrize(
    "client",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)],
    indirect=True,
    scope="module",
)

SLOW_SECONDS = 0.8


def hook(*nodes: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    """A webhook and these nodes, one after the other."""
    drawn = [("hook", "webhook_trigger", {}), *nodes]
    names = [name for name, _, _ in drawn]
    return {
        "nodes": [{"id": name, "type": kind, "config": c} for name, kind, c in drawn],
        "edges": [{"source": a, "port": "default", "target": b} for a, b in pairwise(names)],
    }


def telling(receiver: Receiver, name: str, body: Any) -> tuple[str, str, dict[str, Any]]:
    return name, "http_request", {"method": "POST", "url": f"{receiver.url}/{name}", "body": body}


def send(workflow: dict[str, Any], body: Any) -> requests.Response:
    return requests.post(workflow["webhook_url"], json=body, timeout=10)


def test_asynchronous_execution(client: Client) -> None:
    """The answer is there long before the work is done."""
    with running() as receiver:
        receiver.seconds = SLOW_SECONDS
        workflow = client.publish("Slow", hook(telling(receiver, "tell", {"n": 1})))
        began = time.monotonic()
        answer = send(workflow, {})
        assert time.monotonic() - began < SLOW_SECONDS
        assert (answer.status_code, answer.json()["status"]) == (202, "queued")
        assert client.run(answer.json()["run_id"])["status"] in ("queued", "running")
        assert client.finished(answer.json()["run_id"])["status"] == "completed"
        assert time.monotonic() - began > SLOW_SECONDS


def test_run_history(client: Client) -> None:
    """Every run is listed, with what became of it, and can be looked at again."""
    parse = ("parse", "json_parser", {"input": "{{ trigger.body.text }}"})
    workflow = client.publish("History", hook(parse))
    sent = {send(workflow, {"text": text}).json()["run_id"]: text for text in ("1", "{no", "[2]")}
    wanted = {run: "failed" if text == "{no" else "completed" for run, text in sent.items()}
    assert {run: client.finished(run)["status"] for run in sent} == wanted
    listed = client.runs(workflow)
    assert {run["id"]: run["status"] for run in listed} == wanted
    assert [run["id"] for run in listed] == list(sent)[::-1], "the newest comes first"
    assert {run["trigger_type"] for run in listed} == {"webhook_trigger"}
    assert all(run["created_at"] <= run["started_at"] <= run["finished_at"] for run in listed)
    (failed,) = client.runs(workflow, status="failed")
    assert (failed["error"]["code"], failed["attempt"]) == ("invalid_json", 1)
    assert client.run(failed["id"])["payload"]["body"] == {"text": "{no"}


def test_logs_with_exact_input_and_output(client: Client) -> None:
    """A step shows the values it worked with, and those it gave, to the last character."""
    odd = {"z": 'a "quote" \\ and\nü • 🎈', "a": [1, 2.5, None, True, {}], "deep": {"x": [[]]}}
    with running() as receiver:
        body = {"all": "{{ trigger.body }}", "text": "<{{ trigger.body.a }}>"}
        workflow = client.publish("Exact", hook(telling(receiver, "tell", body)))
        run = client.finished(send(workflow, odd).json()["run_id"])
        (received,) = receiver.at("/tell")
    steps = by_node(run)
    assert steps["hook"]["output"]["body"] == odd
    assert list(steps["hook"]["output"]["body"]) == list(odd), "in its order"
    assert steps["tell"]["input"]["body"] == received.body
    assert received.body == {"all": odd, "text": "<[1, 2.5, null, true, {}]>"}
    assert steps["tell"]["output"]["status"] == 200
    assert steps["tell"]["output"]["body"] == {"receipt": received.receipt}
    assert steps["tell"]["started_at"] <= steps["tell"]["finished_at"]


def test_resume_from_the_last_successful_step(client: Client) -> None:
    """What was done is not done again; what failed is."""
    with running() as first, running() as second:
        second.stop()
        nodes = telling(first, "first", {}), telling(second, "second", "{{ first.body }}")
        run_id = send(client.publish("Resumed", hook(*nodes)), {}).json()["run_id"]
        failed = client.finished(run_id)
        assert (failed["status"], failed["error"]["details"]["node"]) == ("failed", "second")
        second.start()
        client.call("POST", f"runs/{run_id}/resume/", {"from": "failed"})
        assert client.finished(run_id)["status"] == "completed"
        (done,) = first.at("/first")
        (repeated,) = second.at("/second")
        assert repeated.body == {"receipt": done.receipt}


def test_fast_answer_to_the_triggering_system(client: Client) -> None:
    """While slow runs are under way: usually within a quarter of a second, never long."""
    with running() as receiver:
        receiver.seconds = SLOW_SECONDS
        workflow = client.publish("Busy", hook(telling(receiver, "tell", {})))
        took = []
        for number in range(30):
            began = time.monotonic()
            assert send(workflow, {"n": number}).status_code == 202
            took.append(time.monotonic() - began)
        client.drain(workflow, within=20)
    assert statistics.median(took) < 0.25
    assert max(took) < 2
