"""Graphs, people and callers that the tests of definitions share."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.test import Client

from workflows.api_keys import create_api_key
from workflows.models import Role

START: dict[str, Any] = {"id": "start", "type": "manual_trigger", "config": {}}


def graph(text: str = "Hello {{ trigger.name }}", **node: Any) -> dict[str, Any]:
    """A graph that can be published, with one text in it."""
    say = {"id": "say", "type": "text_transform", "config": {"template": text}, **node}
    return {
        "nodes": [START, say],
        "edges": [{"source": "start", "port": "default", "target": "say"}],
    }


def calling(*workflows: Any) -> dict[str, Any]:
    """A graph that starts these workflows."""
    calls = [
        {"id": f"call_{n}", "type": "trigger_workflow", "config": {"workflow": str(workflow.pk)}}
        for n, workflow in enumerate(workflows)
    ]
    return {"nodes": [START, *calls], "edges": []}


def user_with(role: Role) -> User:
    user = User.objects.create_user(f"{role}_user", password="correct horse battery")
    if role == Role.ADMIN:
        user.is_staff = user.is_superuser = True
        user.save()
    elif role == Role.EDITOR:
        user.groups.add(Group.objects.get_or_create(name="editor")[0])
    return user


class Api:
    """A caller of the REST API with a key of its own; without a role, a stranger."""

    def __init__(self, role: Role | None) -> None:
        self.client = Client(raise_request_exception=False)
        key = create_api_key(name="test", role=role) if role else None
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def __call__(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **extra: Any
    ) -> HttpResponse:
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        headers = {**self.headers, **extra.pop("headers", {})}
        kind = extra.pop("content_type", "application/json")
        return self.client.generic(
            method, f"/api/v1/{path}", data, content_type=kind, headers=headers, **extra
        )
