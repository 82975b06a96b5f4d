"""The address `/hooks/<token>/`: reads a request, hands it to the intake, writes the answer.

`hooks_app` stands in front of Django and none of its middleware, which a webhook needs nothing of;
`hook_view` does the same from within Django.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from runs.intake.arrivals import STATUS_OF
from runs.intake.headers import Environ, characters, headers_of
from runs.intake.receiving import Incoming, receive
from runs.models import Delivery
from workflows.limits import limits
from workflows.node_type import RequestRefused

logger = logging.getLogger("altoflow.intake")

PREFIX = "/hooks/"
BODY_SECONDS = 20.0
CHUNK = 64 * 1024
READ_TO_BE_HEARD = 8 * 1024 * 1024
RETRY_AFTER = "5"
_TOKEN = re.compile(rf"{PREFIX}([A-Za-z0-9_-]+)/?")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return json.dumps(self.body).encode()


def hooks_app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A WSGI application. Database connections are kept and closed as Django's requests do it."""
    renew_connection()
    try:
        answer = respond(environ)
    finally:
        renew_connection()
    content = answer.content
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        **answer.headers,
    }
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]


def renew_connection() -> None:
    """Drop this thread's database connection when it is broken or old enough."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


@csrf_exempt
def hook_view(request: HttpRequest, token: str = "") -> HttpResponse:
    answer = respond(request.META)
    return HttpResponse(
        answer.content,
        status=answer.status,
        headers={"Cache-Control": "no-store", **answer.headers},
        content_type="application/json",
    )


def respond(environ: Environ) -> Answer:
    """Never raises: a sender that gets 503 sends again."""
    try:
        outcome = receive(_incoming(environ))
    except RequestRefused as refused:
        return Answer(STATUS_OF[refused.verdict], refused.as_json(), dict(refused.headers))
    except DatabaseError:
        logger.exception("A webhook request could not be stored")
        return _unavailable("The database can not be reached.")
    except Exception:
        logger.exception("A webhook request could not be taken")
        return _unavailable("The request could not be taken.")
    replayed = {"Idempotent-Replayed": "true"}
    return Answer(
        202,
        {"run_id": str(outcome.run_id), "status": "queued"},
        replayed if outcome.verdict == Delivery.Verdict.DUPLICATE else {},
    )


def _unavailable(what: str) -> Answer:
    message = f"{what} Nothing was started for certain; send it again later."
    body = {"code": "unavailable", "message": message, "details": {}}
    return Answer(503, body, {"Retry-After": RETRY_AFTER})


# ---------------------------------------------------------------- reading


def _incoming(environ: Environ) -> Incoming:
    token = _TOKEN.fullmatch(environ.get("PATH_INFO", ""))
    return Incoming(
        token=token[1] if token else "",
        method=environ["REQUEST_METHOD"],
        headers=headers_of(environ),
        query=characters(environ.get("QUERY_STRING", "")),
        remote_address=_remote_address(environ),
        received_at=timezone.now(),
        read=lambda: _read_body(environ),
    )


def _remote_address(environ: Environ) -> str:
    """Behind a proxy (a public URL is set), the address that the proxy saw: the last one of the
    header, since everything before it was written by the sender."""
    address = environ.get("REMOTE_ADDR", "")
    if settings.PUBLIC_URL and environ.get("HTTP_X_FORWARDED_FOR"):
        address = environ["HTTP_X_FORWARDED_FOR"].rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return ""


def _read_body(environ: Environ) -> bytes:
    """At most the limit, by what was announced and by what comes. Raises RequestRefused."""
    most = limits().webhook_body_bytes
    length = _announced(environ)
    if length is not None and length > most:
        _read_on(environ, min(length, READ_TO_BE_HEARD))
        raise _too_large(most)
    body = b"".join(_parts(environ, most + 1 if length is None else length))
    if len(body) > most:
        _read_on(environ, READ_TO_BE_HEARD)
        raise _too_large(most)
    if length is not None and len(body) < length:
        raise RequestRefused(
            f"The body ended after {len(body)} of {length} bytes. Send it again.",
            verdict=Delivery.Verdict.UNUSABLE,
        )
    return body


def _announced(environ: Environ) -> int | None:
    """The length of the body; None when it comes in chunks until its end."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        if environ.get("wsgi.input_terminated"):
            return None
        raise RequestRefused(
            "Send the body with a Content-Length instead of in chunks.",
            verdict=Delivery.Verdict.LENGTH_REQUIRED,
        )
    text = str(environ.get("CONTENT_LENGTH") or "0")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise RequestRefused("The Content-Length is no number.", verdict=Delivery.Verdict.UNUSABLE)
    return int(text)


def _parts(environ: Environ, most: int) -> Iterator[bytes]:
    """Up to `most` bytes; less when the sender stops or takes too long."""
    stream, socket = environ["wsgi.input"], environ.get("gunicorn.socket")
    before = socket.gettimeout() if socket else None
    end, missing = time.monotonic() + BODY_SECONDS, most
    try:
        if socket:
            socket.settimeout(BODY_SECONDS)
        while missing and time.monotonic() < end and (part := stream.read(min(missing, CHUNK))):
            yield part
            missing -= len(part)
    except Exception as error:  # each server has its own, for chunks that can not be read too
        raise RequestRefused(
            "The body could not be read to its end. Send it again.",
            verdict=Delivery.Verdict.UNUSABLE,
        ) from error
    finally:
        if socket:
            socket.settimeout(before)


def _read_on(environ: Environ, most: int) -> None:
    """A sender that is still sending would see a broken connection instead of our answer."""
    for _ in _parts(environ, most):
        pass


def _too_large(most: int) -> RequestRefused:
    return RequestRefused(
        f"The body is larger than {most:,} bytes. Send a smaller one, or a link to the data.",
        verdict=Delivery.Verdict.TOO_LARGE,
    )
