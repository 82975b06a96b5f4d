"""Short words for tests of the intake: a workflow with a webhook, and requests to it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from runs.webhooks import hooks_app
from workflows import services
from workflows.models import Workflow
from workflows.selectors import webhook_url


def make_hook(*, activate: bool = True, name: str = "Hooked", **config: Any) -> Workflow:
    trigger = {"id": "hook", "type": "webhook_trigger", "config": config}
    echo = {"id": "echo", "type": "text_transform", "config": {"template": "{{ trigger.body }}"}}
    graph = {
        "nodes": [trigger, echo],
        "edges": [{"source": "hook", "port": "default", "target": "echo"}],
    }
    workflow = services.create_workflow(name=name, graph=graph)
    services.publish_workflow(workflow=workflow)
    return services.activate_workflow(workflow=workflow) if activate else workflow


def path_of(workflow: Workflow) -> str:
    return webhook_url(workflow, "") or ""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    json: Any


def send(
    path: str, body: bytes | dict[str, Any] = b"", method: str = "POST", **more: Any
) -> Answer:
    """A request as a WSGI server hands it over. `more`: headers, or WSGI variables in capitals."""
    if isinstance(body, dict):
        more.setdefault("content_type", "application/json")
        body = json.dumps(body).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(body),
    }
    for name, value in more.items():
        upper = name.upper()
        environ[name if name == upper or "." in name else _variable(upper)] = value
    started: list[Any] = []
    content = b"".join(hooks_app(environ, lambda *given: started.append(given)))
    status, headers = started[0]
    return Answer(int(status.split()[0]), dict(headers), json.loads(content))


def _variable(name: str) -> str:
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
