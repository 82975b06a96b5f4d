"""An installation as its users see it: the REST API, and the addresses of webhooks."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.environment.installation import Installation

TIMEOUT_SECONDS = 20.0
PATIENCE_SECONDS = 5.0
FINISHED = ("completed", "failed", "cancelled")


class Client:
    """An admin with a key of their own. Every answer but 2xx fails the test."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        key = installation.api_key or installation.new_api_key()
        self._headers = {"Authorization": f"Bearer {key}"}

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        answer = self._ask(method, f"{self.installation.url}/api/v1/{path}", body, params)
        log = self.installation.logs[-4_000:] if answer.status_code >= 500 else ""
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}\n{log}"
        return answer.json() if answer.content else None

    def _ask(self, method: str, url: str, body: Any, params: dict[str, Any]) -> requests.Response:
        """A question is asked again when the web process was killed before it answered."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return requests.request(
                    method,
                    url,
                    json=body,
                    params=params,
                    headers=self._headers,
                    timeout=TIMEOUT_SECONDS,
                )
            except requests.ConnectionError:
                if method != "GET" or time.monotonic() > deadline:
                    raise

    def publish(self, name: str, graph: dict[str, Any]) -> dict[str, Any]:
        """The workflow, active, with its `webhook_url`."""
        made = self.call("POST", "workflows/", {"name": name, "graph": graph})
        self.call("POST", f"workflows/{made['id']}/publish/", {})
        active: dict[str, Any] = self.call("POST", f"workflows/{made['id']}/activate/")
        if active["webhook_url"]:
            active["webhook_url"] = self.installation.url + urlsplit(active["webhook_url"]).path
        return active

    def execute(self, workflow: dict[str, Any], payload: Any = None) -> str:
        """The id of the new run."""
        path = f"workflows/{workflow['id']}/execute/"
        return str(self.call("POST", path, {"payload": payload})["id"])

    def run(self, run_id: str, **params: Any) -> dict[str, Any]:
        """With its `steps`."""
        found: dict[str, Any] = self.call("GET", f"runs/{run_id}/", **params)
        return found

    def finished(self, run_id: str, within: float = 15) -> dict[str, Any]:
        deadline, pause = time.monotonic() + within, 0.03
        while (found := self.run(run_id))["status"] not in FINISHED:
            assert time.monotonic() < deadline, f"not finished after {within} s: {found}"
            time.sleep(pause)
            pause = min(0.2, pause * 1.5)
        return found

    def runs(self, workflow: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
        """All of them, without steps."""
        found: list[dict[str, Any]] = []
        params |= {"workflow": workflow["id"], "limit": 200}
        while True:
            page = self.call("GET", "runs/", **params)
            found += page["results"]
            if not page["next"]:
                return found
            params["before"] = page["results"][-1]["id"]

    def unfinished(self, workflow: dict[str, Any]) -> list[dict[str, Any]]:
        return self.runs(workflow, status=["queued", "running", "waiting"])

    def drain(self, workflow: dict[str, Any], within: float) -> float:
        """Seconds until every run of the workflow has ended."""
        began = time.monotonic()
        while left := self.unfinished(workflow):
            took = time.monotonic() - began
            assert took < within, f"{len(left)} runs are stuck after {within} s: {left[:3]}"
            time.sleep(0.1)
        return time.monotonic() - began


def by_node(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The steps of a run by node id; a node that has two of them fails the test."""
    found = {step["node_id"]: step for step in run["steps"]}
    assert len(found) == len(run["steps"]), [step["node_id"] for step in run["steps"]]
    return found
