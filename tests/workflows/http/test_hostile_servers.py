"""Servers that try to hold, flood or confuse their caller."""

from __future__ import annotations

import gzip
import itertools
import socket
import time
import zlib
from collections.abc import Iterator

import pytest

from .conftest import Script, get, refused, reply, say

SLOW = 0.5
OK = b"HTTP/1.1 200 OK\r\n"


def drip(start: bytes, piece: bytes) -> Script:
    """A byte now and then, for ever: each one starts a socket's time limit again."""

    def script(sock: socket.socket, request: bytes) -> None:
        sock.sendall(start)
        while True:
            sock.sendall(piece)
            time.sleep(0.02)

    return script


def flood(start: bytes, piece: bytes) -> Script:
    def script(sock: socket.socket, request: bytes) -> None:
        sock.sendall(start)
        while True:
            sock.sendall(piece)

    return script


def silence(sock: socket.socket, request: bytes) -> None:
    sock.recv(1)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(silence, id="no answer"),
        pytest.param(drip(b"", b"H"), id="status line"),
        pytest.param(drip(OK, b"X-A: b\r\n"), id="headers"),
        pytest.param(drip(OK + b"X-A: ", b"b"), id="one header"),
        pytest.param(drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="100 Continue"),
        pytest.param(drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), id="103 Early Hints"),
        pytest.param(drip(OK + b"Content-Length: 100000\r\n\r\n", b"x"), id="body"),
        pytest.param(drip(OK + b"\r\n", b"x"), id="body without length"),
        pytest.param(drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), id="chunks"),
        pytest.param(
            drip(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"), id="chunk extension"
        ),
        pytest.param(
            drip(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"), id="trailers"
        ),
        pytest.param(
            drip(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"")), id="gzip members"
        ),
    ],
)
def test_the_deadline_ends_slow_servers(raw_server, script: Script) -> None:
    started = time.monotonic()
    error = refused(raw_server(script).url, seconds=SLOW)
    assert (error.code, error.retryable) == ("http_timeout", True)
    assert SLOW <= time.monotonic() - started + 0.01 < SLOW + 1.5


def test_a_server_that_does_not_read(raw_server) -> None:
    server = raw_server(lambda sock, request: time.sleep(SLOW * 2), speaks_first=True)
    started = time.monotonic()
    error = refused(server.url, "PUT", body=b"x" * 30_000_000, seconds=SLOW)
    assert error.code == "http_timeout"
    assert time.monotonic() - started < SLOW + 1.5


def test_a_body_that_is_cut_by_the_deadline_is_no_answer(raw_server) -> None:
    def script(sock: socket.socket, request: bytes) -> None:
        sock.sendall(OK + b"\r\n" + b'{"complete": true}')
        sock.recv(1)

    assert refused(raw_server(script).url, seconds=SLOW).code == "http_timeout"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(flood(OK, b"X-A: b\r\n"), id="headers"),
        pytest.param(flood(OK + b"X-A: ", b"b" * 1000), id="one header"),
        pytest.param(say(OK, b"X-A: " + b"b" * 70_000, b"\r\n\r\n"), id="a long header"),
        pytest.param(say(OK, (b"X-A: " + b"b" * 10_000 + b"\r\n") * 8, b"\r\n"), id="in total"),
        pytest.param(say(OK, *(b"X-%d: y\r\n" % n for n in range(101)), b"\r\n"), id="many"),
        pytest.param(flood(b"HTTP/1.1 200 ", b"x" * 1000), id="status line"),
        pytest.param(flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="100 Continue"),
        pytest.param(flood(b"", b"HTTP/1.1 102 Processing\r\nA: b\r\n\r\n"), id="102 Processing"),
    ],
)
def test_header_bombs(raw_server, script: Script) -> None:
    error = refused(raw_server(script).url)
    assert (error.code, error.retryable) == ("http_response_too_large", False)
    assert "header" in error.message


def pieces_of_a_bomb() -> Iterator[bytes]:
    packer = zlib.compressobj(9, wbits=31)
    for _ in range(100):
        yield packer.compress(bytes(1_000_000))
    yield packer.flush()


BOMB = b"".join(pieces_of_a_bomb())
TWICE = gzip.compress(BOMB)
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def chunks(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(say(OK + b"Content-Length: 100001\r\n\r\n"), id="declared, none sent"),
        pytest.param(say(OK + b"Content-Length: %d\r\n\r\n" % 10**18), id="declared, huge"),
        pytest.param(flood(OK + b"\r\n", b"x" * 10_000), id="without length"),
        pytest.param(flood(CHUNKED, b"2710\r\n" + b"x" * 10_000 + b"\r\n"), id="endless chunks"),
        pytest.param(flood(CHUNKED + b"ffffffffff\r\n", b"x" * 10_000), id="a huge chunk"),
        pytest.param(flood(CHUNKED, b"1;" + b"e" * 60_000 + b"\r\nx\r\n"), id="extensions"),
        pytest.param(flood(CHUNKED + b"0\r\n", b"X: y\r\n"), id="trailers"),
        pytest.param(reply(BOMB, "Content-Encoding: gzip"), id="gzip bomb"),
        pytest.param(reply(BOMB, "Content-Encoding: X-GZIP"), id="x-gzip bomb"),
        pytest.param(reply(TWICE, "Content-Encoding: gzip, gzip"), id="gzip in gzip"),
        pytest.param(
            reply(zlib.compress(bytes(10_000_000)), "Content-Encoding: deflate"), id="deflate bomb"
        ),
        pytest.param(
            say(OK + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n", chunks(BOMB)),
            id="chunked gzip bomb",
        ),
        pytest.param(
            flood(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 100),
            id="endless nothing",
        ),
    ],
)
def test_large_bodies(raw_server, script: Script) -> None:
    started = time.monotonic()
    error = refused(raw_server(script).url, max_bytes=100_000)
    assert (error.code, error.retryable) == ("http_response_too_large", False)
    assert "100,000 bytes" in error.message
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("headers", [(), ("Content-Encoding: gzip",)], ids=["plain", "gzip"])
def test_the_limit_is_exact(raw_server, headers: tuple[str, ...]) -> None:
    body = b"x" * 100_000
    server = raw_server(reply(gzip.compress(body) if headers else body, *headers))
    assert get(server.url, max_bytes=100_000).body == body
    assert refused(server.url, max_bytes=99_999).code == "http_response_too_large"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(b"", "http_connection_lost", id="nothing"),
        pytest.param(OK, "http_connection_lost", id="half a head"),
        pytest.param(OK + b"X: y\r\nContent-Len", "http_connection_lost", id="half a header"),
        pytest.param(OK + b"Content-Length: 10\r\n\r\nabc", "http_connection_lost", id="short"),
        pytest.param(CHUNKED + b"5\r\nab", "http_connection_lost", id="short chunk"),
        pytest.param(CHUNKED + b"2\r\nab\r\n", "http_connection_lost", id="no last chunk"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "http_protocol_error", id="another protocol"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02", "http_protocol_error", id="TLS"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", "http_protocol_error", id="status"),
        pytest.param(b"HTTP/1.1 99 Low\r\n\r\n", "http_protocol_error", id="status below 100"),
        pytest.param(b"HTTP/2 200 OK\r\n\r\n", "http_protocol_error", id="version"),
        pytest.param(b"HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n", "http_protocol_error", id="upgrade"),
        pytest.param(OK + b"No colon\r\n\r\n", "http_protocol_error", id="header line"),
        pytest.param(
            OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "http_protocol_error",
            id="two lengths",
        ),
        pytest.param(OK + b"Content-Length: -1\r\n\r\n", "http_protocol_error", id="negative"),
        pytest.param(OK + b"Content-Length: +2\r\n\r\nab", "http_protocol_error", id="plus"),
        pytest.param(OK + b"Content-Length: 2, 3\r\n\r\nab", "http_protocol_error", id="list"),
        pytest.param(
            OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "http_protocol_error", id="coding"
        ),
        pytest.param(CHUNKED + b"-5\r\nabcde\r\n", "http_protocol_error", id="negative chunk"),
        pytest.param(
            OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
            "http_protocol_error",
            id="not gzip",
        ),
    ],
)
def test_broken_responses(raw_server, answer: bytes, code: str) -> None:
    error = refused(raw_server(say(answer)).url)
    assert (error.code, error.retryable) == (code, True)


def test_a_length_is_ignored_beside_chunks_and_the_connection_dropped(raw_server) -> None:
    both = OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(b"whole")

    def script(sock: socket.socket, request: bytes) -> bool:
        sock.sendall(both)
        return True

    server = raw_server(script)
    assert [get(server.url).body for _ in range(2)] == [b"whole", b"whole"]
    assert len(server.connections) == 2


def test_bytes_after_a_response_do_not_answer_the_next_request(raw_server) -> None:
    numbers = itertools.count()

    def script(sock: socket.socket, request: bytes) -> bool:
        answer = b"answer %d" % next(numbers)
        head = OK + b"Content-Length: %d\r\n\r\n" % len(answer)
        sock.sendall(head + answer + OK + b"Content-Length: 4\r\n\r\nevil")
        return True

    server = raw_server(script)
    assert [get(server.url).body for _ in range(3)] == [b"answer 0", b"answer 1", b"answer 2"]


def test_a_refused_body_may_be_answered_before_it_is_read(raw_server) -> None:
    def script(sock: socket.socket, request: bytes) -> None:
        sock.recv(1000)
        reply(b"too much", "Connection: close", status="413 Too Large")(sock, b"")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1_000_000):
            pass

    server = raw_server(script, speaks_first=True)
    answer = get(server.url, "POST", body=b"x" * 5_000_000)
    assert (answer.status, answer.body) == (413, b"too much")


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"X": "a\r\nEvil: 1"}, "line break"),
        ({"X": "a\nEvil: 1"}, "line break"),
        ({"X": "a\rb"}, "line break"),
        ({"X": "a\x00b"}, "control character"),
        ({"X: 1\r\nEvil": "a"}, "name of a header"),
        ({"X Y": "a"}, "name of a header"),
        ({"": "a"}, "name of a header"),
        ({"Ä": "a"}, "name of a header"),
        ({"X": "\ud800"}, "half of a character"),
        ({"Host": "inside.example"}, "Host"),
        ({"X": "a" * 70_000}, "longer than"),
    ],
)
def test_headers_that_can_not_be_sent(raw_server, headers: dict[str, str], says: str) -> None:
    server = raw_server(reply())
    error = refused(server.url, headers=headers)
    assert (error.code, error.retryable) == ("http_bad_request", False)
    assert says in error.message
    assert not server.connections


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "GET / HTTP/1.1\r\nX: y\r\n\r\n", ""])
def test_methods_that_can_not_be_used(raw_server, method: str) -> None:
    server = raw_server(reply())
    assert refused(server.url, method).code == "http_bad_request"
    assert not server.connections


def test_headers_of_the_connection_are_the_clients(raw_server) -> None:
    server = raw_server(reply())
    given = {
        "Content-Length": "3",
        "Transfer-Encoding": "chunked",
        "Connection": "close",
        "Expect": "100-continue",
        "Host": f"127.0.0.1:{server.port}",
    }
    get(server.url, "POST", headers=given, body=b"hello")
    head, _, body = server.requests[0].lower().partition(b"\r\n\r\n")
    assert body == b"hello"
    assert b"content-length: 5" in head
    for name in (b"transfer-encoding", b"connection", b"expect"):
        assert name not in head
    assert head.count(b"host:") == 1


def test_an_unreachable_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = refused(f"http://127.0.0.1:{port}/")
    assert (error.code, error.retryable) == ("http_connect_failed", True)
    assert "refused" in error.message


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_time_at_all(raw_server, seconds: float) -> None:
    assert refused(raw_server(reply()).url, seconds=seconds).code == "http_timeout"
