"""Somebody else's server on 127.0.0.1, which remembers every request that reached it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, cast

from tests.environment.ports import free_port


@dataclass(frozen=True)
class Received:
    """`receipt` is what was answered, another one for each request."""

    path: str
    key: str
    body: Any
    receipt: int
    at: float
    """Monotonic seconds."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        receiver = cast(Server, self.server).receiver
        text = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers.get("Idempotency-Key", "")
        note = Received(self.path, key, json.loads(text), next(receiver.receipts), time.monotonic())
        receiver.received.append(note)
        time.sleep(receiver.seconds)
        answer = json.dumps({"receipt": note.receipt}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    receiver: Receiver

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)

    def handle_error(self, *_: Any) -> None:
        """The caller was killed in the middle of its request; that is what the tests do."""


class Receiver:
    """Answers each POST after `seconds`. Its port stays the same while it is down."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.seconds = 0.0
        self.received: list[Received] = []
        self.receipts = count(1)
        self._server: Server | None = None

    def start(self) -> None:
        self._server = Server(("127.0.0.1", self.port), Handler)
        self._server.receiver = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            for connection in self._server.connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._server = None

    def at(self, path: str) -> list[Received]:
        return [note for note in list(self.received) if note.path == path]

    def by_key(self, path: str) -> dict[str, list[Received]]:
        found = defaultdict(list)
        for note in self.at(path):
            found[note.key].append(note)
        return dict(found)


@contextmanager
def running() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
