"""One HTTP/1.1 connection over a socket that `dial` has checked, and its bounded responses."""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HeaderParsingError
from urllib3.util.response import assert_header_parsing

from .url import Target

HEAD_BYTES = 64 * 1024
QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux


class HeadTooLarge(Exception):
    """Status lines and headers, those of interim responses included, pass the limit."""


class WireTooLong(Exception):
    """The response has far more bytes on the wire than its body may have."""


class MeteredFile:
    """The response as a file that can be read so many bytes far and no further.

    http.client and urllib3 read interim responses, chunk extensions and trailers without end, and
    take the end of the connection for the end of the headers.
    """

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file = file
        self._left = HEAD_BYTES
        self._in_head = True

    def enter_body(self, wire_bytes: int) -> None:
        self._left = wire_bytes
        self._in_head = False

    def read(self, size: int) -> bytes:
        if size < 0:
            raise http.client.HTTPException("a chunk has a negative length")
        return self._count(self._file.read(size))

    def readline(self, limit: int) -> bytes:
        line = self._file.readline(limit)
        begun = self._left < HEAD_BYTES
        if self._in_head and begun and len(line) < limit and not line.endswith(b"\n"):
            raise http.client.IncompleteRead(line)
        return self._count(line)

    def _count(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise HeadTooLarge if self._in_head else WireTooLong
        return data

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class BoundedResponse(http.client.HTTPResponse):
    """A response whose head, framing and length on the wire are checked."""

    def __init__(self, sock: socket.socket, method: str | None, wire_bytes: int) -> None:
        super().__init__(sock, method=method)
        self._meter = MeteredFile(self.fp)
        self.fp: Any = self._meter
        self._wire_bytes = wire_bytes

    def begin(self) -> None:
        try:
            super().begin()
            assert_header_parsing(self.headers)
        except HeaderParsingError:
            raise http.client.HTTPException("a header line can not be read") from None
        except http.client.LineTooLong:
            raise HeadTooLarge from None
        except http.client.HTTPException as error:
            # http.client says "too many headers" with the bare base class.
            raise HeadTooLarge if type(error) is http.client.HTTPException else error from None
        self._check_framing()
        self._meter.enter_body(self._wire_bytes)

    def _read_status(self) -> tuple[str, int, str]:
        """http.client skips 100 Continue, but takes 102 and 103 for the final response."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status == 101:
                raise http.client.BadStatusLine("101, an upgrade that nobody asked for")
            if status == 100 or status >= 200:
                return version, status, reason
            while self._meter.readline(HEAD_BYTES).strip():
                pass

    def _check_framing(self) -> None:
        """Where two readers could see two lengths, this one refuses or takes no chances."""
        coding = self.headers.get_all("transfer-encoding", [])
        lengths = set(self.headers.get_all("content-length", []))
        if coding and [name.strip().lower() for name in coding] != ["chunked"]:
            raise http.client.HTTPException("its transfer encoding is not chunked")
        if coding and lengths:
            del self.headers["content-length"]
            self.will_close = True
        elif len(lengths) > 1 or not all(_is_length(length) for length in lengths):
            raise http.client.HTTPException("its content length is no number")


def _is_length(text: str) -> bool:
    return text.isascii() and text.strip().isdigit()


class GuardedConnection(HTTPConnection):
    """It can not connect by itself: its one socket comes from `dial`, connected to `peer`."""

    auto_open = 0

    def __init__(self, target: Target, sock: socket.socket, peer: str) -> None:
        super().__init__(target.host, target.port)
        self.sock = sock
        self.peer = peer
        self.opened = self.idle_since = time.monotonic()
        self.wire_bytes = 0

    def connect(self) -> None:
        raise NotImplementedError("sockets come from dial() alone")

    def acknowledge_at_once(self) -> None:
        """A server that writes head and body apart waits for our acknowledgement in between, which
        the kernel holds back for 40 ms on a kept connection. The option lasts for one exchange."""
        if QUICKACK is not None:
            self.sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)

    def response_class(self, sock: socket.socket, method: str | None = None) -> BoundedResponse:  # type: ignore[override]
        return BoundedResponse(sock, method, self.wire_bytes)


class GuardedTlsConnection(GuardedConnection):
    default_port = 443  # type: ignore[misc]
