"""Short words for tests of the engine: draw a graph, run it to its end in this process."""

from __future__ import annotations

import select
import time
from typing import Any
from uuid import uuid4

from runs.models import Run, Step
from runs.services import start_run
from runs.store import leases
from runs.worker.work_loop import WorkLoop
from workflows.models import Version, Workflow

TRIGGER = {"id": "start", "type": "manual_trigger", "config": {}}


def node(name: str, kind: str = "probe_pure", **more: Any) -> dict[str, Any]:
    """A node; what is not a field of Node goes into its config."""
    fields = {"name", "continue_on_error", "retry", "on_interrupt"}
    config = {key: value for key, value in more.items() if key not in fields}
    rest = {key: value for key, value in more.items() if key in fields}
    return {"id": name, "type": kind, "config": config, **rest}


def graph(*parts: dict[str, Any] | str) -> dict[str, Any]:
    """Nodes as dicts, edges as text: "a -> b" or "a:true -> b"."""
    edges = []
    for part in parts:
        if isinstance(part, str):
            source, target = part.split(" -> ")
            source, _, port = source.partition(":")
            edges.append({"source": source, "port": port or "default", "target": target})
    return {"nodes": [TRIGGER, *(p for p in parts if isinstance(p, dict))], "edges": edges}


def publish(drawn: dict[str, Any], **settings: Any) -> Workflow:
    workflow = Workflow.objects.create(
        name="A workflow",
        draft=drawn,
        settings=settings,
        webhook_hash=uuid4().hex,
        webhook_token="none",
        is_active=True,
    )
    workflow.published = Version.objects.create(workflow=workflow, number=1, graph=drawn)
    workflow.save()
    return workflow


def publish_next(workflow: Workflow, drawn: dict[str, Any]) -> None:
    number = workflow.versions.count() + 1
    workflow.published = Version.objects.create(workflow=workflow, number=number, graph=drawn)
    workflow.save()


def run(drawn: dict[str, Any] | Workflow, payload: Any = None, **settings: Any) -> Run:
    """Start a run and work until nothing is left to do now."""
    workflow = drawn if isinstance(drawn, Workflow) else publish(drawn, **settings)
    started = start_run(workflow=workflow, payload=payload, trigger_type="manual_trigger")
    return work(started)


def work(started: Run, loop: WorkLoop | None = None) -> Run:
    loop = loop or WorkLoop(0)
    drain(loop)
    loop.close()
    started.refresh_from_db()
    return started


def drain(loop: WorkLoop, seconds: float = 20) -> None:
    """Turn until nothing is held and nothing is due."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        loop.turn()
        due = leases.next_due()
        # The clock of the database counts in milliseconds, so what is due now may seem to be later.
        if not loop.held and (due is None or due > loop.now() + 0.005):
            return
        if not loop.active:
            select.select([loop.effects], [], [], 0.02)
            loop.effects.drain()
    raise AssertionError(f"still at work after {seconds} s: {list(loop.held)}")


def steps(of: Run, *, attempt: int | None = None) -> dict[str, Step]:
    """The steps that count, by node id (the last try of each)."""
    rows = of.steps.filter(superseded_by=None).order_by("try_number")
    if attempt is not None:
        rows = of.steps.filter(attempt=attempt).order_by("try_number")
    return {row.node_id: row for row in rows}


def executed(of: Run) -> list[str]:
    """Node ids in the order in which they started, over all attempts, triggers left out."""
    rows = of.steps.order_by("attempt", "sequence").exclude(node_id="start")
    return [row.node_id for row in rows]
