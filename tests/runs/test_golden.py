"""`tests/fixtures/golden/*.json`: a graph and a payload, and every step that has to follow.

A file holds `title`, `why`, `graph`, `payload` and `expect`, and where it needs them:

- `settings` of the workflow, `limits` that are other than the usual ones, `secrets` of the vault;
- `others`: graphs of further workflows by name, published in this order; `@name` in the config of a
  trigger_workflow stands for the id of one; `expect_others` has what their runs do, in the order of
  their payloads.

`expect` is `{status, output, error: {code, node}, steps}`, the steps in the order of their start.
A step is compared in node, iteration and status, and in each of `port`, `input`, `output`, `error`
(its code), `warnings` and `tries` that the file names. A text that begins with `re:` is a regular
expression for what is there, which is its JSON where it is no text.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from runs.models import Job, Run
from runs.services import start_run
from runs.worker.work_loop import WorkLoop
from tests.runs.driver import drain
from workflows.models import Workflow
from workflows.nodes import registry
from workflows.services import activate_workflow, create_workflow, publish_workflow
from workflows.vault import set_secret

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

FOLDER = Path(__file__).parent.parent / "fixtures/golden"
FILES = sorted(FOLDER.glob("*.json"))
LONGEST_SECONDS = 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_golden(file: Path, settings: Settings) -> None:
    case = json.loads(file.read_text())
    limits = replace(settings.ALTOFLOW_LIMITS, **case.get("limits", {}))
    settings.ALTOFLOW_LIMITS = limits
    for name, value in case.get("secrets", {}).items():
        set_secret(name=name, value=value)
    others: dict[str, Workflow] = {}
    for name, graph in case.get("others", {}).items():
        others[name] = published(name, graph, others)
    workflow = published(case["title"], case["graph"], others, case.get("settings"))
    ended = run_to_its_end(workflow, case["payload"])
    assert shown(ended, case["expect"]) == case["expect"]
    for name, expected in case.get("expect_others", {}).items():
        runs = Run.objects.filter(workflow=others[name]).order_by("payload")
        assert [shown(run, one) for run, one in zip(runs, expected, strict=True)] == expected


def test_every_node_type_is_in_a_golden_file() -> None:
    cases = [json.loads(file.read_text()) for file in FILES]
    graphs = [
        graph for case in cases for graph in [case["graph"], *case.get("others", {}).values()]
    ]
    seen = {node["type"] for graph in graphs for node in graph["nodes"]}
    assert {name for name in registry() if not name.startswith("probe_")} == seen
    assert len(cases) >= 60


def published(
    name: str, graph: Any, others: Mapping[str, Workflow], settings: Any = None
) -> Workflow:
    """Through the same checks as anybody's workflow."""
    text = re.sub('"@([a-z]+)"', lambda found: f'"{others[found[1]].pk}"', json.dumps(graph))
    workflow = create_workflow(name=name, graph=json.loads(text), settings=settings)
    publish_workflow(workflow=workflow)
    return activate_workflow(workflow=workflow)


def run_to_its_end(workflow: Workflow, payload: Any) -> Run:
    trigger = workflow.published.graph["nodes"][0]["type"]
    run = start_run(workflow=workflow, payload=payload, trigger_type=trigger)
    loop = WorkLoop(0)
    end = time.monotonic() + LONGEST_SECONDS
    while Job.objects.exists() and time.monotonic() < end:
        drain(loop)
        time.sleep(0.01)
    loop.close()
    run.refresh_from_db()
    return run


def shown(run: Run, expected: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says of a run, as it was; what a pattern of the file describes becomes it."""
    actual: dict[str, Any] = {"status": run.status, "output": run.output}
    if run.error is not None:
        actual["error"] = {"code": run.error["code"], "node": run.error["details"].get("node")}
    steps = run.steps.filter(superseded_by=None).order_by("attempt", "sequence", "try_number")
    wanted = [*expected["steps"], *[{}] * steps.count()]
    actual["steps"] = [step_shown(*pair) for pair in zip(steps, wanted, strict=False)]
    return {
        name: as_described(actual.get(name), pattern)
        for name, pattern in {**actual, **expected}.items()
    }


def step_shown(step: Any, expected: Mapping[str, Any]) -> dict[str, Any]:
    columns = {
        "node": step.node_id,
        "iteration": step.iteration,
        "status": step.status,
        "port": step.port,
        "input": step.input,
        "output": step.output,
        "error": (step.error or {}).get("code"),
        "warnings": step.warnings,
        "tries": step.try_number,
    }
    always = {"node", "status", *(["iteration"] if step.iteration else [])}
    return {name: value for name, value in columns.items() if name in always | set(expected)}


def as_described(actual: Any, pattern: Any) -> Any:
    """The pattern where the actual value fits it, else the actual value."""
    if isinstance(pattern, str) and pattern.startswith("re:"):
        text = actual if isinstance(actual, str) else json.dumps(actual)
        return pattern if re.fullmatch(pattern[3:], text) else actual
    if isinstance(pattern, dict) and isinstance(actual, dict):
        return {name: as_described(value, pattern.get(name)) for name, value in actual.items()}
    if isinstance(pattern, list) and isinstance(actual, list):
        padded = [*pattern, *[None] * len(actual)]
        return [as_described(*pair) for pair in zip(actual, padded, strict=False)]
    return actual
