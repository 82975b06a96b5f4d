"""The same address through the real web server: what only a socket can do wrong."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.environment.installation import Installation

MAKE_HOOK = "from tests.runs.hooks import make_hook, path_of; print(path_of(make_hook()))"
VERDICTS = (
    "from runs.models import Delivery; "
    "print(*Delivery.objects.order_by('id').values_list('verdict', flat=True))"
)


@pytest.fixture(scope="module")
def server(new_installation: Callable[..., Installation]) -> Iterator[tuple[Installation, str]]:
    installation = new_installation("sqlite", ALTOFLOW_WEBHOOK_BODY_BYTES="1000")
    installation.start("--only", "web")
    yield installation, shell(installation, MAKE_HOOK)
    installation.close()


def shell(installation: Installation, code: str) -> str:
    done = installation.manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def talk(port: int, *raw: bytes) -> list[tuple[int, Any]]:
    """Send all of it over one connection; the status and body of each answer."""
    address = ("127.0.0.1", port)
    with (
        socket.create_connection(address, timeout=10) as connection,
        connection.makefile("rb") as stream,
    ):
        answers = []
        for request in raw:
            connection.sendall(request)
            answers.append(read_answer(stream))
        return answers


def read_answer(stream: Any) -> tuple[int, Any]:
    status = int(stream.readline().split()[1])
    length = 0
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return status, json.loads(stream.read(length))


def request(path: str, body: bytes, *headers: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def chunked(path: str, *chunks: bytes) -> bytes:
    body = b"".join(f"{len(c):x}\r\n".encode() + c + b"\r\n" for c in chunks) + b"0\r\n\r\n"
    return request(path, body, "Content-Type: application/json", "Transfer-Encoding: chunked")


def sized(path: str, body: bytes) -> bytes:
    return request(path, body, "Content-Type: application/json", f"Content-Length: {len(body)}")


def test_bodies_of_every_kind_over_one_kept_connection(server: tuple[Installation, str]) -> None:
    installation, path = server
    sent = [
        (sized(path, b'{"a": 1}'), 202),
        (chunked(path, b'{"a"', b": 1}"), 202),
        (sized(path, b"{broken"), 400),
        (sized(path, b"x" * 1001), 413),
        (chunked(path, *[b"x" * 500] * 20), 413),
        (sized(path, b"x" * 100_000), 413),
        (request(path, b"", "Content-Length: 0", method="PUT"), 405),
        (sized("/hooks/nobody/", b'{"a": 1}'), 404),
        (sized(path, b'{"a": 2}'), 202),
    ]
    before = shell(installation, VERDICTS).split()
    answers = talk(installation.port, *[raw for raw, _ in sent])
    assert [status for status, _ in answers] == [status for _, status in sent]
    assert shell(installation, VERDICTS).split()[len(before) :] == [
        "accepted",
        "accepted",
        "bad_json",
        "too_large",
        "too_large",
        "too_large",
        "bad_method",
        "unknown_token",
        "accepted",
    ]


def test_a_sender_that_hangs_up_harms_nobody(server: tuple[Installation, str]) -> None:
    installation, path = server
    announced = request(path, b'{"a"', "Content-Type: application/json", "Content-Length: 900")
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", installation.port), timeout=10) as connection:
            connection.sendall(announced)
    assert talk(installation.port, sized(path, b"{}"))[0][0] == 202
    assert "Traceback" not in installation.logs
