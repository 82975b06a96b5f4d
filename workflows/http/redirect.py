"""What a redirect makes of a request, as the fetch standard has it."""

from __future__ import annotations

from dataclasses import dataclass

from . import failures
from .headers import Headers, for_another_origin, without_body
from .url import Target, join_url

STATUSES = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Request:
    """One request on its way; `headers` are complete but for those of the connection."""

    method: str
    target: Target
    headers: Headers
    body: bytes | None


def follow(request: Request, status: int, location: str | None) -> Request | None:
    """The next request, or None when the response is no redirect. Raises NodeError for a Location
    that can not be used and for one that leads from https to http."""
    if status not in STATUSES or not location:
        return None
    target = join_url(request.target, _decode(location))
    if request.target.scheme == "https" and target.scheme == "http":
        raise failures.downgrade(target)
    method, headers, body = request.method, request.headers, request.body
    if _becomes_get(status, method):
        method, headers, body = "GET", without_body(headers), None
    if target.origin != request.target.origin:
        headers = for_another_origin(headers)
    return Request(method, target, headers, body)


def _becomes_get(status: int, method: str) -> bool:
    if status == 303:
        return method not in ("GET", "HEAD")
    return status in (301, 302) and method == "POST"


def _decode(location: str) -> str:
    """Headers are read as Latin-1, addresses in them are mostly UTF-8."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location
