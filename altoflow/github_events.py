"""`issues` events as GitHub sends them, with data of our own.

docs.github.com, "Webhook events and payloads" (issues) and "Validating webhook deliveries".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

OWNER, REPOSITORY = "lighthouse-lab", "lamp"
COLOURS = {"bug": "d73a4a", "documentation": "0075ca", "question": "d876e3"}


@dataclass(frozen=True)
class Event:
    """Something that happened to an issue."""

    action: str
    number: int
    title: str
    author: str
    labels: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.action} #{self.number} {self.title!r} [{', '.join(self.labels)}]"


def request_of(event: Event, secret: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the delivery, signed."""
    body = json.dumps(payload_of(event)).encode()
    digest = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    return body, {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/5e1c936",
        "X-GitHub-Delivery": str(uuid4()),
        "X-GitHub-Event": "issues",
        "X-GitHub-Hook-ID": "415926535",
        "X-GitHub-Hook-Installation-Target-ID": "897932384",
        "X-GitHub-Hook-Installation-Target-Type": "repository",
        "X-Hub-Signature-256": f"sha256={digest}",
    }


def payload_of(event: Event) -> dict[str, Any]:
    labels = [_label(name) for name in event.labels]
    payload = {
        "action": event.action,
        "issue": _issue(event, labels),
        "repository": _repository(),
        "sender": _user(event.author),
    }
    return payload | ({"label": labels[0]} if event.action == "labeled" else {})


def _issue(event: Event, labels: list[dict[str, Any]]) -> dict[str, Any]:
    api, page = _addresses()
    closed = event.action == "closed"
    return {
        "url": f"{api}/issues/{event.number}",
        "html_url": f"{page}/issues/{event.number}",
        "id": 2_000_000_000 + event.number,
        "node_id": f"I_kwDOLamp{event.number:04}",
        "number": event.number,
        "title": event.title,
        "user": _user(event.author),
        "labels": labels,
        "state": "closed" if closed else "open",
        "state_reason": "completed" if closed else None,
        "locked": False,
        "assignees": [],
        "milestone": None,
        "comments": 0,
        "created_at": "2026-05-04T09:30:00Z",
        "updated_at": "2026-05-04T09:30:00Z",
        "closed_at": "2026-05-04T10:00:00Z" if closed else None,
        "author_association": "CONTRIBUTOR",
        "body": 'It says "closed" and\nthe lamp stays dark. 🔦',
    }


def _label(name: str) -> dict[str, Any]:
    return {
        "id": 500_000 + len(name),
        "url": f"{_addresses()[0]}/labels/{name}",
        "name": name,
        "color": COLOURS.get(name, "ededed"),
        "default": name in COLOURS,
        "description": None,
    }


def _repository() -> dict[str, Any]:
    api, page = _addresses()
    return {
        "id": 700_123,
        "name": REPOSITORY,
        "full_name": f"{OWNER}/{REPOSITORY}",
        "private": False,
        "owner": _user(OWNER, kind="Organization"),
        "html_url": page,
        "url": api,
        "default_branch": "main",
    }


def _user(login: str, kind: str = "User") -> dict[str, Any]:
    return {
        "login": login,
        "id": sum(login.encode()) * 1000,
        "url": f"https://api.github.com/users/{login}",
        "html_url": f"https://github.com/{login}",
        "type": kind,
        "site_admin": False,
    }


def _addresses() -> tuple[str, str]:
    name = f"{OWNER}/{REPOSITORY}"
    return f"https://api.github.com/repos/{name}", f"https://github.com/{name}"
