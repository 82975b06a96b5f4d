"""A workflow for any GitHub event, and what it has to make of a payload."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

SECRET_NAME = "github_secret"
SECRET = "It's a secret to everybody"

FACTS = {
    "event": ("{{ trigger.headers.x-github-event }}", None),
    "action": ("{{ trigger.body.action }}", "none"),
    "sender": ("{{ trigger.body.sender.login }}", "nobody"),
    "repository": ("{{ trigger.body.repository.full_name }}", ""),
}
IN_REPOSITORY = (
    "{{ facts.event }}/{{ facts.action }} by {{ facts.sender }} in {{ facts.repository }}"
)
ELSEWHERE = "{{ facts.event }}/{{ facts.action }} by {{ facts.sender }}, in no repository"


def any_event() -> dict[str, Any]:
    """Takes facts out of the payload, branches on one of them, and joins the branches again."""
    signature = {"scheme": "github", "secret": f"{{{{ vault.{SECRET_NAME} }}}}"}
    mappings = [
        {"target": name, "value": value, "default": default}
        for name, (value, default) in FACTS.items()
    ]
    condition = {"left": "{{ facts.repository }}", "operator": "is_not_empty"}
    summary = {
        "line": "{{ with.text }}{{ without.text }}",
        "payload": "{{ trigger.body }}",
    }
    nodes = {
        "hook": ("webhook_trigger", {"signature": signature}),
        "facts": ("data_mapper", {"mappings": mappings}),
        "has_repository": ("string_condition", condition),
        "with": ("text_transform", {"template": IN_REPOSITORY}),
        "without": ("text_transform", {"template": ELSEWHERE}),
        "summary": ("data_mapper", {"template": summary}),
    }
    edges = [
        ("hook", "default", "facts"),
        ("facts", "default", "has_repository"),
        ("has_repository", "true", "with"),
        ("has_repository", "false", "without"),
        ("with", "default", "summary"),
        ("without", "default", "summary"),
    ]
    return {
        "nodes": [{"id": name, "type": kind, "config": c} for name, (kind, c) in nodes.items()],
        "edges": [{"source": a, "port": port, "target": b} for a, port, b in edges],
    }


def expected_output(event: str, payload: dict[str, Any]) -> dict[str, Any]:
    sender = (payload.get("sender") or {}).get("login") or "nobody"
    repository = (payload.get("repository") or {}).get("full_name")
    where = f" in {repository}" if repository else ", in no repository"
    action = payload.get("action") or "none"
    return {"line": f"{event}/{action} by {sender}{where}", "payload": payload}


def expected_steps(payload: dict[str, Any]) -> set[str]:
    branch = "with" if (payload.get("repository") or {}).get("full_name") else "without"
    return {"hook", "facts", "has_repository", branch, "summary"}


def request(event: str, payload: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Body and headers as GitHub sends them (docs: "Validating webhook deliveries")."""
    body = json.dumps(payload).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": f"sha256={digest}",
    }
