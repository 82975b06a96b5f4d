"""Rows of runs as they might stand in a database, without an engine that makes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from runs.figures import first_id_at
from runs.models import Delivery, Run, Step
from tests.runs.driver import graph, node, publish
from workflows.models import Workflow

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def id_at(moment: datetime) -> UUID:
    """An id as it is made at this moment."""
    return UUID(int=first_id_at(moment).int | 0x7 << 76 | 0x2 << 62 | uuid4().int >> 70)


def workflow_called(name: str) -> Workflow:
    workflow = publish(graph(node("a"), node("b"), "start -> a", "a -> b"))
    workflow.name = name
    workflow.save()
    return workflow


def run_of(
    workflow: Workflow, status: str = "completed", at: datetime = NOON, **fields: Any
) -> Run:
    finished = status in Run.FINISHED
    fields = {
        "trigger_type": "manual_trigger",
        "payload": {},
        "started_at": None if status == "queued" else at,
        "finished_at": at + timedelta(milliseconds=250) if finished else None,
        **fields,
    }
    return Run.objects.create(
        id=id_at(at),
        workflow=workflow,
        version=workflow.published,
        status=status,
        created_at=at,
        **fields,
    )


def step_of(run: Run, node_id: str, status: str = "completed", **fields: Any) -> Step:
    sequence = run.steps.count()
    started = run.created_at + timedelta(milliseconds=10 * sequence)
    done = status not in ("running", "waiting")
    fields = {
        "node_type": "probe_pure",
        "input": {"value": node_id},
        "output": {"answer": node_id} if status == "completed" else None,
        "port": "default" if status == "completed" else "",
        "started_at": started,
        "finished_at": started + timedelta(milliseconds=5) if done else None,
        **fields,
    }
    return Step.objects.create(run=run, node_id=node_id, status=status, sequence=sequence, **fields)


def resumed_run(workflow: Workflow) -> Run:
    """Failed at b, then resumed: start and a are reused, b was repeated."""
    run = run_of(workflow, attempt=2)
    step_of(run, "start")
    step_of(run, "a")
    error = {"code": "told_to", "message": "It was told to fail.", "details": {}}
    step_of(run, "b", "failed", error=error, superseded_by=2)
    step_of(run, "b", attempt=2)
    return run


def delivery_of(workflow: Workflow | None, verdict: str = "accepted", **fields: Any) -> Delivery:
    codes = {"accepted": 202, "duplicate": 202, "bad_json": 400, "unknown_token": 404}
    return Delivery.objects.create(
        workflow=workflow,
        verdict=verdict,
        status_code=codes.get(verdict, 401),
        method="POST",
        **fields,
    )
