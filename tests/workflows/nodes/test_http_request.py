from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.workflows.nodes.support import Run, checked, execute, output, problems
from workflows.errors import NodeError
from workflows.limits import Limits
from workflows.node_type import Output
from workflows.nodes import registry


@pytest.fixture(autouse=True)
def _this_machine_may_be_reached(settings: Settings) -> None:
    settings.HTTP_ALLOW_NETS = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def seen(httpserver: HTTPServer) -> Iterator[list[Request]]:
    """What arrived at /, which answers with `ok`."""
    requests: list[Request] = []

    def answer(request: Request) -> Response:
        request.get_data()
        requests.append(request)
        return Response("ok")

    httpserver.expect_request("/").respond_with_handler(answer)
    yield requests
    httpserver.check_assertions()


def call(server: HTTPServer, path: str = "/", data: Any = None, **config: Any) -> Any:
    return output("http_request", {"url": server.url_for(path), **config}, data)


def failure(
    server: HTTPServer, path: str = "/", run: Run | None = None, **config: Any
) -> NodeError:
    with pytest.raises(NodeError) as caught:
        execute("http_request", {"url": server.url_for(path), **config}, run=run)
    return caught.value


# ---------------------------------------------------------------- what is sent


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


# ---------------------------------------------------------------- what comes back


def test_output(httpserver: HTTPServer) -> None:
    answer = Response(b'{"id": 7}', 201, {"X-Request-Id": "r1", "Content-Type": "application/json"})
    httpserver.expect_request("/").respond_with_response(answer)
    result = call(httpserver)
    assert set(result) == {"status", "headers", "body", "elapsed_ms"}
    assert result["status"] == 201
    assert result["body"] == {"id": 7}
    assert result["headers"]["x-request-id"] == "r1"
    assert 0 <= result["elapsed_ms"] < 5_000


ANSWERS: dict[str, tuple[bytes, str, Any]] = {
    "JSON": (b'{"a": [1, "\xc3\xa9"]}', "application/json", {"a": [1, "é"]}),
    "JSON of a kind": (b"[1]", "application/vnd.github+json; charset=utf-8", [1]),
    "JSON with a mark": (b"\xef\xbb\xbf[1]", "application/json", [1]),
    "JSON in capitals": (b"[1]", "Application/JSON", [1]),
    "said to be JSON": (b"<html>", "application/json", "<html>"),
    "JSON with NUL": (b'"a\\u0000"', "application/json", "a\ufffd"),
    "not said to be JSON": (b'{"a": 1}', "text/plain", '{"a": 1}'),
    "empty JSON": (b"", "application/json", None),
    "empty text": (b"", "text/plain", ""),
    "text": ("Grüße".encode(), "text/html; charset=utf-8", "Grüße"),
    "text in latin-1": ("Grüße".encode("latin-1"), "text/plain; charset=iso-8859-1", "Grüße"),
    "text in Japanese": ("日本".encode("shift_jis"), "text/plain; charset=Shift_JIS", "日本"),
    "text without a charset": ("Grüße".encode(), "text/plain", "Grüße"),
    "old text without a charset": ("Grüße".encode("latin-1"), "text/plain", "Grüße"),
    "text with a wrong charset": ("Grüße".encode("latin-1"), "text/plain; charset=utf-8", "Grüße"),
    "text with an unknown charset": (b"abc", "text/plain; charset=klingon", "abc"),
    "text with a costly charset": (b"xn--a", "text/plain; charset=punycode", "xn--a"),
    "charset that is no charset": (b"abc", "text/plain; charset=zlib", "abc"),
    "unknown type": (b"abc", "application/x-thing", "abc"),
    "no type": (b"abc", "", "abc"),
    "XML": (b"<a/>", "application/xml", "<a/>"),
}


@pytest.mark.parametrize(("raw", "content_type", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_answer(raw: bytes, content_type: str, expected: Any, httpserver: HTTPServer) -> None:
    answer = Response(raw)
    del answer.headers["Content-Type"]
    if content_type:
        answer.headers["Content-Type"] = content_type
    httpserver.expect_request("/").respond_with_response(answer)
    assert call(httpserver)["body"] == expected


@pytest.mark.parametrize("raw", [b"\x89PNG\r\n\x1a\n\xff", b"a\0b"], ids=["image", "zeros"])
def test_bytes_that_are_no_text(raw: bytes, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(raw, content_type="image/png")
    assert call(httpserver)["body"] == {
        "base64": base64.b64encode(raw).decode(),
        "content_type": "image/png",
        "size": len(raw),
    }


EMPTY = {"HEAD": ("HEAD", 200), "204": ("DELETE", 204), "304": ("GET", 304)}


@pytest.mark.parametrize(("method", "status"), EMPTY.values(), ids=EMPTY)
def test_no_body(method: str, status: int, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("", status=status, content_type="text/plain")
    assert call(httpserver, method=method)["body"] is None


EXPECTED: dict[str, tuple[dict[str, str], int, bool]] = {
    "200 by default": ({}, 200, True),
    "399 by default": ({}, 399, True),
    "400 by default": ({}, 400, False),
    "within a range": ({"expected_status": "200-299"}, 204, True),
    "outside of a range": ({"expected_status": "200-299"}, 304, False),
    "in a list": ({"expected_status": "200,201,404"}, 404, True),
    "not in a list": ({"expected_status": "200,201,404"}, 202, False),
    "list with ranges and blanks": ({"expected_status": " 200 - 299 , 500-599"}, 503, True),
    "only one": ({"expected_status": "404"}, 200, False),
}


@pytest.mark.parametrize(("config", "status", "expected"), EXPECTED.values(), ids=EXPECTED)
def test_expected_status(
    config: dict[str, str], status: int, expected: bool, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/").respond_with_data("", status=status)
    if expected:
        assert call(httpserver, **config)["status"] == status
    else:
        assert failure(httpserver, **config).details["status"] == status


def test_an_unexpected_status_shows_what_the_server_said(httpserver: HTTPServer) -> None:
    body = json.dumps({"message": "No such order. " + "x" * 5_000})
    headers = {"Content-Type": "application/json", "X-Request-Id": "r1", "Set-Cookie": "s=1"}
    httpserver.expect_request("/").respond_with_response(Response(body, 404, headers))
    error = failure(httpserver)
    assert error.code == "http_status"
    assert "the status 404" in error.message
    assert "No such order." in error.message
    assert len(error.message) < 400
    told = error.as_json()["details"]
    assert told["status"] == 404
    assert told["body"].startswith('{"message": "No such order.')
    assert len(told["body"]) == 2_001
    assert told["headers"]["x-request-id"] == "r1"
    assert "set-cookie" not in told["headers"]


def test_a_secret_that_the_server_sends_back_is_masked_before_it_is_cut(
    httpserver: HTTPServer,
) -> None:
    secret = "s3cret" * 50
    httpserver.expect_request("/").respond_with_data("x" * 1_900 + secret, status=500)
    error = failure(httpserver).as_json(lambda text: text.replace(secret, "•••"))
    assert "s3c" not in str(error)


RETRIED: dict[str, tuple[int, bool]] = {
    "400": (400, False),
    "401": (401, False),
    "404": (404, False),
    "408": (408, False),
    "429": (429, True),
    "500": (500, True),
    "503": (503, True),
    "599": (599, True),
}


@pytest.mark.parametrize(("status", "retryable"), RETRIED.values(), ids=RETRIED)
def test_which_statuses_are_tried_again(
    status: int, retryable: bool, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/").respond_with_data("", status=status)
    assert failure(httpserver).retryable is retryable


WAITS: dict[str, tuple[int, str, float | None]] = {
    "seconds": (429, "120", 120),
    "seconds of a 503": (503, "7", 7),
    "date": (429, "Wed, 01 Jul 2026 12:01:30 GMT", 90),
    "date in the past": (429, "Wed, 01 Jul 2026 11:00:00 GMT", 0),
    "date without a zone": (429, "Wed, 01 Jul 2026 12:01:30 -0000", 90),
    "negative": (429, "-5", 0),
    "nonsense": (429, "soon", None),
    "endless": (429, "inf", None),
    "missing": (429, "", None),
    "not to be tried again": (404, "120", None),
}


@pytest.mark.parametrize(("status", "value", "wait"), WAITS.values(), ids=WAITS)
def test_retry_after(status: int, value: str, wait: float | None, httpserver: HTTPServer) -> None:
    headers = {"Retry-After": value} if value else {}
    httpserver.expect_request("/").respond_with_data("", status=status, headers=headers)
    assert failure(httpserver).retry_after == wait


def test_a_connection_error_can_be_tried_again(unused_tcp_address: str) -> None:
    with pytest.raises(NodeError) as caught:
        execute("http_request", {"url": unused_tcp_address})
    assert caught.value.code == "http_connect_failed"
    assert caught.value.retryable


@pytest.fixture
def unused_tcp_address(httpserver: HTTPServer) -> str:
    """Nothing listens at port 9, which is reserved for discard."""
    return "http://127.0.0.1:9/"


def test_private_addresses_are_refused(
    httpserver: HTTPServer, settings: Settings, seen: list[Request]
) -> None:
    settings.HTTP_ALLOW_NETS = ()
    error = failure(httpserver)
    assert error.code == "http_blocked"
    assert not error.retryable
    assert not seen


# ---------------------------------------------------------------- redirects and limits


def redirecting(server: HTTPServer) -> None:
    server.expect_request("/old").respond_with_data("", 302, {"Location": server.url_for("/new")})
    server.expect_request("/new").respond_with_data("arrived")


def test_redirects_are_followed(httpserver: HTTPServer) -> None:
    redirecting(httpserver)
    assert call(httpserver, "/old")["body"] == "arrived"


def test_redirects_are_left_alone(httpserver: HTTPServer) -> None:
    redirecting(httpserver)
    result = call(httpserver, "/old", follow_redirects=False)
    assert result["status"] == 302
    assert result["headers"]["location"] == httpserver.url_for("/new")


TIMEOUTS: dict[str, tuple[float, float]] = {
    "timeout of the node": (0.2, 20),
    "end of the step": (30, 0.2),
    "end of the step has passed": (30, -1),
}


@pytest.mark.parametrize(("timeout", "left"), TIMEOUTS.values(), ids=TIMEOUTS)
def test_timeout(timeout: float, left: float, httpserver: HTTPServer) -> None:
    def slow(_: Request) -> Response:
        time.sleep(0.6)
        return Response("late")

    httpserver.expect_request("/").respond_with_handler(slow)
    started = time.monotonic()
    error = failure(httpserver, run=Run(seconds_left=left), timeout_seconds=timeout)
    assert time.monotonic() - started < 0.5
    assert error.code == "http_timeout"
    assert error.retryable


def test_response_limit(httpserver: HTTPServer, settings: Settings) -> None:
    settings.ALTOFLOW_LIMITS = Limits(http_response_bytes=1_000)
    httpserver.expect_request("/").respond_with_data("x" * 1_001)
    error = failure(httpserver)
    assert error.code == "http_response_too_large"
    assert not error.retryable


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
