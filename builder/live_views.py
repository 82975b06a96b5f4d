"""Runs that are started in the builder and watched on its canvas."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from builder.answers import errors_as_json, read_body, read_revision
from builder.json_input import read_json
from runs import selectors
from runs.models import Run
from runs.presentation import shown_steps
from runs.services import start_draft_run, start_run
from workflows.access import require_role, user_of
from workflows.errors import NotFoundError
from workflows.models import Role
from workflows.selectors import get_workflow
from workflows.services import refuse_stale


@require_POST
@require_role(Role.EDITOR)
@errors_as_json
def run_now(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """{payload: text, what: "draft" or "published", revision: of the draft that one sees}"""
    workflow = get_workflow(workflow_id)
    body = read_body(request)
    text = str(body.get("payload", "")).strip()
    payload = read_json(text, "") if text else {}
    if body.get("what") == "published":
        run = start_run(workflow=workflow, payload=payload, trigger_type="manual_trigger")
    else:
        refuse_stale(workflow=workflow, revision=read_revision(body))
        run = start_draft_run(workflow=workflow, payload=payload, by=user_of(request))
    return JsonResponse(_state_of(run), status=201)


@require_safe
@require_role(Role.VIEWER)
@errors_as_json
def run_track(request: HttpRequest, workflow_id: UUID, run_id: UUID) -> HttpResponse:
    """What the run has done to the graph so far."""
    run = selectors.get_run(run_id)
    if run.workflow_id != workflow_id:
        raise NotFoundError("This run belongs to another workflow.")
    return JsonResponse(_state_of(run))


def _state_of(run: Run) -> dict[str, Any]:
    """`taken`: "source port"; `failed_at`: the node that ended the run, where one did."""
    track = shown_steps.track_of(selectors.steps_of_attempt(run, run.attempt))
    began = run.attempt_started_at or run.started_at
    return {
        "id": str(run.pk),
        "address": reverse("run_detail", args=[run.pk]),
        "cancel": reverse("run_cancel", args=[run.pk]),
        "version": run.version.label,
        "status": run.status,
        "is_finished": run.is_finished,
        "created_at": run.created_at.isoformat(),
        "started_at": began.isoformat() if began else None,
        "duration_ms": run.duration_ms,
        "error": run.error,
        "failed_at": ((run.error or {}).get("details") or {}).get("node", ""),
        "nodes": {
            node: {"status": state.status, "count": state.count, "step": state.step_id}
            for node, state in track.states.items()
        },
        "taken": sorted(f"{source} {port}" for source, port in track.taken),
    }
