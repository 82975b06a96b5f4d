"""The builder: the page of one workflow."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from builder import panels, side
from builder.answers import errors_as_json, read_body
from builder.drawing import laid_out
from builder.editor import GROUPS, card_templates, page_state, palette
from builder.editor_keys import EDITOR_KEYS, VIEWER_KEYS
from runs.pages import missing_is_404
from workflows import selectors, services
from workflows.access import covers, require_role, role_of
from workflows.models import Role

ALIGNMENTS = {
    "left": "align-start-vertical",
    "center": "align-center-vertical",
    "right": "align-end-vertical",
    "top": "align-start-horizontal",
    "middle": "align-center-horizontal",
    "bottom": "align-end-horizontal",
}
TOOL_ICONS = (
    *ALIGNMENTS.values(),
    "clipboard-paste",
    "copy",
    "copy-plus",
    "keyboard",
    "list-tree",
    "maximize",
    "minus",
    "panel-left-close",
    "panel-left-open",
    "plus",
    "redo-2",
    "search",
    "settings-2",
    "spline",
    "trash-2",
    "undo-2",
    "wand-sparkles",
    "x",
)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def editor(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    graph = panels.read_draft(workflow)
    can_edit = covers(role_of(request), Role.EDITOR)
    groups, templates = palette(), card_templates()
    context = {
        "section": "workflows",
        "state": page_state(workflow, graph, can_edit=can_edit, user=request.user.pk),
        "palette": groups,
        "triggers": groups[0].types,
        "card_templates": templates,
        "icons": {*TOOL_ICONS, *(card.icon for card in templates)},
        "alignments": ALIGNMENTS.items(),
        "categories": [*GROUPS, "unknown"],
        "keys": EDITOR_KEYS if can_edit else VIEWER_KEYS,
        **side.side_context(request, workflow, graph),
    }
    return render(request, "builder/editor.html", context)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def workflow_side(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """The side panel and the state in the top bar as they are now."""
    workflow = selectors.get_workflow(workflow_id)
    context = side.side_context(request, workflow, panels.read_draft(workflow))
    return render(request, "builder/_work_state.html", context)


@require_POST
@require_role(Role.EDITOR)
@errors_as_json
def layout(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """{graph} -> where its nodes would stand; nothing is stored."""
    selectors.get_workflow(workflow_id)
    graph = services.read_graph(read_body(request).get("graph"))
    positions = {node: {"x": x, "y": y} for node, (x, y) in laid_out(graph).positions.items()}
    return JsonResponse({"positions": positions})
