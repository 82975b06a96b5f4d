"""Real servers on the loopback interface: plain ones come from pytest-httpserver, the nasty ones
from `raw_server`, which lets a test write bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_network
from typing import Any

import pytest

from workflows.errors import NodeError
from workflows.http import HttpAnswer, HttpPolicy, resolver, send
from workflows.http.pool import pool

PUBLIC_ONLY = HttpPolicy()
LOOPBACK = HttpPolicy(allow_nets=(ip_network("127.0.0.0/8"), ip_network("::1/128")))

Script = Callable[[socket.socket, bytes], Any]


class RawServer:
    """Accepts connections and runs `script(socket, request)` for each request that comes in; the
    connection stays open while the script returns True. `b""` is what a script gets when
    `speaks_first` is set: it is called before anything was read."""

    def __init__(self, script: Script, host: str = "127.0.0.1", speaks_first: bool = False) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.port: int = self.listener.getsockname()[1]
        self.url = f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
        self.script = script
        self.speaks_first = speaks_first
        self.requests: list[bytes] = []
        self.connections: list[socket.socket] = []
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                self.connections.append(sock)
                thread = threading.Thread(target=self.serve, args=(sock,), daemon=True)
                self.threads.append(thread)
                thread.start()

    def serve(self, sock: socket.socket) -> None:
        with sock, suppress(OSError):
            if self.speaks_first:
                self.script(sock, b"")
                return
            while request := read_request(sock):
                self.requests.append(request)
                if not self.script(sock, request):
                    return

    def stop(self) -> None:
        for sock in [self.listener, *self.connections]:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self.threads:
            thread.join(5)


def read_request(sock: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-len")),
        0,
    )
    while len(body) < length:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


def reply(body: bytes = b"ok", *headers: str, status: str = "200 OK") -> Script:
    """A script that answers every request on a connection in the same way."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    answer = "\r\n".join(lines).encode() + body

    def script(sock: socket.socket, request: bytes) -> bool:
        sock.sendall(answer)
        return True

    return script


def say(*pieces: bytes) -> Script:
    """A script that sends these bytes and closes."""

    def script(sock: socket.socket, request: bytes) -> None:
        for piece in pieces:
            sock.sendall(piece)

    return script


def get(url: str, method: str = "GET", **options: Any) -> HttpAnswer:
    options = {
        "headers": {},
        "body": None,
        "seconds": 5.0,
        "max_bytes": 1_000_000,
        "policy": LOOPBACK,
        **options,
    }
    return send(method, url, **options)


def refused(url: str, method: str = "GET", **options: Any) -> NodeError:
    with pytest.raises(NodeError) as caught:
        get(url, method, **options)
    return caught.value


@pytest.fixture
def raw_server() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def start(script: Script, **options: Any) -> RawServer:
        servers.append(RawServer(script, **options))
        return servers[-1]

    yield start
    pool.clear()
    for server in servers:
        server.stop()


@pytest.fixture(autouse=True)
def empty_pool() -> Iterator[None]:
    pool.clear()
    yield
    pool.clear()


class Names:
    """The name server of a test: `answers[name]` is a list of answers, the last one stays."""

    def __init__(self) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []

    def resolve(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answers = self.answers.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr(resolver, "resolve", names.resolve)
    return names
