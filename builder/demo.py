"""The demo workflow: a signed GitHub webhook, a condition, a text and two calls to a receiver."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from workflows import services, vault
from workflows.errors import ConflictError
from workflows.models import Workflow

NAME = "New GitHub issue"
SECRET = "github_webhook_secret"  # noqa: S105 - its name
SUMMARY = """\
#{{ trigger.body.issue.number }} {{ trigger.body.issue.title }}
by {{ trigger.body.issue.user.login }} in {{ trigger.body.repository.full_name }}
{% for label in trigger.body.issue.labels %}[{{ label.name }}] {% endfor %}
{{ trigger.body.issue.html_url }}"""
NOBODY = "No team yet: {{ ask_for_team.message }}"


def install_demo(*, user: User | None) -> Workflow:
    """The demo workflow, ready to be started. What is there already stays as it is. Raises
    ConflictError where the demo is switched off."""
    if not settings.DEMO:
        raise ConflictError(
            "The demo is switched off here. Set ALTOFLOW_DEMO=true to have it.", code="no_demo"
        )
    with transaction.atomic():
        if SECRET not in vault.snapshot().values:
            vault.set_secret(
                name=SECRET,
                value=secrets.token_hex(20),
                description="Signs the webhooks of the demo",
            )
        workflow = Workflow.objects.filter(name=NAME, archived_at=None).first()
        if workflow is None:
            description = "Tells a team about each new issue. The demo: manage.py demo"
            workflow = services.create_workflow(
                name=NAME,
                description=description,
                graph=demo_graph(settings.DEMO_RECEIVER),
                by=user,
            )
        if workflow.published is None:
            services.publish_workflow(workflow=workflow, note="The demo", by=user)
        if not workflow.is_active:
            services.activate_workflow(workflow=workflow)
    return workflow


def demo_graph(receiver: str) -> dict[str, Any]:
    """`receiver`: host and port. Nodes without positions are laid out by the page."""
    github = {
        "signature": {"scheme": "github", "secret": f"{{{{ vault.{SECRET} }}}}"},
        "deduplicate_by": "{{ trigger.headers.x-github-delivery }}",
    }
    is_new = {"left": "{{ trigger.body.action }}", "operator": "equals", "right": "opened"}
    question = _post(receiver, "/teams/", {"labels": "{{ trigger.body.issue.labels }}"})
    message = {
        "text": "{{ summary.text }}",
        "team": "{{ ask_for_team.body.team | default: nobody.text }}",
    }
    return {
        "nodes": [
            _node("github", "webhook_trigger", "GitHub", github),
            _node("is_new", "string_condition", "Is it new?", is_new),
            _node("summary", "text_transform", "Write a summary", {"template": SUMMARY}),
            _node("ask_for_team", "http_request", "Ask for its team", question, goes_on=True),
            _node("nobody", "text_transform", "Nobody's", {"template": NOBODY}),
            _node("announce", "http_request", "Announce it", _post(receiver, "/issues/", message)),
        ],
        "edges": [
            _edge("github", "default", "is_new"),
            _edge("is_new", "true", "summary"),
            _edge("summary", "default", "ask_for_team"),
            _edge("ask_for_team", "default", "announce"),
            _edge("ask_for_team", "error", "nobody"),
            _edge("nobody", "default", "announce"),
        ],
    }


def _post(receiver: str, path: str, body: dict[str, str]) -> dict[str, Any]:
    return {
        "method": "POST",
        "url": f"http://{receiver}{path}",
        "body_type": "json",
        "body": body,
        "timeout_seconds": 5,
    }


def _node(
    node_id: str, node_type: str, name: str, config: dict[str, Any], *, goes_on: bool = False
) -> dict[str, Any]:
    return {
        "id": node_id,
        "type": node_type,
        "name": name,
        "config": config,
        "continue_on_error": goes_on,
    }


def _edge(source: str, port: str, target: str) -> dict[str, str]:
    return {"source": source, "port": port, "target": target}
