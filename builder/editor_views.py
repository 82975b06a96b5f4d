"""The builder: the page of one workflow."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from builder import panels
from builder.editor import page_state
from runs.pages import missing_is_404
from workflows import selectors
from workflows.access import covers, require_role, role_of
from workflows.graph import Graph
from workflows.models import Role, empty_graph


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def editor(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    graph = panels.read_draft(workflow) or Graph.from_json(empty_graph())
    can_edit = covers(role_of(request), Role.EDITOR)
    context = {
        "section": "workflows",
        "workflow": workflow,
        "state": page_state(workflow, graph, can_edit=can_edit),
    }
    return render(request, "builder/editor.html", context)
