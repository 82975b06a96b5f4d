"""What http_request makes of answers, and of those that do not come."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.workflows.nodes.support import Run, call, execute, failure
from workflows.errors import NodeError
from workflows.limits import Limits

pytestmark = pytest.mark.usefixtures("loopback")


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


def test_a_connection_error_can_be_tried_again() -> None:
    """Nothing listens at port 9, which is reserved for discard."""
    with pytest.raises(NodeError) as caught:
        execute("http_request", {"url": "http://127.0.0.1:9/"})
    assert caught.value.code == "http_connect_failed"
    assert caught.value.retryable


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
