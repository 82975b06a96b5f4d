"""A server on 127.0.0.1 that answers each request after a while, any number of them at once."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from dataclasses import dataclass

from bench.child import Child

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
BODY = b'{"received": true}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    + str(len(BODY)).encode()
    + b"\r\n\r\n"
    + BODY
)


@dataclass
class Counts:
    """Since the last question."""

    requests: int = 0
    open: int = 0
    most_open: int = 0

    def begin(self) -> None:
        self.requests += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)


class Wait(asyncio.Protocol):
    """One connection; each of its requests is answered `seconds` after it was there."""

    def __init__(self, seconds: float, counts: Counts) -> None:
        self.seconds, self.counts = seconds, counts
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (head := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.buffer, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < end:
                return
            self.buffer = self.buffer[end:]
            self.counts.begin()
            asyncio.get_running_loop().call_later(self.seconds, self.answer)

    def answer(self) -> None:
        self.counts.open -= 1
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


async def serve(seconds: float) -> None:
    """Until standard input ends; each line there asks for the counts."""
    counts, ended = Counts(), asyncio.Event()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Wait(seconds, counts), "127.0.0.1", 0, backlog=1024)

    def report() -> None:
        if not sys.stdin.readline():
            loop.remove_reader(sys.stdin)
            ended.set()
            return
        say({"requests": counts.requests, "most_open": counts.most_open})
        counts.requests, counts.most_open = 0, counts.open

    say(server.sockets[0].getsockname()[1])
    loop.add_reader(sys.stdin, report)
    await ended.wait()
    server.close()


def say(answer: object) -> None:
    print(json.dumps({"answer": answer}), flush=True)


class Receiver(Child):
    """The process, as the bench sees it."""

    def __init__(self, seconds: float) -> None:
        super().__init__("bench.receiver", str(seconds))
        self.seconds = seconds
        self.port = int(self.answer())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def most_open(self) -> int:
        """Requests that waited at the same time, at most, since the last question."""
        return int(self.ask("counts")["most_open"])


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
