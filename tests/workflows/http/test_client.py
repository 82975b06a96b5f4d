"""What has to work: the ordinary web."""

from __future__ import annotations

import gzip
import json
import socket
import zlib

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from .conftest import RawServer, get, reply, say

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get"])
@pytest.mark.parametrize("body", [None, b"", b"\x00\xff body"], ids=["none", "empty", "bytes"])
def test_methods_and_bodies(httpserver: HTTPServer, method: str, body: bytes | None) -> None:
    def handle(request: Request) -> Response:
        return Response(request.method.encode() + b" " + request.get_data())

    httpserver.expect_request("/x").respond_with_handler(handle)
    answer = get(httpserver.url_for("/x"), method, body=body)
    assert answer.body == method.upper().encode() + b" " + (body or b"")


@pytest.mark.parametrize("status", [200, 201, 299, 300, 400, 401, 404, 418, 429, 500, 503, 599])
def test_every_status_is_an_answer(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/").respond_with_data(b"why", status=status)
    answer = get(httpserver.url_for("/"))
    assert (answer.status, answer.body) == (status, b"why")


def test_the_request_as_it_is_sent(raw_server) -> None:
    server = raw_server(reply())
    get(f"{server.url}/a?b=1", "POST", headers={"X-Name": "Zoë"}, body=b"hi", params=[("c", "é")])
    lines, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *headers = lines.split(b"\r\n")
    assert first == b"POST /a?b=1&c=%C3%A9 HTTP/1.1"
    assert sorted(headers) == [
        b"Content-Length: 2",
        f"Host: 127.0.0.1:{server.port}".encode(),
        b"accept-encoding: gzip, deflate",
        b"accept: */*",
        b"user-agent: Altoflow/0.1.0",
        "x-name: Zoë".encode(),
    ]
    assert body == b"hi"


def test_answer_fields(raw_server) -> None:
    server = raw_server(reply(b"x", "X-Two: a", "x-two: b", "Set-Cookie: c=1", "Empty:"))
    answer = get(f"{server.url}/p?q=1#f")
    assert answer.headers["x-two"] == "a, b"
    assert answer.headers["empty"] == ""
    assert answer.url == f"{server.url}/p?q=1"
    assert 0 <= answer.elapsed_ms < 2000


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        pytest.param(OK + b"\r\nuntil the end", b"until the end", id="no length"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nold", b"old", id="HTTP/1.0"),
        pytest.param(b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", b"x", id="no reason"),
        pytest.param(
            OK + b"Transfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n",
            b"abcde",
            id="chunked",
        ),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="204"),
        pytest.param(b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n", b"", id="304"),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
            + OK
            + b"Content-Length: 1\r\n\r\nx",
            b"x",
            id="interim responses",
        ),
        pytest.param(
            OK + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", b"x", id="same length twice"
        ),
        pytest.param(OK + b"X: a\r\n  b\r\nContent-Length: 1\r\n\r\nx", b"x", id="folded header"),
    ],
)
def test_ways_to_frame_a_response(raw_server, answer: bytes, body: bytes) -> None:
    assert get(raw_server(say(answer)).url).body == body


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"hello" * 1000, mtime=0)),
        ("GZIP", gzip.compress(b"hello" * 500, mtime=0) * 2),
        ("deflate", zlib.compress(b"hello" * 1000)),
        ("deflate", zlib.compress(b"hello" * 1000)[2:-4]),
        ("deflate, gzip", gzip.compress(zlib.compress(b"hello" * 1000), mtime=0)),
        ("identity", b"hello" * 1000),
    ],
)
def test_content_codings(raw_server, coding: str, packed: bytes) -> None:
    server = raw_server(reply(packed, f"Content-Encoding: {coding}"))
    assert get(server.url).body == b"hello" * 1000


def test_head_has_headers_and_no_body(raw_server) -> None:
    def script(sock: socket.socket, request: bytes) -> bool:
        sock.sendall(OK + b"Content-Length: 999999999\r\nETag: x\r\n\r\n")
        return True

    server = raw_server(script)
    for _ in range(2):
        answer = get(server.url, "HEAD")
        assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"", "x")
    assert len(server.connections) == 1


def test_ipv6(raw_server) -> None:
    server: RawServer = raw_server(reply(), host="::1")
    assert get(server.url).body == b"ok"
    assert f"Host: [::1]:{server.port}".encode() in server.requests[0]


def test_a_large_body_both_ways(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_handler(lambda request: Response(request.data))
    body = b"0123456789" * 500_000
    assert get(httpserver.url_for("/"), "POST", body=body, max_bytes=5_000_000).body == body


def test_json_through_a_real_server(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/", method="POST", json={"a": "ü"}).respond_with_json({"b": [1]})
    answer = get(
        httpserver.url_for("/"),
        "POST",
        headers={"Content-Type": "application/json"},
        body=json.dumps({"a": "ü"}).encode(),
    )
    assert json.loads(answer.body) == {"b": [1]}
    assert answer.headers["content-type"] == "application/json"


def test_own_accept_encoding_and_user_agent(raw_server) -> None:
    server = raw_server(reply())
    get(server.url, headers={"Accept-Encoding": "identity", "User-Agent": "me/1"})
    assert b"accept-encoding: identity\r\n" in server.requests[0]
    assert b"user-agent: me/1\r\n" in server.requests[0]
    assert b"Altoflow" not in server.requests[0]
