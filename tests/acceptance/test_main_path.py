"""The main path from outside: GitHub's own payloads are posted to a webhook, many at once and one
by curl; a run that failed because its receiver was down is resumed."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.acceptance import github
from tests.acceptance.client import Client, by_node
from tests.acceptance.orders import order
from tests.acceptance.receiver import running

PAYLOADS = 50
SENDERS = 16
WITHIN_SECONDS = 15

Examples = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def workflow(client: Client) -> dict[str, Any]:
    secret = {"name": github.SECRET_NAME, "value": github.SECRET}
    client.call("POST", "secrets/", secret)
    return client.publish("Any GitHub event", github.any_event())


def of_different_events(examples: Examples) -> Examples:
    """The first example of each event, as many as are wanted."""
    first: dict[str, dict[str, Any]] = {}
    for event, payload in examples:
        first.setdefault(event, payload)
    return list(first.items())[:PAYLOADS]


def check(run: dict[str, Any], event: str, payload: dict[str, Any]) -> None:
    assert run["status"] == "completed", (event, run["error"])
    assert run["output"] == github.expected_output(event, payload)
    steps = by_node(run)
    assert set(steps) == github.expected_steps(payload)
    assert {step["status"] for step in steps.values()} == {"completed"}
    assert steps["hook"]["output"]["body"] == payload


def test_fifty_different_events_at_once(
    client: Client, workflow: dict[str, Any], octokit_examples: Examples
) -> None:
    chosen = of_different_events(octokit_examples)
    assert len({event for event, _ in chosen}) == PAYLOADS

    def post(example: tuple[str, dict[str, Any]]) -> requests.Response:
        body, headers = github.request(*example)
        return requests.post(workflow["webhook_url"], body, headers=headers, timeout=10)

    with ThreadPoolExecutor(SENDERS) as senders:
        answers = list(senders.map(post, chosen))
    assert [answer.status_code for answer in answers] == [202] * PAYLOADS, answers[0].text
    client.drain(workflow, WITHIN_SECONDS)
    for (event, payload), answer in zip(chosen, answers, strict=True):
        check(client.run(answer.json()["run_id"]), event, payload)


def test_curl(
    client: Client, workflow: dict[str, Any], octokit_examples: Examples, tmp_path: Path
) -> None:
    event, payload = next((e, p) for e, p in octokit_examples if e == "issues")
    body, headers = github.request(event, payload)
    (tmp_path / "payload.json").write_bytes(body)
    options = ["-sS", "-w", "\n%{http_code}", "--data-binary", f"@{tmp_path / 'payload.json'}"]
    for name, value in headers.items():
        options += ["-H", f"{name}: {value}"]
    asked = subprocess.run(
        ["curl", *options, workflow["webhook_url"]], capture_output=True, text=True, timeout=10
    )
    answer, _, status = asked.stdout.rpartition("\n")
    assert status == "202", f"{asked.stdout} {asked.stderr}"
    assert json.loads(answer)["status"] == "queued"
    check(client.finished(json.loads(answer)["run_id"]), event, payload)


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
