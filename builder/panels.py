"""What the page of one workflow is made of."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from workflows.access import covers, role_of
from workflows.compiled import trigger_in
from workflows.errors import GraphError, Problem
from workflows.graph import Graph, Node
from workflows.models import Role, Workflow
from workflows.node_type import Json, TriggerType
from workflows.nodes import is_trigger, registry
from workflows.selectors import webhook_url
from workflows.validation import Findings, check_graph

SCHEMES = {"github": "GitHub", "stripe": "Stripe", "hmac_sha256": "HMAC-SHA256"}


def read_draft(workflow: Workflow) -> Graph | None:
    """None for a draft of a form that is no longer read."""
    try:
        return Graph.from_json(workflow.draft)
    except GraphError:
        return None


def findings_of(graph: Graph | None) -> Findings:
    if graph is None:
        message = "The draft has a form that is no longer read. Import it again."
        return Findings((Problem("malformed", message),), ())
    return check_graph(graph)


def trigger_types(workflows: Iterable[Workflow]) -> dict[UUID, str]:
    """The trigger of each workflow: of what is published, else of the draft. One query."""
    rows = Workflow.objects.filter(pk__in=[each.pk for each in workflows])
    found: dict[UUID, str] = {}
    for row in rows.select_related("published").only("draft", "published__graph"):
        graph = row.published.graph if row.published else row.draft
        found[row.pk] = _type_of_trigger(graph)
    return found


def _type_of_trigger(graph: Json) -> str:
    types = (str(node.get("type", "")) for node in graph.get("nodes", []))
    return next(filter(is_trigger, types), "")


def sample_payload(trigger: Node | None) -> Json:
    """What the button Run offers as payload."""
    if trigger is None:
        return {}
    if sample := trigger.config.get("sample"):
        return sample
    node_type = registry()[trigger.type]
    return node_type.sample if isinstance(node_type, TriggerType) else {}


@dataclass(frozen=True, slots=True)
class WebhookPanel:
    url: str
    """Empty where the token can not be decrypted."""
    curl: str
    methods: tuple[str, ...]
    signed_by: str


def webhook_panel(request: HttpRequest, workflow: Workflow, trigger: Node | None) -> Any:
    """None for other triggers, and for people who may not know the address."""
    if trigger is None or trigger.type != "webhook_trigger":
        return None
    if not covers(role_of(request), Role.EDITOR):
        return None
    url = webhook_url(workflow, request.build_absolute_uri("/")) or ""
    # A draft may hold anything here.
    listed = trigger.config.get("methods")
    methods = tuple(map(str, listed)) if listed and isinstance(listed, list) else ("POST",)
    signature = trigger.config.get("signature")
    scheme = str(signature.get("scheme")) if isinstance(signature, Mapping) else ""
    return WebhookPanel(url, _curl(url, methods[0]), methods, SCHEMES.get(scheme, ""))


def _curl(url: str, method: str) -> str:
    if method == "GET":
        return f"curl {shlex.quote(url + '?hello=world')}"
    lines = [
        f"curl -X {shlex.quote(method)} {shlex.quote(url)}",
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(json.dumps({'hello': 'world'}))}",
    ]
    return " \\\n  ".join(lines)


def why_not_active(workflow: Workflow, draft: Graph | None) -> str:
    """The sentence beside a switch that can not be used; empty where it can."""
    if workflow.published is not None:
        return ""
    if draft is not None and trigger_in(draft) is None:
        return "Add a trigger and publish it first."
    return "Publish it first."
