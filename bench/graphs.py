"""The workflows that the bench runs."""

from __future__ import annotations

import json
from typing import Any

BODY = """{"action": "opened", "issue": {"number": 1347, "title": "It does not start",
"user": {"login": "octocat"}, "labels": [{"name": "bug"}, {"name": "urgent"}]}}"""
"""What the load generator posts."""

TRIGGER_OUTPUT: dict[str, Any] = {
    "body": json.loads(BODY),
    "headers": {"content-type": "application/json", "user-agent": "altoflow-bench"},
    "query": {},
    "method": "POST",
    "received_at": "2026-01-31T12:00:00.000000Z",
}

Graph = dict[str, Any]


def chain(*nodes: tuple[str, str, dict[str, Any]]) -> Graph:
    """A webhook, then each (type, port to the next, config) in turn: `node_1`, `node_2`, ..."""
    drawn: list[dict[str, Any]] = [{"id": "hook", "type": "webhook_trigger", "config": {}}]
    edges, source, port = [], "hook", "default"
    for number, (kind, leaves_by, config) in enumerate(nodes, start=1):
        name = f"node_{number}"
        drawn.append({"id": name, "type": kind, "config": config})
        edges.append({"source": source, "port": port, "target": name})
        source, port = name, leaves_by
    return {"nodes": drawn, "edges": edges}


TEXT = "#{{ trigger.body.issue.number }}: {{ trigger.body.issue.title }}"
OBJECT: dict[str, Any] = {
    "mappings": [
        {"target": "text", "value": "{{ node_1.text }}"},
        {"target": "author.login", "value": "{{ trigger.body.issue.user.login }}"},
        {"target": "labels", "value": "{{ trigger.body.issue.labels }}"},
    ]
}


def three_steps() -> Graph:
    condition = {"left": "{{ trigger.body.action }}", "operator": "equals", "right": "opened"}
    return chain(
        ("text_transform", "default", {"template": TEXT}),
        ("string_condition", "true", condition),
        ("data_mapper", "default", OBJECT),
    )


def forty_steps() -> Graph:
    """Each step uses what the one before gave."""
    nodes: list[tuple[str, str, dict[str, Any]]] = []
    for number in range(0, 40, 2):
        before = f"node_{number}.text" if number else "trigger.body.issue.title"
        text = f"{{{{ {before} | truncate: 40 }}}} {number}"
        mapping = {"target": "text", "value": f"{{{{ node_{number + 1}.text }}}}"}
        nodes.append(("text_transform", "default", {"template": text}))
        nodes.append(("data_mapper", "default", {"mappings": [mapping]}))
    return chain(*nodes)


def one_call(url: str) -> Graph:
    """Three steps, the second of which waits for an answer."""
    call = {
        "method": "POST",
        "url": url,
        "body_type": "json",
        "body": {"text": "{{ node_1.text }}"},
    }
    answered = {"mappings": [{"target": "status", "value": "{{ node_2.status }}"}]}
    return chain(
        ("text_transform", "default", {"template": TEXT}),
        ("http_request", "default", call),
        ("data_mapper", "default", answered),
    )


def delayed(seconds: Any) -> Graph:
    return chain(
        ("delay", "default", {"duration": seconds}),
        ("text_transform", "default", {"template": "{{ node_1.waited_seconds }}"}),
    )


def calling(workflow: str) -> Graph:
    """A run that starts another one, waits for it, and takes its output."""
    call = {"workflow": workflow, "inputs": {"title": "{{ trigger.body.issue.title }}"}}
    answered = {"mappings": [{"target": "text", "value": "{{ node_1.output.text }}"}]}
    return chain(
        ("trigger_workflow", "default", {**call, "wait": True}),
        ("data_mapper", "default", answered),
    )


def called() -> Graph:
    given = {"inputs": [{"name": "title", "required": True}]}
    mapping = {"target": "text", "value": "{{ trigger.title }}"}
    return two_nodes(("workflow_trigger", given), ("data_mapper", {"mappings": [mapping]}))


def answering() -> Graph:
    body = {"number": "{{ trigger.body.issue.number }}", "text": TEXT}
    return two_nodes(("api_trigger", {}), ("respond", {"status": 201, "body": body}))


def two_nodes(trigger: tuple[str, dict[str, Any]], node: tuple[str, dict[str, Any]]) -> Graph:
    return {
        "nodes": [
            {"id": name, "type": kind, "config": config}
            for name, (kind, config) in (("start", trigger), ("node_1", node))
        ],
        "edges": [{"source": "start", "port": "default", "target": "node_1"}],
    }
