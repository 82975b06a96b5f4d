"""Everything that can go wrong with an outbound request, as sentences a user can act on.

No message and no detail holds user names, passwords, query values or the addresses that a name
resolves to.
"""

from __future__ import annotations

from typing import Protocol

from workflows.errors import NodeError


class Shown(Protocol):
    """The parts of a request's target that may be told."""

    @property
    def host(self) -> str: ...
    @property
    def shown(self) -> str: ...


def _fail(
    code: str, message: str, target: Shown, *, retryable: bool = False, **details: object
) -> NodeError:
    return NodeError(
        message,
        code=code,
        retryable=retryable,
        details={"url": target.shown, "host": target.host, **details},
    )


def bad_url(reason: str) -> NodeError:
    """The URL is not repeated: what can not be parsed can not be rid of its passwords either."""
    return NodeError(
        f"The URL can not be used: {reason}. Write it like https://api.example.com/path.",
        code="http_bad_url",
    )


def bad_redirect(target: Shown) -> NodeError:
    return _fail(
        "http_bad_url",
        f"{target.host} redirects to something that is no http or https address. Use the final "
        "address in the URL, or switch off following redirects.",
        target,
    )


def bad_request(reason: str) -> NodeError:
    return NodeError(f"The request can not be sent: {reason}.", code="http_bad_request")


def odd_address(host: str) -> NodeError:
    return NodeError(
        f"{host!r} is an unusual way to write an IP address and is refused. "
        "Write four decimal numbers with dots, like 203.0.113.7.",
        code="http_blocked",
        details={"host": host, "reason": "odd_address"},
    )


def private(target: Shown) -> NodeError:
    return _fail(
        "http_blocked",
        f"{target.host} is refused: it is, or leads to, an address that is not on the public "
        "internet. If workflows should reach it, an administrator can add its network to "
        "ALTOFLOW_HTTP_ALLOW_NETS.",
        target,
        reason="private",
    )


def metadata(target: Shown) -> NodeError:
    return _fail(
        "http_blocked",
        f"{target.host} is refused: it is, or leads to, a cloud metadata service, which hands out "
        "the server's credentials. Only ALTOFLOW_HTTP_ALLOW_METADATA opens it.",
        target,
        reason="metadata",
    )


def downgrade(target: Shown) -> NodeError:
    return _fail(
        "http_blocked",
        f"The server redirects from https to plain http ({target.shown}), which is refused. "
        "Use the final address in the URL if it is right.",
        target,
        reason="downgrade",
    )


def not_resolved(target: Shown) -> NodeError:
    return _fail(
        "http_connect_failed",
        f"The name {target.host} could not be resolved. Check the host in the URL.",
        target,
        retryable=True,
    )


def not_connected(target: Shown, reason: str) -> NodeError:
    return _fail(
        "http_connect_failed",
        f"No connection to {target.host}: {reason}. Check the host and port in the URL and that "
        "the server is running.",
        target,
        retryable=True,
    )


def not_trusted(target: Shown, reason: str) -> NodeError:
    return _fail(
        "http_tls_failed",
        f"No secure connection to {target.host}: {reason}. The server needs a valid certificate "
        "for this name from a public authority.",
        target,
    )


def timed_out(target: Shown, seconds: float) -> NodeError:
    return _fail(
        "http_timeout",
        f"{target.host} did not answer completely within {seconds:g} s. Raise the timeout "
        "of the step or ask the server for less.",
        target,
        retryable=True,
        seconds=seconds,
    )


def body_too_large(target: Shown, max_bytes: int) -> NodeError:
    return _fail(
        "http_response_too_large",
        f"The response of {target.host} is larger than {max_bytes:,} bytes. Ask the server for "
        "less, for example with a page size.",
        target,
        max_bytes=max_bytes,
    )


def head_too_large(target: Shown) -> NodeError:
    return _fail(
        "http_response_too_large",
        f"{target.host} sends too many or too long response headers.",
        target,
    )


def too_many_redirects(target: Shown, limit: int) -> NodeError:
    return _fail(
        "http_too_many_redirects",
        f"More than {limit} redirects; the last one leads to {target.shown}. "
        "Use the final address in the URL.",
        target,
    )


def connection_lost(target: Shown) -> NodeError:
    return _fail(
        "http_connection_lost",
        f"{target.host} closed the connection before its response was complete.",
        target,
        retryable=True,
    )


def not_http(target: Shown, reason: str) -> NodeError:
    return _fail(
        "http_protocol_error",
        f"The response of {target.host} is not valid HTTP: {reason}. Check the port and whether "
        "the URL should begin with http or https.",
        target,
        retryable=True,
    )
