"""An HTTP step as a command that a shell takes, and that asks for the same."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from django.test import Client
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from runs.presentation.curl import curl_command
from tests.runs.records import run_of, step_of, workflow_called
from tests.workflows.definitions import user_with
from workflows.models import Role

NASTY = 'it\'s "quoted" $HOME `id` \\ ! \n%41 &;|<>* ünï'
ANYWHERE = re.compile(".*")
CURL = shutil.which("curl")

REQUESTS: dict[str, dict[str, Any]] = {
    "get": {"method": "GET", "body_type": "none", "body": None},
    "query": {"query": [{"name": "a b", "value": NASTY}, {"name": "n", "value": [1, True]}]},
    "query of the address": {"path": "/x?y=1", "query": [{"name": "z", "value": "2"}]},
    "brackets": {"path": "/a[1]{b}"},
    "json": {"method": "POST", "body_type": "json", "body": {"text": NASTY, "list": [1, None]}},
    "a body that looks like a file": {
        "method": "POST",
        "body_type": "text",
        "body": "@/etc/passwd",
    },
    "text": {"method": "PUT", "body_type": "text", "body": NASTY},
    "form": {"method": "POST", "body_type": "form", "body": {"a": NASTY, "b": ["1", "2"]}},
    "headers": {
        "headers": [
            {"name": "X-Nasty", "value": 'it\'s "$HOME" `id`'},
            {"name": "X-Empty", "value": ""},
            {"name": "X-Number", "value": 5},
        ]
    },
    "own content type": {
        "method": "POST",
        "body": {"a": 1},
        "headers": [{"name": "Content-Type", "value": "application/vnd.x+json"}],
    },
    "delete": {"method": "DELETE"},
}
BODIES = {
    "json": json.dumps(
        {"text": NASTY, "list": [1, None]}, ensure_ascii=False, separators=(",", ":")
    ),
    "a body that looks like a file": "@/etc/passwd",
    "text": NASTY,
    "own content type": '{"a":1}',
}


def sent_by(command: str, server: HTTPServer) -> Request:
    """What the server gets when a shell executes the command."""
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        request.get_data()
        seen.append(request)
        return Response("thank you")

    server.expect_request(ANYWHERE).respond_with_handler(answer)
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    (request,) = seen
    return request


@pytest.mark.parametrize("name", REQUESTS)
def test_the_shell_asks_for_the_same(name: str, httpserver: HTTPServer) -> None:
    if CURL is None:
        pytest.skip("!!!! curl is not installed, so its commands are not executed")
    given = {"method": "GET", **REQUESTS[name]}
    path = given.pop("path", "/orders")
    command = curl_command(given | {"url": httpserver.url_for("") + path, "timeout_seconds": 5})
    request = sent_by(command, httpserver)
    assert request.method == given["method"]
    if name in BODIES:
        assert request.get_data(as_text=True) == BODIES[name]
    if name == "query":
        assert request.args.to_dict(flat=False) == {"a b": [NASTY], "n": ["1", "true"]}
    if name == "query of the address":
        assert request.args.to_dict() == {"y": "1", "z": "2"}
    if name == "brackets":
        assert request.path == "/a[1]{b}"
    if name == "form":
        assert request.form.to_dict(flat=False) == {"a": [NASTY], "b": ["1", "2"]}
    if name == "headers":
        assert request.headers["X-Nasty"] == 'it\'s "$HOME" `id`'
        assert (request.headers["X-Empty"], request.headers["X-Number"]) == ("", "5")
    if name == "json":
        assert request.content_type == "application/json"
    if name == "own content type":
        assert request.headers.getlist("Content-Type") == ["application/vnd.x+json"]


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"url": "https://a.example/", "method": "HEAD"}, "curl --head"),
        ({"url": "https://•••/x", "query": [{"name": "k", "value": "•••"}]}, "'https://•••/x?k="),
        ({"url": "https://u:•••@a.example/"}, "https://u:•••@a.example/"),
        ({"url": "https://a.example/", "follow_redirects": True}, "--location"),
        ({"url": "https://a.example/", "timeout_seconds": 2.5}, "--max-time 2.5"),
        (
            {
                "url": "https://a.example/",
                "headers": [{"name": "Authorization", "value": "Bearer •••"}],
            },
            "--header 'authorization: Bearer •••'",
        ),
    ],
)
def test_parts(given: dict[str, Any], part: str) -> None:
    assert part in curl_command(given)


@pytest.mark.parametrize(
    "given",
    [None, "x", {}, {"url": None}, {"url": 5}, {"url": "https://a.example", "headers": [{}]}],
)
def test_what_asks_for_nothing(given: Any) -> None:
    assert curl_command(given) == ""


@pytest.mark.django_db
def test_the_page_offers_it_for_http_steps_only() -> None:
    made = run_of(workflow_called("Orders"))
    sent = {"method": "GET", "url": "https://a.example/", "headers": []}
    called = step_of(made, "call", node_type="http_request", input=sent)
    step_of(made, "other", input=sent)
    client = Client()
    client.force_login(user_with(Role.VIEWER))
    page = client.get(f"/runs/{made.pk}/").content.decode()
    assert page.count('class="curl"') == 1
    assert f'id="curl-{called.pk}"' in page
