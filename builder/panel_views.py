"""The side panel of the builder: forms, checks, variables, previews, trials, samples, last data."""

from __future__ import annotations

import time
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from builder.answers import errors_as_json, read_body
from builder.checking import check_settings, preview, trial_context
from builder.forms import (
    Choices,
    config_fields,
    failure_fields,
    kinds_in,
    named_fields,
    other_fields,
)
from builder.last_data import last_data
from builder.loose_graph import form_problems, read_loosely
from builder.outline import outline
from builder.reference import described
from builder.samples import pin_sample, rename_sample, unpin_sample
from builder.variables import pinned_of, sources_for
from runs.pages import missing_is_404, read_id, read_number
from runs.try_node import try_node
from workflows import selectors, services
from workflows.access import require_role, user_of
from workflows.errors import WorkflowError
from workflows.graph import NODE_ID
from workflows.models import Role, Workflow
from workflows.node_type import Json, NodeType
from workflows.nodes import registry
from workflows.templating import FILTERS

CALLED = "workflow_trigger"
PARTS_OF_ALL = 20_000
LEAST_PARTS = 40
"""Of the values that one answer shows, and of each of them."""


# ---------------------------------------------------------------- the form


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def node_form(request: HttpRequest, workflow_id: UUID, node_type: str) -> HttpResponse:
    """The form of all nodes of a type, without values."""
    workflow = selectors.get_workflow(workflow_id)
    found = registry().get(node_type)
    if found is None:
        raise Http404(f"There is no node type {node_type!r}.")
    context = {
        "node_type": found,
        "node": described(found.type),
        "named": named_fields(found),
        "config": config_fields(found, _choices(workflow, found)),
        "failure": list(failure_fields(found)),
        "other": other_fields(),
    }
    return render(request, "builder/panel/form.html", context)


def _choices(workflow: Workflow, node_type: NodeType) -> Choices:
    kinds = kinds_in(config_fields(node_type, Choices()))
    secrets = [each.name for each in selectors.list_secrets()] if "vault" in kinds else []
    workflows: list[tuple[str, str]] = []
    if "workflow" in kinds:
        others = selectors.list_triggered_by(CALLED).exclude(pk=workflow.pk)
        workflows = [(str(each.pk), each.name) for each in others]
    return Choices(secrets, workflows)


# ---------------------------------------------------------------- while typing


@require_POST
@require_role(Role.VIEWER, Role.VIEWER)
@errors_as_json
def node_check(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """`{graph, node}` -> the findings of this node. Stores nothing."""
    sent = _Sent(request, workflow_id)
    found = check_settings(sent.workflow, sent.graph, sent.node).as_json()
    malformed = form_problems(sent.body["graph"], sent.node)
    return JsonResponse(found | {"errors": [*(p.as_json() for p in malformed), *found["errors"]]})


@require_POST
@require_role(Role.VIEWER, Role.VIEWER)
@errors_as_json
def node_preview(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """`{graph, node, value, html}` -> what the value gives with the data that is known."""
    sent = _Sent(request, workflow_id)
    is_html = sent.body.get("html") is True
    made = preview(sent.workflow, sent.graph, sent.node, sent.body.get("value"), is_html=is_html)
    return JsonResponse(made)


@require_POST
@require_role(Role.VIEWER, Role.VIEWER)
@errors_as_json
def node_variables(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """`{graph, node}` -> every name that the node's templates know, with an outline of its value;
    with `trial`, the data to try the node with."""
    sent = _Sent(request, workflow_id)
    if sent.body.get("trial") is True:
        return JsonResponse(trial_context(sent.workflow, sent.graph, sent.node))
    found = sources_for(sent.workflow, sent.graph, sent.node)
    share = max(PARTS_OF_ALL // len(found), LEAST_PARTS)
    sources = [
        {
            "root": each.root,
            "group": each.group,
            "label": each.label,
            "type": each.type,
            "origin": each.origin,
            "at": each.at,
            "warning": each.warning,
            "outline": outline(each.value, parts=share) if each.origin else None,
        }
        for each in found
    ]
    filters = [{"name": each.name, "summary": each.summary} for each in FILTERS.values()]
    return JsonResponse({"sources": sources, "filters": filters})


# ---------------------------------------------------------------- trials and samples


@require_POST
@require_role(Role.EDITOR)
@errors_as_json
def node_trial(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """`{graph, node, context}` -> what the node does with this data. Effects are really made."""
    sent = _Sent(request, workflow_id)
    context = sent.body.get("context")
    raw = next(each for each in sent.body["graph"]["nodes"] if sent.names(each))
    began = time.monotonic()
    trial = try_node(node=raw, context=context if isinstance(context, dict) else {})
    milliseconds = round((time.monotonic() - began) * 1000, 1)
    made = {"outline": outline(trial.output), "duration_ms": milliseconds}
    return JsonResponse({**trial.as_json(), **made})


@require_POST
@require_role(Role.EDITOR)
@errors_as_json
def node_sample(request: HttpRequest, workflow_id: UUID, node_id: str) -> HttpResponse:
    """`{output}` pins it, `{to}` lets the sample follow a node to another id, `{}` unpins."""
    workflow = selectors.get_workflow(workflow_id)
    body = read_body(request)
    if "output" in body:
        user = user_of(request)
        pin_sample(workflow=workflow, node_id=node_id, output=body["output"], user=user)
    elif isinstance(body.get("to"), str):
        rename_sample(workflow=workflow, node_id=node_id, to=body["to"])
    else:
        unpin_sample(workflow=workflow, node_id=node_id)
    return JsonResponse({"pinned": "output" in body})


# ---------------------------------------------------------------- the last run


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def node_data(request: HttpRequest, workflow_id: UUID, node_id: str) -> HttpResponse:
    """Input and output of the node in its last run, or in that of `?run=`; `?at=` is the number of
    its step there."""
    workflow = selectors.get_workflow(workflow_id)
    if not NODE_ID.fullmatch(node_id):
        raise Http404(f"{node_id[:80]!r} is no id of a node.")
    at = read_number(request.GET.get("at", "")) or 0
    found = last_data(workflow, node_id, run_id=read_id(request.GET.get("run", "")), at=at)
    context = {
        "workflow": workflow,
        "node_id": node_id,
        "found": found,
        "pinned": pinned_of(workflow, node_id),
        "asked_run": request.GET.get("run", ""),
    }
    return render(request, "builder/panel/_last_data.html", context)


# ---------------------------------------------------------------- what was sent


class _Sent:
    """A graph as it is being edited, and the node in it that is meant."""

    def __init__(self, request: HttpRequest, workflow_id: UUID) -> None:
        """Raises NotFoundError, FormError, GraphError."""
        self.workflow = selectors.get_workflow(workflow_id)
        self.body = read_body(request)
        services.refuse_huge(self.body.get("graph"))
        self.graph = read_loosely(self.body.get("graph"))
        self.node = str(self.body.get("node", ""))
        if self.node not in self.graph.nodes:
            raise WorkflowError(f"The graph has no node {self.node[:80]!r}.", code="unknown_node")

    def names(self, raw: Json) -> bool:
        """Whether this is the node that is meant."""
        return isinstance(raw, dict) and raw.get("id") == self.node
