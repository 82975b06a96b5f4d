"""The worker of the web server: no client holds up the others by being slow.

gunicorn's own worker of threads (27.0) gives a thread to whoever has sent one byte, reads for as
long as bytes drip in, and stops its main loop for two seconds for each client that does not close
an ended connection. Here

- a connection gets a thread when its request has arrived;
- one that is longer than 64 KiB gets it before, but only half of the threads are for such;
- they read within a time that grows with what has come;
- ended connections wait for their clients in the poller.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

ARRIVAL_SECONDS = 20.0
"""For the whole request; a second more for each SLOWEST bytes that came."""
SLOWEST = 16 * 1024
AHEAD_BYTES = 64 * 1024
LINGER_SECONDS = 2.0
"""After the last response, for the client to read it and to close (RFC 9112, section 9.6)."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
_CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)


class Connection(TConn):  # type: ignore[misc]
    began = 0.0
    """When its present request was first looked for."""
    seen = 0
    """Bytes of it that had arrived at the last look."""
    is_whole = False
    queued_at = 0.0


class BoundedUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads one request after the other, each until its time is over; then only what is there."""

    def begin(self, at: float) -> None:
        self._end = at + ARRIVAL_SECONDS

    def chunk(self, size_hint: int | None = None) -> bytes:
        left, before = max(self._end - time.monotonic(), 0.0), self.sock.gettimeout()
        self.sock.settimeout(left if before is None else min(left, before))
        try:
            data: bytes = super().chunk(size_hint)
        except (TimeoutError, BlockingIOError):
            raise NoMoreData from None
        finally:
            self.sock.settimeout(before)
        self._end += len(data) / SLOWEST
        return data


class WebWorker(ThreadWorker):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lingering: deque[Connection] = deque()
        self.queueing: deque[Connection] = deque()
        self.partial = 0
        """Threads that have got a request before all of it had arrived."""

    def accept(self, listener: socket.socket) -> None:
        try:
            sock, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        self._await_request(Connection(self.cfg, sock, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """A kept connection has something to read."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)

    def _await_request(self, conn: Connection) -> None:
        conn.began, conn.seen = time.monotonic(), 0
        if self._has_arrived(conn):
            self._begin(conn)
            return
        conn.timeout = conn.began + ARRIVAL_SECONDS
        self.pending_conns.append(conn)
        on_readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, on_readable)

    def on_pending_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        if self._has_arrived(conn):
            self.pending_conns.remove(conn)
            self.poller.unregister(client)
            self._begin(conn)

    def _has_arrived(self, conn: Connection) -> bool:
        """Also when no more will come."""
        try:
            seen = conn.sock.recv(AHEAD_BYTES, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            conn.seen = 0
            return True
        wanted, before, conn.seen = bytes_wanted(seen), conn.seen, len(seen)
        conn.is_whole = len(seen) >= wanted
        # No more than last time: the client has closed its side, or the kernel's buffer is full.
        if conn.is_whole or not before < len(seen) < AHEAD_BYTES or _CONTINUE.search(seen):
            return True
        lowat = min(wanted, AHEAD_BYTES)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, lowat)
        return False

    def _begin(self, conn: Connection) -> None:
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        conn.data_ready = True
        if conn.is_whole:
            self.enqueue_req(conn)
        elif conn.seen:
            conn.queued_at = time.monotonic()
            self.queueing.append(conn)
            self._begin_partial()
        else:
            self._end(conn)

    def _begin_partial(self) -> None:
        while self.queueing and self.partial < max(self.cfg.threads // 2, 1):
            conn = self.queueing.popleft()
            conn.began += time.monotonic() - conn.queued_at
            self.partial += 1
            self.enqueue_req(conn)

    def _end(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()

    def handle(self, conn: Connection) -> Any:
        conn.init()
        if not isinstance(conn.parser.unreader, BoundedUnreader):
            conn.parser.unreader = BoundedUnreader(conn.sock)
        conn.parser.unreader.begin(conn.began)
        return super().handle(conn)

    def finish_request(self, conn: Connection, fs: Future[Any]) -> None:
        if not conn.is_whole:
            conn.is_whole = True
            self.partial -= 1
            self._begin_partial()
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            self._linger(conn)
        elif conn.parser.unreader.buf.getvalue():
            # It was sent together with the request before, perhaps not to its end.
            conn.began, conn.is_whole = time.monotonic(), False
            self._begin(conn)
        else:
            super().finish_request(conn, fs)

    def _linger(self, conn: Connection) -> None:
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._end(conn)
            return
        conn.timeout, conn.seen = time.monotonic() + LINGER_SECONDS, 0
        self.lingering.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))

    def _drain(self, conn: Connection, client: socket.socket) -> None:
        try:
            data = client.recv(AHEAD_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.seen += len(data)
        if not data or conn.seen > AHEAD_BYTES:
            self.lingering.remove(conn)
            self.poller.unregister(client)
            self._end(conn)

    def murder_pending(self) -> None:
        """What has arrived of a late request is answered, so that its sender hears why."""
        now = time.monotonic()
        while self.pending_conns and (self.pending_conns[0].timeout <= now or not self.alive):
            conn = self.pending_conns.popleft()
            self.poller.unregister(conn.sock)
            self._begin(conn)
        while self.lingering and self.lingering[0].timeout <= now:
            conn = self.lingering.popleft()
            self.poller.unregister(conn.sock)
            self._end(conn)


def bytes_wanted(seen: bytes) -> int:
    """How long a request that begins like this is; where that can not be told yet, one byte more
    than has been seen."""
    end = seen.find(b"\r\n\r\n") + 4
    if end < 4:
        return len(seen) + 1
    head = seen[:end]
    if _CHUNKED.search(head):
        is_whole = seen.endswith(b"\r\n\r\n") and b"\r\n0" in seen[end - 2 :]
        return len(seen) + (not is_whole)
    length = _LENGTH.search(head)
    return end + int(length[1]) if length else end
