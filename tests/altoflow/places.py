"""The addresses of the product with names in them, and something that exists for each name."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone

from runs.archive.archiving import archive_runs
from runs.models import Run, Step
from tests.workflows.definitions import graph
from workflows import services, vault
from workflows.ids import uuid7
from workflows.models import Workflow


def places() -> dict[str, Any]:
    """A value for each name in an address: everything exists."""
    User.objects.create(username="the first one")
    workflow = services.create_workflow(name="Greeting", graph=graph())
    version = services.publish_workflow(workflow=workflow)
    services.activate_workflow(workflow=workflow)
    vault.set_secret(name="api_token", value="x" * 20)
    run = failed_run(workflow)
    step = Step.objects.create(
        run=run,
        node_id="say",
        node_type="text_transform",
        status=Step.Status.FAILED,
        input={"template": "x"},
        error={"code": "x", "message": "x", "details": {}},
        started_at=run.created_at,
        finished_at=run.created_at,
    )
    return {
        "workflow_id": workflow.pk,
        "number": version.number,
        "run_id": run.pk,
        "step_id": step.pk,
        "node_id": "say",
        "archived_id": archived_run(run, step),
        "name": "api_token",
        "token": "unknown/",
        "part": "error",
        "iterator": "say",
        "key": "0",
        "object_id": "1",
        "content_type_id": "1",
        "id": "1",
        "app_label": "auth",
        "url": "nothing",
        "node_type": "http_request",
        "slug": "uptime-check",
    }


def failed_run(workflow: Workflow) -> Run:
    now = timezone.now()
    return Run.objects.create(
        workflow=workflow,
        version=workflow.published,
        status=Run.Status.FAILED,
        trigger_type="manual_trigger",
        payload={"name": "Ada"},
        error={"code": "x", "message": "x", "details": {}},
        started_at=now,
        finished_at=now,
        attempt_started_at=now,
    )


def archived_run(run: Run, step: Step) -> UUID:
    """An old copy of the run; archived, it has a step of the same id."""
    long_ago = timezone.now() - timedelta(days=200)
    old = Run.objects.get(pk=run.pk)
    old.pk, old.finished_at = uuid7(), long_ago
    old.save(force_insert=True)
    Step.objects.filter(pk=step.pk).update(run=old)
    archive_runs(rest=0)
    step.save(force_insert=True)
    return old.pk


def filled(address: str, places: dict[str, Any]) -> str:
    names = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
    text = names.sub(lambda match: str(places[match[1] or match[2]]), address)
    return "/" + text.replace("^", "").replace("$", "")
