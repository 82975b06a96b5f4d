"""The load generator: keep-alive HTTP/1.1 over plain sockets, many connections in one process.

A closed loop: each connection sends its next request as soon as it has the answer to the one
before. What is measured is kept as it came and read after the last answer, so that a request costs
this process little: its cores are those of the server too.
"""

from __future__ import annotations

import gc
import re
import selectors
import socket
import time
from dataclasses import asdict, dataclass
from typing import Any

from bench.child import Child, ChildError, serve

PATIENCE_SECONDS = 30.0
"""How long the last answers may take after the load has ended."""
RECEIVED_BYTES = 65_536
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    """What to send: the same request over each connection until `seconds` are over."""

    port: int
    path: str
    connections: int = 1
    seconds: float = 1.0
    most: int = 1_000_000
    """Requests in all."""
    method: str = "POST"
    body: str = "{}"
    authorization: str = ""

    @property
    def request(self) -> bytes:
        content = self.body.encode()
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            "User-Agent: altoflow-bench",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
        ]
        if self.authorization:
            lines.append(f"Authorization: {self.authorization}")
        return "\r\n".join([*lines, "\r\n"]).encode() + content


@dataclass(frozen=True)
class Answer:
    """Times in seconds since 1970."""

    sent_at: float
    answered_at: float
    status: int
    body: str

    @property
    def seconds(self) -> float:
        return self.answered_at - self.sent_at


@dataclass(frozen=True)
class Outcome:
    answers: list[Answer]
    cpu_seconds: float
    """What the load generator itself used of a core."""

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return max(a.answered_at for a in self.answers) - min(a.sent_at for a in self.answers)

    @property
    def rate(self) -> float:
        return len(self.answers) / self.seconds

    def check(self, status: int) -> Outcome:
        """Raises ChildError when an answer has another status."""
        for answer in self.answers:
            if answer.status != status:
                raise ChildError(f"An answer was {answer.status}, not {status}: {answer.body}")
        return self


class Connection:
    __slots__ = ("buffer", "key", "sent_at", "socket")

    def __init__(self, port: int) -> None:
        self.buffer = b""
        self.sent_at = 0.0
        self.open(port)

    def open(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def send(self, data: bytes) -> None:
        self.sent_at = time.perf_counter()
        if self.socket.send(data) != len(data):
            raise ChildError(
                "The request did not fit into the socket's buffer; send a smaller one."
            )

    def receive(self) -> bytes | None:
        """A whole answer, or None when there is more to come."""
        data = self.socket.recv(RECEIVED_BYTES)
        if not data:
            raise ChildError("The server closed a connection instead of answering.")
        if self.buffer:
            data = self.buffer + data
        head = data.find(b"\r\n\r\n")
        if head >= 0:
            length = LENGTH.search(data, 0, head)
            if length is None:
                raise ChildError("An answer came without Content-Length.")
            if len(data) >= head + 4 + int(length[1]):
                self.buffer = b""
                return data
        self.buffer = data
        return None


class Generator:
    """One load, from the first request to the last answer."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.request = load.request
        self.selector = selectors.DefaultSelector()
        self.left = load.most
        self.waiting = 0
        self.kept: list[tuple[float, float, bytes]] = []

    def run(self) -> Outcome:
        connections = [Connection(self.load.port) for _ in range(self.load.connections)]
        try:
            for connection in connections:
                self.selector.register(connection.socket, selectors.EVENT_READ, connection)
            gc.collect()
            gc.disable()
            cpu = time.process_time()
            self._turn(connections)
            cpu = time.process_time() - cpu
        finally:
            gc.enable()
            self.selector.close()
            for connection in connections:
                connection.socket.close()
        # Read at the end: no clock is set back between a run's times and these.
        to_wall = time.time() - time.perf_counter()
        return Outcome([read(kept, to_wall) for kept in self.kept], cpu)

    def _turn(self, connections: list[Connection]) -> None:
        end = time.perf_counter() + self.load.seconds
        for connection in connections:
            self._send(connection)
        while self.waiting:
            events = self.selector.select(PATIENCE_SECONDS)
            if not events:
                raise ChildError(f"{self.waiting} requests got no answer.")
            for key, _ in events:
                self._take(key.data, end)

    def _send(self, connection: Connection) -> None:
        if self.left:
            self.left -= 1
            self.waiting += 1
            connection.send(self.request)

    def _take(self, connection: Connection, end: float) -> None:
        data = connection.receive()
        if data is None:
            return
        now = time.perf_counter()
        self.kept.append((connection.sent_at, now, data))
        self.waiting -= 1
        if CLOSES.search(data):
            self._reopen(connection)
        if now < end:
            self._send(connection)

    def _reopen(self, connection: Connection) -> None:
        self.selector.unregister(connection.socket)
        connection.socket.close()
        connection.open(self.load.port)
        self.selector.register(connection.socket, selectors.EVENT_READ, connection)


def read(kept: tuple[float, float, bytes], to_wall: float) -> Answer:
    sent_at, answered_at, data = kept
    head, _, body = data.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    return Answer(sent_at + to_wall, answered_at + to_wall, status, body.decode())


class LoadGenerator(Child):
    """The process, as the bench sees it."""

    def __init__(self) -> None:
        super().__init__("bench.load")

    def begin_load(self, load: Load) -> None:
        self.begin(asdict(load))

    def outcome(self, load: Load) -> Outcome:
        """Of the load that was begun."""
        reply = self.answer(load.seconds + PATIENCE_SECONDS + 10)
        return Outcome([Answer(*values) for values in reply["answers"]], reply["cpu_seconds"])

    def send(self, load: Load) -> Outcome:
        self.begin_load(load)
        return self.outcome(load)


def answer(question: dict[str, Any]) -> dict[str, Any]:
    outcome = Generator(Load(**question)).run()
    answers = [(a.sent_at, a.answered_at, a.status, a.body) for a in outcome.answers]
    return {"answers": answers, "cpu_seconds": outcome.cpu_seconds}


if __name__ == "__main__":
    serve(answer)
