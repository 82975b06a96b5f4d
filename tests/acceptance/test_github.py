"""GitHub's own payloads, posted to a webhook: many events at once, and one by curl."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.acceptance import github
from tests.acceptance.client import Client, by_node

pytestmark = pytest.mark.xdist_group("acceptance")

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
