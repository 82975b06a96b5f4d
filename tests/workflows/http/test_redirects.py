"""Redirects as browsers follow them, without what they would leak."""

from __future__ import annotations

import json
import time

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from .conftest import RawServer, get, refused, reply


@pytest.fixture
def echo(httpserver: HTTPServer) -> HTTPServer:
    """`/to/<status>?<url>` redirects, `/echo` tells what came in."""

    def redirect(request: Request) -> Response:
        status = int(request.path.rpartition("/")[2])
        return Response(status=status, headers={"Location": request.query_string.decode()})

    def tell(request: Request) -> Response:
        seen = {
            "method": request.method,
            "body": request.get_data(as_text=True),
            "headers": {name.lower(): value for name, value in request.headers.items()},
        }
        return Response(json.dumps(seen), content_type="application/json")

    for status in (301, 302, 303, 307, 308):
        httpserver.expect_request(f"/to/{status}").respond_with_handler(redirect)
    httpserver.expect_request("/echo").respond_with_handler(tell)
    return httpserver


@pytest.mark.parametrize(
    ("status", "method", "becomes", "body"),
    [
        (301, "GET", "GET", ""),
        (301, "POST", "GET", ""),
        (302, "POST", "GET", ""),
        (303, "POST", "GET", ""),
        (303, "PUT", "GET", ""),
        (303, "DELETE", "GET", ""),
        (301, "PUT", "PUT", "x=1"),
        (302, "PATCH", "PATCH", "x=1"),
        (307, "POST", "POST", "x=1"),
        (308, "POST", "POST", "x=1"),
        (308, "PUT", "PUT", "x=1"),
    ],
)
def test_method_and_body(
    echo: HTTPServer, status: int, method: str, becomes: str, body: str
) -> None:
    url = echo.url_for(f"/to/{status}?/echo")
    sent = None if method == "GET" else b"x=1"
    answer = get(url, method, body=sent, headers={"Content-Type": "text/x", "X-Own": "1"})
    seen = json.loads(answer.body)
    assert (seen["method"], seen["body"]) == (becomes, body)
    assert ("content-type" in seen["headers"]) == (bool(body) or method == "GET")
    assert seen["headers"]["x-own"] == "1"
    assert answer.url == echo.url_for("/echo")


def test_head_stays_head(echo: HTTPServer) -> None:
    answer = get(echo.url_for("/to/303?/echo"), "HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_credentials_stay_on_the_same_origin(echo: HTTPServer) -> None:
    answer = get(echo.url_for("/to/307?/echo"), headers={"Authorization": "Bearer x"})
    assert json.loads(answer.body)["headers"]["authorization"] == "Bearer x"


def test_what_is_kept_when_the_origin_changes(echo: HTTPServer, raw_server) -> None:
    other = f"http://127.0.0.1:{echo.port}/echo"
    first: RawServer = raw_server(reply(b"", f"Location: {other}", status="307 Go"))
    answer = get(
        first.url.replace("//", "//me:pw@"),
        "POST",
        body=b"hello",
        headers={
            "Cookie": "session=secret",
            "X-Api-Key": "secret",
            "Accept": "application/json",
            "Content-Type": "text/plain",
            "User-Agent": "me",
            "Idempotency-Key": "run-1",
        },
    )
    assert b"authorization: Basic bWU6cHc=" in first.requests[0]
    assert b"x-api-key: secret" in first.requests[0]
    seen = json.loads(answer.body)
    assert seen["body"] == "hello"
    seen["headers"].pop("accept-encoding")
    assert seen["headers"] == {
        "host": f"127.0.0.1:{echo.port}",
        "content-length": "5",
        "accept": "application/json",
        "content-type": "text/plain",
        "user-agent": "me",
        "idempotency-key": "run-1",
    }


def test_what_was_dropped_does_not_come_back(raw_server) -> None:
    last: RawServer = raw_server(reply())
    middle = raw_server(reply(b"", f"Location: {last.url}/end", status="302 Go"))
    last.script = lambda sock, request: reply(
        *((b"done",) if b"/end" in request else (b"", f"Location: {middle.url}")),
        status="200 OK" if b"/end" in request else "302 Go",
    )(sock, request)
    assert get(last.url, headers={"Authorization": "secret"}).body == b"done"
    assert b"secret" in last.requests[0]
    assert b"secret" not in middle.requests[0] + last.requests[1]


@pytest.mark.parametrize("hops", [5, 6])
def test_five_redirects_and_no_more(raw_server, hops: int) -> None:
    def script(sock, request: bytes) -> bool:
        number = int(request.split(b" ")[1][1:] or b"0")
        if number == hops:
            return reply(b"end")(sock, request)
        return reply(b"", f"Location: /{number + 1}", status="302 Go")(sock, request)

    server = raw_server(script)
    if hops == 5:
        assert get(server.url).body == b"end"
    else:
        error = refused(server.url)
        assert (error.code, error.retryable) == ("http_too_many_redirects", False)
        assert len(server.requests) == 6


def test_redirects_are_returned_when_not_wanted(echo: HTTPServer) -> None:
    answer = get(echo.url_for("/to/302?http://10.0.0.1/"), follow_redirects=False)
    assert (answer.status, answer.headers["location"]) == (302, "http://10.0.0.1/")


@pytest.mark.parametrize("head", [["Location: "], []], ids=["empty location", "no location"])
def test_a_redirect_without_a_target_is_the_answer(raw_server, head: list[str]) -> None:
    server = raw_server(reply(b"x", *head, status="302 Found"))
    assert get(server.url).status == 302


def test_the_deadline_is_for_all_redirects_together(raw_server) -> None:
    def script(sock, request: bytes) -> bool:
        time.sleep(0.2)
        return reply(b"", "Location: /x", status="302 Go")(sock, request)

    server = raw_server(script)
    assert refused(server.url, seconds=0.5).code == "http_timeout"


def test_a_location_in_utf8(raw_server) -> None:
    def script(sock, request: bytes) -> bool:
        if b" / " in request:
            return reply(b"", "Location: /zürich", status="302 Go")(sock, request)
        return reply(request.split(b" ")[1])(sock, request)

    assert get(raw_server(script).url).body == b"/z%C3%BCrich"
