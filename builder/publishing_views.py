"""Publish, switch on and off, the webhook address, export, delete."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from builder import panels, side
from builder.answers import do_and_tell, told
from builder.diff import compare
from builder.json_input import pretty
from runs.pages import attempt_to, download, missing_is_404, read_number
from workflows import selectors, services
from workflows.access import require_role, user_of
from workflows.errors import WorkflowError
from workflows.models import Role, Version, Workflow
from workflows.plain_json import clean

LONGEST_NOTE = 10_000


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.EDITOR)
@missing_is_404
def publish(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """The dialog: what would change, what stands in the way, the note. POST publishes."""
    workflow = selectors.get_workflow(workflow_id)
    if request.method != "POST":
        return render(request, "builder/_publish.html", _publish_context(workflow))
    revision = read_number(request.POST.get("revision", ""))
    note = clean(request.POST.get("note", "").strip()[:LONGEST_NOTE])

    def do_publish() -> Version:
        services.refuse_stale(workflow=workflow, revision=revision)
        return services.publish_workflow(workflow=workflow, note=note, by=user_of(request))

    if "HX-Request" not in request.headers:
        attempt_to(request, do_publish, "Published. New runs use it.")
        return redirect("workflow_detail", workflow_id)
    try:
        version = do_publish()
    except WorkflowError as error:
        context = _publish_context(workflow) | {"refusal": error.message, "note": note}
        return render(request, "builder/_publish.html", context)
    return told(f"Version {version.number} is published. New runs use it.")


def _publish_context(workflow: Workflow) -> dict[str, Any]:
    published = side.published_graph(workflow)
    return {
        "workflow": workflow,
        "findings": panels.findings_of(panels.read_draft(workflow)),
        "diff": None if published is None else compare(published, workflow.draft),
    }


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def activate(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    return do_and_tell(
        request,
        workflow_id,
        lambda: services.activate_workflow(workflow=workflow),
        "Active: its trigger starts runs now.",
    )


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def deactivate(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    return do_and_tell(
        request,
        workflow_id,
        lambda: services.deactivate_workflow(workflow=workflow),
        "Inactive: no new run starts. Those under way go on.",
    )


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def webhook_rotate(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    return do_and_tell(
        request,
        workflow_id,
        lambda: services.rotate_webhook_token(workflow=workflow),
        "The webhook has a new address. The old one has stopped.",
    )


@require_POST
@require_role(Role.ADMIN)
@missing_is_404
def workflow_delete(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    gone = attempt_to(
        request,
        lambda: services.delete_workflow(workflow=workflow),
        f"{workflow.name} was deleted. Its runs stay readable.",
    )
    return redirect("workflow_list") if gone else redirect("workflow_detail", workflow_id)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def workflow_export(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    text = pretty(services.export_workflow(workflow=workflow))
    return download(text, f"{slugify(workflow.name) or 'workflow'}.json", "application/json")
