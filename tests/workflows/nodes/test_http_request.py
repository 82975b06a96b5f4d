"""What http_request sends, and what of its config is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request

from tests.workflows.nodes.support import Run, call, checked, execute, failure, output, problems
from workflows.errors import NodeError
from workflows.node_type import Output
from workflows.nodes import registry

pytestmark = pytest.mark.usefixtures("loopback")


def test_defaults() -> None:
    assert checked("http_request", {"url": "https://example.com"}) == {
        "method": "GET",
        "url": "https://example.com",
        "query": [],
        "headers": [],
        "body_type": "none",
        "body": None,
        "expected_status": "200-399",
        "timeout_seconds": 30,
        "follow_redirects": True,
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_method(method: str, httpserver: HTTPServer, seen: list[Request]) -> None:
    assert call(httpserver, method=method)["status"] == 200
    assert seen[0].method == method


def test_the_url_is_a_template(httpserver: HTTPServer, seen: list[Request]) -> None:
    address = httpserver.url_for("/")
    assert (
        output("http_request", {"url": "{{ a }}?x={{ b }}"}, {"a": address, "b": 1})["body"] == "ok"
    )
    assert seen[0].query_string == b"x=1"


QUERIES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "appended": ([{"name": "a", "value": "1"}, {"name": "b", "value": "2"}], "first=0&a=1&b=2"),
    "escaped": ([{"name": "q", "value": "a&b=c é"}], "first=0&q=a%26b%3Dc+%C3%A9"),
    "template": ([{"name": "q", "value": "{{ node_1.n }}"}], "first=0&q=5"),
    "boolean": ([{"name": "q", "value": True}], "first=0&q=true"),
    "unknown": ([{"name": "q", "value": "{{ node_1.nobody }}"}], "first=0&q="),
    "list": ([{"name": "q", "value": "{{ node_1.list }}"}], "first=0&q=1&q=2"),
    "empty list": ([{"name": "q", "value": []}], "first=0"),
    "without a value": ([{"name": "q"}], "first=0&q="),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES)
def test_query(
    query: list[dict[str, Any]], expected: str, httpserver: HTTPServer, seen: list[Request]
) -> None:
    call(httpserver, "/?first=0", {"node_1": {"n": 5, "list": [1, 2]}}, query=query)
    assert seen[0].query_string.decode() == expected


def test_headers(httpserver: HTTPServer, seen: list[Request]) -> None:
    headers = [
        {"name": "Authorization", "value": "Bearer {{ vault.token }}"},
        {"name": "X-Number", "value": "{{ node_1.n }}"},
        {"name": "X-Blank", "value": "{{ node_1.nobody }}"},
    ]
    call(httpserver, "/", {"node_1": {"n": 5}, "vault": {"token": "abc"}}, headers=headers)
    sent = seen[0].headers
    assert sent["Authorization"] == "Bearer abc"
    assert sent["X-Number"] == "5"
    assert sent["X-Blank"] == ""


BODIES: dict[str, tuple[str, Any, str, bytes]] = {
    "none": ("none", {"a": 1}, "", b""),
    "json object": ("json", {"a": "{{ node_1.quote }}"}, "application/json", b'{"a":"\\"5\\""}'),
    "json value": ("json", "{{ node_1.list }}", "application/json", b"[1,2]"),
    "json written as text": ("json", '{"a": "{{ node_1.n }}"}', "application/json", b'{"a":5}'),
    "json null": ("json", None, "application/json", b"null"),
    "form object": (
        "form",
        {"a": "x&y", "n": "{{ node_1.n }}", "l": [1, 2], "e": None},
        "application/x-www-form-urlencoded",
        b"a=x%26y&n=5&l=1&l=2&e=",
    ),
    "form list": (
        "form",
        [{"name": "a", "value": "1"}, {"name": "a", "value": True}, {"name": "b"}],
        "application/x-www-form-urlencoded",
        b"a=1&a=true&b=",
    ),
    "form written as text": (
        "form",
        '{"a": "1"}',
        "application/x-www-form-urlencoded",
        b"a=1",
    ),
    "text": ("text", "Grüße, {{ node_1.n }}", "text/plain; charset=utf-8", "Grüße, 5".encode()),
    "text that looks like JSON": ("text", '[1,  "a"] ', "text/plain; charset=utf-8", b'[1,  "a"] '),
    "text of a number": ("text", "{{ node_1.n }}", "text/plain; charset=utf-8", b"5"),
    "no text": ("text", None, "text/plain; charset=utf-8", b""),
}


@pytest.mark.parametrize(("kind", "body", "content_type", "sent"), BODIES.values(), ids=BODIES)
def test_body(
    kind: str,
    body: Any,
    content_type: str,
    sent: bytes,
    httpserver: HTTPServer,
    seen: list[Request],
) -> None:
    data = {"node_1": {"n": 5, "quote": '"5"', "list": [1, 2]}}
    call(httpserver, "/", data, method="POST", body_type=kind, body=body)
    assert seen[0].get_data() == sent
    assert seen[0].headers.get("Content-Type", "") == content_type


def test_a_body_without_a_type_is_json(httpserver: HTTPServer, seen: list[Request]) -> None:
    call(httpserver, method="POST", body={"a": 1})
    assert seen[0].get_json() == {"a": 1}


def test_the_users_content_type_is_kept(httpserver: HTTPServer, seen: list[Request]) -> None:
    headers = [{"name": "content-TYPE", "value": "application/vnd.api+json"}]
    call(httpserver, method="POST", body={"a": 1}, headers=headers)
    assert seen[0].headers.getlist("Content-Type") == ["application/vnd.api+json"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_each_request_has_the_idempotency_key_of_its_step(
    method: str, httpserver: HTTPServer, seen: list[Request]
) -> None:
    call(httpserver, method=method)
    assert seen[0].headers["Idempotency-Key"] == Run().idempotency_key
    assert registry()["http_request"].sends_idempotency_key


def test_an_idempotency_key_of_the_user_is_kept(
    httpserver: HTTPServer, seen: list[Request]
) -> None:
    call(httpserver, headers=[{"name": "Idempotency-Key", "value": "mine"}])
    assert seen[0].headers.getlist("Idempotency-Key") == ["mine"]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "url unknown": ({"url": "{{ node_1.nobody }}"}, "'url' has to be a URL, but nothing is there"),
    "url is blank": ({"url": "{{ ' ' }}"}, "'url' has to be a URL"),
    "url is a number": ({"url": 5}, "'url' has to be a URL"),
    "header is a list": (
        {"headers": [{"name": "a", "value": "b"}, {"name": "c", "value": [1]}]},
        r"'headers\[1\].value' has to be a text",
    ),
    "query is an object": ({"query": [{"name": "a", "value": {}}]}, r"'query\[0\].value'"),
    "form is a number": ({"body_type": "form", "body": 5}, "'body' has to be an object"),
    "form of other objects": ({"body_type": "form", "body": [{"key": 1}]}, r"'body\[0\]'"),
    "form with an object": ({"body_type": "form", "body": {"a": {}}}, "'body.a' has to be a text"),
    "text is an object": ({"body_type": "text", "body": {"a": 1}}, "'body' has to be a text"),
}


@pytest.mark.parametrize(("config", "says"), WRONG.values(), ids=WRONG)
def test_wrong_type(config: dict[str, Any], says: str) -> None:
    with pytest.raises(NodeError, match=says) as caught:
        execute("http_request", {"url": "http://127.0.0.1:9", "method": "POST", **config})
    assert caught.value.code == "wrong_type"
    assert not caught.value.retryable


def test_no_header_can_be_smuggled_in(httpserver: HTTPServer) -> None:
    error = failure(httpserver, headers=[{"name": "a", "value": "x\r\nb: y"}])
    assert "line break" in error.message


# ---------------------------------------------------------------- problems at save


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "url is missing": ({"url": None}, "url"),
    "url is blank": ({"url": " "}, "url"),
    "unknown method": ({"method": "TRACE"}, "method"),
    "unknown body type": ({"body_type": "xml"}, "body_type"),
    "broken JSON body": ({"body_type": "json", "body": '{"a": {{ x }}}'}, "body"),
    "status in words": ({"expected_status": "ok"}, "expected_status"),
    "status out of range": ({"expected_status": "200-700"}, "expected_status"),
    "range the wrong way round": ({"expected_status": "300-200"}, "expected_status"),
    "comma at the end": ({"expected_status": "200,"}, "expected_status"),
    "blank status": ({"expected_status": ""}, "expected_status"),
    "timeout too long": ({"timeout_seconds": 301}, "timeout_seconds"),
    "no timeout": ({"timeout_seconds": 0}, "timeout_seconds"),
    "header without a name": ({"headers": [{"value": "a"}]}, "headers"),
    "header name with a blank": ({"headers": [{"name": "a b", "value": ""}]}, "headers"),
    "header name with a line break": ({"headers": [{"name": "a\nb", "value": ""}]}, "headers"),
    "header twice": ({"headers": [{"name": "A"}, {"name": "a"}]}, "headers"),
    "query without a name": ({"query": [{"value": "a"}]}, "query"),
    "query as an object": ({"query": {"a": "b"}}, "query"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert list(problems("http_request", {"url": "https://example.com", **config})) == [field]


def test_a_json_text_is_no_problem_where_no_json_is_sent() -> None:
    for kind in ("none", "form", "text"):
        config = {"url": "https://example.com", "body_type": kind, "body": "{broken"}
        assert not problems("http_request", config)


def test_it_is_found_as_webhook_too() -> None:
    assert "webhook" in registry()["http_request"].keywords


def test_the_result_goes_on_at_default(httpserver: HTTPServer, seen: list[Request]) -> None:
    result = execute("http_request", {"url": httpserver.url_for("/")})
    assert isinstance(result, Output)
    assert result.port == "default"
    assert len(seen) == 1
