"""HTTP as far as the demo's receiver speaks it: one request a connection, small and soon."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.client import HTTPException, parse_headers
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

MOST_HEAD = 16 * 1024
MOST_BODY = 256 * 1024
ARRIVAL_SECONDS = 5.0
LINGER_SECONDS = 0.5

Answer = tuple[int, Any]
"""Status, and what becomes the JSON body."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: Any
    """Parsed where it is JSON, else None."""


class BadRequest(Exception):
    """It can not be read; `status` says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def receive(client: socket.socket) -> Request:
    """The whole request. Raises BadRequest; OSError when the caller is gone or too slow."""
    end = time.monotonic() + ARRIVAL_SECONDS
    data = b""
    while b"\r\n\r\n" not in data:
        if len(data) > MOST_HEAD:
            raise BadRequest(431, f"The head of a request may have {MOST_HEAD} bytes.")
        data += _more(client, end)
    head, _, body = data.partition(b"\r\n\r\n")
    line, _, fields = head.partition(b"\r\n")
    headers = _headers(fields)
    length = _length(headers)
    while len(body) < length:
        body += _more(client, end)
    method, target = _target(line)
    path, query = target
    return Request(method, path, query, headers, _parsed(body[:length]))


def _more(client: socket.socket, end: float) -> bytes:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    client.settimeout(left)
    data = client.recv(16 * 1024)
    if not data:
        raise ConnectionError("The caller left in the middle of its request.")
    return data


def _headers(fields: bytes) -> Message:
    try:
        return parse_headers(BytesIO(fields + b"\r\n\r\n"))
    except HTTPException:
        raise BadRequest(431, "These are too many headers.") from None


def _length(headers: Message) -> int:
    if headers["Transfer-Encoding"]:
        raise BadRequest(411, "Send the body with a Content-Length instead of in chunks.")
    text = headers["Content-Length"] or "0"
    if not (text.isascii() and text.isdigit()):
        raise BadRequest(400, "The Content-Length is no number.")
    # The length of the text first: int() of a million digits is work.
    if len(text) > 9 or int(text) > MOST_BODY:
        raise BadRequest(413, f"A body may have {MOST_BODY} bytes.")
    return int(text)


def _target(line: bytes) -> tuple[str, tuple[str, dict[str, str]]]:
    parts = line.decode("latin-1").split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest(400, "This is no request of HTTP/1.1.")
    try:
        url = urlsplit(parts[1])
        query = dict(parse_qsl(url.query, max_num_fields=50))
    except ValueError:
        raise BadRequest(400, "The address can not be read.") from None
    return parts[0], (unquote(url.path), query)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def reply(client: socket.socket, answer: Answer) -> None:
    """Raises OSError when the caller is gone."""
    status, value = answer
    body = json.dumps(value).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    client.settimeout(ARRIVAL_SECONDS)
    # One packet an answer: two would meet the peer's delayed acknowledgement, 40 ms.
    client.sendall(head.encode() + body)


def linger(client: socket.socket) -> None:
    """Close so that the caller reads the answer: unread bytes would make the kernel reset the
    connection before."""
    client.shutdown(socket.SHUT_WR)
    end = time.monotonic() + LINGER_SECONDS
    while (left := end - time.monotonic()) > 0:
        client.settimeout(left)
        if not client.recv(64 * 1024):
            return
