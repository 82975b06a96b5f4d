"""A real installation under test: started with the users' own command, used from outside."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.database import Database
from bench.graphs import Graph
from bench.memory import pss_mib
from tests.environment.installation import Installation

TIMEOUT_SECONDS = 10.0


class ProductError(Exception):
    """The product did not do what the bench needs."""


@dataclass(frozen=True)
class Hook:
    """An active workflow: where its webhook is, how many steps a run of it has."""

    path: str
    steps: int
    workflow: str
    """Its id."""


class Product:
    """Starts with the first line of a `with`, stops with its last."""

    def __init__(self, folder: Path, database_url: str | None = None, **env: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.installation = Installation(
            folder,
            database_url=database_url,
            ALTOFLOW_HTTP_ALLOW_NETS="127.0.0.0/8",
            **env,
        )

    @property
    def port(self) -> int:
        return self.installation.port

    def __enter__(self) -> Product:
        self.ready_seconds = self.installation.start()
        self.database = Database(self.installation)
        made = self.installation.manage("create_api_key", "--name", "bench", "--role", "admin")
        self.key = made.stdout.strip()
        if not self.key:
            raise ProductError(f"There is no key for the API:\n{made.stderr}")
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()
        self.installation.stop()
        self.installation.close()

    def publish(self, name: str, graph: Graph) -> Hook:
        """Of a workflow that a webhook starts."""
        active = self.activate(name, graph)
        return Hook(urlsplit(active["webhook_url"]).path, len(graph["nodes"]), active["id"])

    def activate(self, name: str, graph: Graph) -> dict[str, Any]:
        """The workflow, published and active."""
        workflow = self.call("POST", "workflows/", {"name": name, "graph": graph})
        self.call("POST", f"workflows/{workflow['id']}/publish/", {"note": ""})
        active: dict[str, Any] = self.call("POST", f"workflows/{workflow['id']}/activate/")
        return active

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the REST API. Raises ProductError for any answer but 2xx."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        text = None if body is None else json.dumps(body)
        try:
            connection.request(method, f"/api/v1/{path}", text, headers)
            answer = connection.getresponse()
            content = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise ProductError(f"{method} {path} was answered with {answer.status}: {content}")
        return json.loads(content)

    def mib(self) -> float:
        return pss_mib(self.installation.pids())
