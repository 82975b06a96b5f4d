"""Which headers go out: checked, completed, and thinned out when a redirect leads elsewhere."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from workflows.http_syntax import HEADER_NAME, NOT_IN_HEADERS

from . import failures
from .url import Target

Headers = dict[str, bytes]

VERSION: str = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8")
)["project"]["version"]
USER_AGENT = f"Altoflow/{VERSION}".encode("ascii")

MAX_BYTES = 64 * 1024

# They describe this connection and this body, which the client alone knows.
OWN = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
OF_THE_BODY = frozenset(
    {"content-encoding", "content-language", "content-location", "content-type", "digest"}
)
KEPT_ELSEWHERE = OF_THE_BODY | {"accept", "accept-encoding", "idempotency-key", "user-agent"}


def clean_headers(given: Mapping[str, str], target: Target) -> Headers:
    """The headers to send: those given but for those of the connection, and the usual ones that
    are missing. Names in lower case, as they have no case. Raises NodeError `http_bad_request`."""
    headers: Headers = {"accept": b"*/*", "accept-encoding": b"gzip, deflate"}
    headers["user-agent"] = USER_AGENT
    if target.credentials:
        headers["authorization"] = target.credentials.encode("ascii")
    for name, value in given.items():
        if not HEADER_NAME.fullmatch(name):
            raise failures.bad_request(f"{name[:80]!r} can not be the name of a header")
        if (low := name.lower()) not in OWN:
            headers[low] = _clean_value(name, value)
    if headers.pop("host", target.host.encode()).decode().lower() not in _hosts(target):
        raise failures.bad_request("the header Host has to be the host of the URL; leave it out")
    if sum(len(name) + len(value) + 4 for name, value in headers.items()) > MAX_BYTES:
        raise failures.bad_request(f"its headers are longer than {MAX_BYTES:,} bytes")
    return headers


def without_body(headers: Headers) -> Headers:
    return {name: value for name, value in headers.items() if name not in OF_THE_BODY}


def for_another_origin(headers: Headers) -> Headers:
    """Credentials and custom headers were meant for the first server only."""
    return {name: value for name, value in headers.items() if name in KEPT_ELSEWHERE}


def _clean_value(name: str, value: str) -> bytes:
    value = value.strip(" \t\r\n")
    if NOT_IN_HEADERS.search(value):
        raise failures.bad_request(f"the header {name} holds a line break or a control character")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        raise failures.bad_request(f"the header {name} holds half of a character") from None


def _hosts(target: Target) -> tuple[str, ...]:
    return (target.host, target.netloc, target.netloc.rpartition(":")[0])
