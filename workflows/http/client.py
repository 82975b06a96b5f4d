"""One outbound call from its URL to its answer.

1. Read the URL, clean the headers, set the alarm for the total deadline.
2. Refuse the host if the policy says so; take a kept connection or dial a new one.
3. Send, read the head, read the body up to the limit.
4. A redirect: make the next request of it, and go on with 2, at most five times.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from workflows.errors import NodeError

from . import failures
from .connection import GuardedConnection, HeadTooLarge, WireTooLong
from .dial import check_host, dial
from .headers import clean_headers
from .policy import HttpPolicy
from .pool import pool
from .redirect import Request, follow
from .url import parse_url
from .watchdog import Alarm, watchdog

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
MAX_REDIRECTS = 5
PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A response of any status. `headers`: names in lower case, repeated ones joined with `, `;
    `body`: decoded; `elapsed_ms`: of the whole call; `url`: where it came from after redirects."""

    status: int
    headers: dict[str, str]
    body: bytes
    elapsed_ms: int
    url: str


@dataclass(frozen=True, slots=True)
class Call:
    """What stays the same over all redirects."""

    seconds: float
    max_bytes: int
    policy: HttpPolicy
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


class BodyTooLarge(Exception):
    pass


class StaleConnectionError(Exception):
    """The server had closed a kept connection; nothing of a response was seen."""


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None,
    params: Sequence[tuple[str, str]] = (),
    seconds: float,
    max_bytes: int,
    follow_redirects: bool = True,
    policy: HttpPolicy,
) -> HttpAnswer:
    """Make an HTTP request. A response with any status is returned, all else raises NodeError.

    `seconds` is for everything together, `max_bytes` for the decoded body. Environment variables
    for proxies, .netrc and cookies are not used.

    A kept connection that turns out to be closed is replaced and the request sent again, once, if
    it may be repeated: a method without further effect by definition, or an Idempotency-Key. All
    other requests get a new connection, which can not be stale.
    """
    started = time.monotonic()
    request = _first_request(method, url, headers, body, params)
    alarm = watchdog.arm(seconds)
    try:
        call = Call(seconds, max_bytes, policy, alarm)
        request, reply = _send_along(request, call, follow_redirects)
    finally:
        watchdog.disarm(alarm)
    elapsed_ms = round((time.monotonic() - started) * 1000)
    return HttpAnswer(reply.status, reply.headers, reply.body, elapsed_ms, request.target.url)


def _first_request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    params: Sequence[tuple[str, str]],
) -> Request:
    if method.upper() not in METHODS:
        raise failures.bad_request(f"there is no method {method[:20]!r}")
    target = parse_url(url, params)
    return Request(method.upper(), target, clean_headers(headers, target), body)


def _send_along(request: Request, call: Call, follow_redirects: bool) -> tuple[Request, Reply]:
    for _ in range(MAX_REDIRECTS + 1):
        reply = _send_one(request, call)
        location = reply.headers.get("location") if follow_redirects else None
        redirected = follow(request, reply.status, location)
        if redirected is None:
            return request, reply
        request = redirected
    raise failures.too_many_redirects(request.target, MAX_REDIRECTS)


def _send_one(request: Request, call: Call) -> Reply:
    """One request, one response. Every error that a server can cause becomes a NodeError here."""
    target = request.target
    check_host(target, call.policy)
    try:
        reply = _exchange(request, call)
        if call.alarm.passed:
            # A body without a length ends when the alarm shuts the socket, as if it were complete.
            raise TimeoutError
        return reply
    except (HeadTooLarge, WireTooLong, BodyTooLarge) as error:
        if isinstance(error, HeadTooLarge):
            raise failures.head_too_large(target) from None
        raise failures.body_too_large(target, call.max_bytes) from None
    except (OSError, HTTPError, http.client.HTTPException) as error:
        raise _explain(error, request, call) from error


def _explain(error: Exception, request: Request, call: Call) -> NodeError:
    """urllib3 wraps what it catches while it reads a body; the cause tells what it was."""
    cause = error.__cause__ or error
    if call.alarm.passed or isinstance(cause, TimeoutError):
        return failures.timed_out(request.target, call.seconds)
    if isinstance(cause, OSError | http.client.IncompleteRead):
        return failures.connection_lost(request.target)
    return failures.not_http(request.target, str(cause)[:200].strip() or type(cause).__name__)


def _exchange(request: Request, call: Call) -> Reply:
    repeatable = request.method in REPEATABLE or "idempotency-key" in request.headers
    kept = pool.take(request.target, call.policy) if repeatable else None
    if kept is not None:
        try:
            return _talk(kept, request, call, kept=True)
        except StaleConnectionError:
            pass
    fresh = dial(request.target, call.policy, call.alarm)
    return _talk(fresh, request, call, kept=False)


def _talk(connection: GuardedConnection, request: Request, call: Call, *, kept: bool) -> Reply:
    """Ask and read. The connection goes back to the pool after a complete response, else it is
    closed."""
    call.alarm.aim(connection.sock)
    try:
        with _ask(connection, request, call, kept=kept) as response:
            reply = Reply(response.status, _plain(response), _read_body(response, call.max_bytes))
    except BaseException:
        call.alarm.aim(None)
        connection.close()
        raise
    call.alarm.aim(None)
    if call.alarm.fired:
        connection.close()
    else:
        pool.give(request.target, connection)
    return reply


def _ask(
    connection: GuardedConnection, request: Request, call: Call, *, kept: bool
) -> HTTPResponse:
    connection.timeout = call.alarm.left or 0.001
    # Framing costs little; chunks of one byte each or endless extensions are an attack.
    connection.wire_bytes = 2 * call.max_bytes + PIECE_BYTES
    try:
        _write(connection, request, kept=kept)
        connection.acknowledge_at_once()
        return connection.getresponse()
    except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
        if kept and not call.alarm.passed:
            raise StaleConnectionError from error
        raise


def _write(connection: GuardedConnection, request: Request, *, kept: bool) -> None:
    try:
        connection.request(
            request.method,
            request.target.path,
            body=request.body,
            headers=request.headers,  # type: ignore[arg-type]  # bytes are sent as they are
            preload_content=False,
        )
    except (BrokenPipeError, ConnectionResetError):
        # A server that refuses a body may answer and close before it has read all of it.
        if kept:
            raise


def _plain(response: HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.itermerged()}


def _read_body(response: HTTPResponse, max_bytes: int) -> bytes:
    """The decoded body. Raises BodyTooLarge as soon as it is known to pass the limit."""
    if (response.length_remaining or 0) > max_bytes:
        raise BodyTooLarge
    pieces = []
    left = max_bytes
    while piece := response.read(min(PIECE_BYTES, left + 1)):
        pieces.append(piece)
        left -= len(piece)
        if left < 0:
            raise BodyTooLarge
    return b"".join(pieces)
