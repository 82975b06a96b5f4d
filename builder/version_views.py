"""The versions of a workflow: who, when, what changed; two of them side by side; back to the draft.

Works without script.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from builder.comparison import Comparison, together
from builder.diff import GraphDiff, compare
from builder.json_input import pretty
from runs.pages import attempt_to, missing_is_404, read_number
from workflows import selectors, services
from workflows.access import require_role, user_of
from workflows.errors import GraphError
from workflows.graph import Graph
from workflows.models import Role, Version, Workflow
from workflows.node_type import Json

PAGE_SIZE = 20
DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """`diff`: beside the one before; None for the first."""

    version: Version
    before: int | None
    diff: GraphDiff | None


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def version_list(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    found = selectors.list_versions(workflow).defer(None)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    first = (page.number - 1) * PAGE_SIZE
    # One more than is shown: the last row is compared with it.
    versions = list(found[first : first + PAGE_SIZE + 1])
    before = [*versions[1:], None]
    rows = [_row(*pair) for pair in zip(versions[:PAGE_SIZE], before, strict=False)]
    newest = versions[0] if versions and page.number == 1 else None
    context = {
        "section": "workflows",
        "workflow": workflow,
        "page": page,
        "rows": rows,
        "newest": newest,
        "draft_diff": compare(newest.graph, workflow.draft) if newest else None,
    }
    return render(request, "builder/versions.html", context)


def _row(version: Version, before: Version | None) -> VersionRow:
    if before is None:
        return VersionRow(version, None, None)
    return VersionRow(version, before.number, compare(before.graph, version.graph))


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def version_detail(request: HttpRequest, workflow_id: UUID, number: int) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    version = selectors.get_version(workflow, number)
    context = {
        "section": "workflows",
        "workflow": workflow,
        "version": version,
        "graph": _read(version.graph),
        "text": pretty(version.graph),
    }
    return render(request, "builder/version.html", context)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def version_compare(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """`?from=2&to=draft`. By default what publishing the draft would change."""
    workflow = selectors.get_workflow(workflow_id)
    numbers = selectors.list_versions(workflow).values_list("number", flat=True)
    published = workflow.published.number if workflow.published else None
    start = request.GET.get("from", str(published or DRAFT))
    end = request.GET.get("to", DRAFT)
    old, new = (_graph_of(workflow, which) for which in (start, end))
    diff = compare(old, new)
    context = {
        "section": "workflows",
        "workflow": workflow,
        "choices": [(DRAFT, "Draft"), *((str(number), f"v{number}") for number in numbers)],
        "start": start,
        "end": end,
        "diff": diff,
        "comparison": _together(old, new, diff),
    }
    return render(request, "builder/compare.html", context)


def _graph_of(workflow: Workflow, which: str) -> Json:
    """Raises NotFoundError."""
    if which == DRAFT:
        return workflow.draft
    return selectors.get_version(workflow, read_number(which) or 0).graph


def _together(old: Json, new: Json, diff: GraphDiff) -> Comparison | None:
    """None where one of them has a form that is no longer read; the list says what differs."""
    before, after = _read(old), _read(new)
    return together(before, after, diff) if before and after else None


def _read(graph: Json) -> Graph | None:
    try:
        return Graph.from_json(graph)
    except GraphError:
        return None


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def version_restore(request: HttpRequest, workflow_id: UUID, number: int) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    attempt_to(
        request,
        lambda: services.restore_version(workflow=workflow, number=number, by=user_of(request)),
        f"Version {number} is the draft now. Publish it to use it for new runs.",
    )
    return redirect("workflow_detail", workflow_id)
