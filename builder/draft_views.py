"""What the builder's script reads and saves: the draft, its name, description and settings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from builder import panels
from builder.answers import errors_as_json, read_body, read_revision
from builder.editor import draft_state, graph_json, saved_state
from builder.json_input import read_json
from runs.pages import missing_is_404
from workflows import selectors, services
from workflows.access import require_role, user_of
from workflows.errors import Problem
from workflows.fields import FormError
from workflows.graph import Graph
from workflows.importing import parts_of, read_part
from workflows.models import Role, Workflow
from workflows.n8n import with_notes
from workflows.workflow_settings import settings_of

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 10_000


@require_http_methods(["GET", "HEAD", "PUT"])
@require_role(Role.VIEWER)
@errors_as_json
def draft(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """PUT {graph, revision}: 409 unless `revision` is the newest. GET: what is stored now."""
    workflow = selectors.get_workflow(workflow_id)
    if request.method != "PUT":
        return JsonResponse(draft_state(workflow, panels.read_draft(workflow)))
    body = read_body(request)
    services.update_workflow(
        workflow=workflow,
        graph=_graph_in(body),
        revision=read_revision(body),
        by=user_of(request),
    )
    return JsonResponse(saved_state(workflow, Graph.from_json(workflow.draft)))


@require_POST
@require_role(Role.EDITOR)
@errors_as_json
def draft_read(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """The graph in the text of a document, as the script keeps it, and what was changed to read it.
    Nothing is stored."""
    selectors.get_workflow(workflow_id)
    parts = parts_of(read_json(str(read_body(request).get("text", "")), ""))
    if len(parts) > 1:
        message = f"It holds {len(parts)} workflows. Import them on the page of all workflows."
        raise FormError([Problem("too_many_workflows", message)])
    found = read_part(parts[0])
    graph = with_notes(found.graph, found.notes)
    body = {"graph": graph_json(services.read_graph(graph)), "notes": len(found.notes)}
    return JsonResponse(body)


@require_POST
@require_role(Role.EDITOR)
@errors_as_json
def draft_copy(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """A new workflow from a draft that could not be saved here."""
    workflow = selectors.get_workflow(workflow_id)
    suffix = " (my copy)"
    made = services.create_workflow(
        name=workflow.name[: LONGEST_NAME - len(suffix)] + suffix,
        description=workflow.description,
        graph=_graph_in(read_body(request)),
        settings=settings_of(workflow),
        by=user_of(request),
    )
    return JsonResponse({"address": reverse("workflow_detail", args=[made.pk])}, status=201)


def _graph_in(body: dict[str, Any]) -> Any:
    """Raises FormError: without a graph nothing would be saved."""
    if body.get("graph") is None:
        raise FormError([Problem("invalid", "Send the graph.", field="graph")])
    return body["graph"]


# ---------------------------------------------------------------- name, description, settings


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.EDITOR)
@missing_is_404
@errors_as_json
def details(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """GET: the form, for a dialog. POST {revision, and name, description or settings}: the same
    revision counts as for the draft, so the script sends one after the other."""
    workflow = selectors.get_workflow(workflow_id)
    if request.method != "POST":
        return render(request, "builder/_details.html", _details_context(workflow))
    body = read_body(request)
    services.update_workflow(
        workflow=workflow,
        revision=read_revision(body),
        name=_name_in(body),
        description=_description_in(body),
        settings=body.get("settings"),
        by=user_of(request),
    )
    return JsonResponse({"revision": workflow.revision, "name": workflow.name})


def _details_context(workflow: Workflow) -> dict[str, Any]:
    settings = settings_of(workflow)
    notify = settings["notify_on_failure"]
    return {
        "workflow": workflow,
        "settings": settings,
        "notify": "address" if isinstance(notify, str) else "admins" if notify else "nobody",
        "address": notify if isinstance(notify, str) else "",
    }


def _name_in(body: dict[str, Any]) -> str | None:
    if "name" not in body:
        return None
    name = str(body["name"]).strip()
    if not 0 < len(name) <= LONGEST_NAME:
        message = f"A workflow needs a name of at most {LONGEST_NAME} characters."
        raise FormError([Problem("invalid", message, field="name")])
    return name


def _description_in(body: dict[str, Any]) -> str | None:
    if "description" not in body:
        return None
    description = str(body["description"]).strip()
    if len(description) > LONGEST_DESCRIPTION:
        message = f"A description has at most {LONGEST_DESCRIPTION} characters."
        raise FormError([Problem("invalid", message, field="description")])
    return description
