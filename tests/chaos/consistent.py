"""What must be true of every run after anything: the one check that all tests here use."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.acceptance.client import Client
from tests.acceptance.receiver import Received, Receiver
from tests.chaos.graphs import ADDED, BLOCKS, EFFECTS, PATH, STEPS

Run = dict[str, Any]
MOST_SHOWN = 12


@dataclass(frozen=True)
class Report:
    runs: int
    effects: int
    """Requests that reached the receiver."""
    repeated: int
    """Of those, how many came again with their key."""


def consistent(
    client: Client, receiver: Receiver, workflow: Mapping[str, Any], accepted: Mapping[str, str]
) -> Report:
    """`accepted`: the key of each webhook request that was answered with 202 -> its run."""
    found = faults(client, receiver, workflow, accepted)
    assert not found, f"{len(found)} faults:\n" + "\n".join(found[:MOST_SHOWN])
    made = receiver.at(PATH)
    return Report(len(accepted), len(made), len(made) - len(accepted) * len(EFFECTS))


def faults(
    client: Client, receiver: Receiver, workflow: Mapping[str, Any], accepted: Mapping[str, str]
) -> list[str]:
    """Every deviation as a sentence.

    1. each accepted request has exactly one run, and there is no other
    2. each run is completed, each of its steps exactly once
    3. each step was built on what is stored of the steps before it
    4. each effect was made, and made again only with its same key and the same body
    """
    found = [*wrong_runs(client.runs(dict(workflow)), accepted)]
    requests = defaultdict(list)
    for note in receiver.at(PATH):
        requests[note.body["run"], note.body["step"]].append(note)
    for key, run_id in accepted.items():
        run = client.run(run_id)
        found += [f"{run_id}: {fault}" for fault in wrong_steps(run)]
        found += [f"{run_id}: {fault}" for fault in wrong_values(run, key)]
        for step in EFFECTS:
            made = requests.pop((run_id, step), [])
            found += [f"{run_id} {step}: {fault}" for fault in wrong_requests(run, step, made)]
    found += [f"an effect of a run that nobody started: {stray}" for stray in requests]
    found += wrong_keys(receiver.at(PATH))
    return found


def wrong_runs(runs: Iterable[Run], accepted: Mapping[str, str]) -> Iterable[str]:
    of_key = Counter(run["payload"]["headers"]["idempotency-key"] for run in runs)
    yield from (f"{count} runs for the key {key}" for key, count in of_key.items() if count > 1)
    yield from (f"the run of the key {key} is lost" for key in accepted if key not in of_key)
    yield from (f"nobody got 202 for the key {key}" for key in of_key if key not in accepted)


def wrong_steps(run: Run) -> Iterable[str]:
    if (run["status"], run["attempt"]) != ("completed", 1):
        yield f"{run['status']} in attempt {run['attempt']}: {run['error']}"
    names = Counter(step["node_id"] for step in run["steps"])
    yield from (f"{count} rows of the step {name}" for name, count in names.items() if count > 1)
    if len(names) != STEPS:
        yield f"{len(names)} steps instead of {STEPS}"
    yield from (
        f"the step {step['node_id']} is {step['status']}"
        for step in run["steps"]
        if step["status"] != "completed" or step["finished_at"] is None
    )


def wrong_values(run: Run, key: str) -> Iterable[str]:
    """Follows the receipts through the stored steps."""
    steps = {step["node_id"]: step for step in run["steps"]}
    trace = key
    for block in range(BLOCKS):
        for side in ("left", "right"):
            body = ((steps.get(f"{side}{block}") or {}).get("input") or {}).get("body") or {}
            if body.get("trace") != trace:
                yield f"{side}{block} was made with {body.get('trace')!r}, not with {trace!r}"
        receipts = [receipt_of(steps.get(f"{side}{block}")) for side in ("left", "right")]
        trace = f"{trace} {receipts[0]} {receipts[1]}"
    expected = {"n": run["payload"]["body"]["n"] + ADDED, "trace": trace}
    if run["output"] != expected:
        yield f"the output is {run['output']}, not {expected}"


def wrong_requests(run: Run, step: str, made: list[Received]) -> Iterable[str]:
    if not made:
        yield "the effect was never made"
    if len({note.key for note in made}) > 1:
        yield f"{len(made)} effects with different keys"
    if any(note.body != made[0].body for note in made):
        yield "the effect was repeated with another body"
    stored = [receipt_of(row) for row in run["steps"] if row["node_id"] == step]
    if not set(stored) <= {note.receipt for note in made}:
        yield f"the stored answer {stored} was never given"


def wrong_keys(made: Iterable[Received]) -> Iterable[str]:
    owners = defaultdict(set)
    for note in made:
        owners[note.key].add((note.body["run"], note.body["step"]))
    yield from (f"one key for {shared}" for shared in owners.values() if len(shared) > 1)
    yield from ["an effect without a key"] if "" in owners else []


def receipt_of(step: Mapping[str, Any] | None) -> Any:
    return (((step or {}).get("output") or {}).get("body") or {}).get("receipt")
