"""Slow, silent and rude clients of a real installation: everybody else is answered meanwhile."""

import re
import socket
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from altoflow.web_worker import AHEAD_BYTES, bytes_wanted
from tests.environment.installation import Installation

GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /hooks/x/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
MORE_THAN_THREADS = 50


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        pytest.param(b"G", 2, id="first byte"),
        pytest.param(GET[:-1], len(GET), id="all but the last byte of a head"),
        pytest.param(GET, len(GET), id="no body"),
        pytest.param(POST + b"Content-Length: 3\r\n\r\n", len(POST) + 24, id="body to come"),
        pytest.param(POST + b"content-length:3\r\n\r\nabc", len(POST) + 23, id="whole body"),
        pytest.param(b"X: Content-Length: 3\r\n\r\n", 24, id="no such header"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n", len(POST) + 31, id="chunks to come"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            len(POST) + 41,
            id="all chunks",
        ),
    ],
)
def test_how_long_a_request_is(seen: bytes, wanted: int) -> None:
    assert bytes_wanted(seen) == wanted


@pytest.fixture(scope="module")
def running(new_installation: Callable[..., Installation]) -> Iterator[Installation]:
    installation = new_installation()
    installation.start("--only", "web")
    yield installation
    assert installation.stop() == 0
    assert "Traceback" not in installation.logs


def connect(installation: Installation) -> socket.socket:
    return socket.create_connection(("127.0.0.1", installation.port), timeout=10)


@pytest.mark.chaos
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(GET[:-2], id="head without end"),
        pytest.param(POST + b"Content-Length: 100\r\n\r\nx", id="short body without end"),
        pytest.param(
            POST + b"Content-Length: 900000\r\n\r\n" + b"x" * AHEAD_BYTES,
            id="long body without end",
        ),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nx", id="chunks without end"),
        pytest.param(
            POST + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n", id="waits for continue"
        ),
        pytest.param(GET + GET[:-2], id="second request without end"),
        pytest.param(b"GET /healthz HTTP/1.0\r\n\r\n", id="does not close"),
        pytest.param(b"\x16\x03\x01 no HTTP\r\n\r\n", id="speaks something else"),
    ],
)
def test_others_are_answered_at_once(running: Installation, sent: bytes) -> None:
    clients = [connect(running) for _ in range(MORE_THAN_THREADS)]
    for client in clients:
        client.sendall(sent)
    time.sleep(0.1)
    try:
        for _ in range(3):
            answer = requests.get(f"{running.url}/healthz", timeout=2)
            assert answer.status_code == 200
    finally:
        for client in clients:
            client.close()


@pytest.mark.chaos
@pytest.mark.parametrize(
    ("parts", "statuses"),
    [
        pytest.param([bytes([byte]) for byte in GET], [b"200"], id="byte by byte"),
        pytest.param([GET * 3], [b"200"] * 3, id="three at once"),
        pytest.param(
            [POST + b"Content-Length: 4\r\n\r\n{", b'"a"', GET], [b"404", b"200"], id="body apart"
        ),
        pytest.param(
            [POST + b"Content-Length: 90000\r\n\r\n", b"x" * 70_000, b"x" * 20_000],
            [b"404"],
            id="long body in parts",
        ),
        pytest.param(
            [POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\n", b"abc\r\n0\r\n", b"\r\n"],
            [b"404"],
            id="chunks apart",
        ),
    ],
)
def test_requests_in_parts_are_answered(
    running: Installation, parts: list[bytes], statuses: list[bytes]
) -> None:
    with connect(running) as client:
        for part in parts:
            client.sendall(part)
            time.sleep(0.01)
        client.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: client.recv(65_536), b""))
    assert re.findall(rb"HTTP/1.1 ([0-9]{3}) ", received) == statuses


@pytest.mark.chaos
@pytest.mark.parametrize("name", ["SCRIPT_NAME", "PATH_INFO", "REMOTE_ADDR", "CONTENT_LENGTH"])
def test_no_header_poses_as_a_variable_of_the_server(running: Installation, name: str) -> None:
    with connect(running) as client:
        client.sendall(GET[:-2] + f"{name}: /admin/\r\nConnection: close\r\n\r\n".encode())
        received = b"".join(iter(lambda: client.recv(65_536), b""))
    assert received.startswith(b"HTTP/1.1 200 ")
