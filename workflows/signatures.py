"""Signatures of incoming webhooks: HMAC-SHA256 over the body, in the forms that senders use.

github: docs.github.com, "Validating webhook deliveries". stripe: docs.stripe.com, "Verify webhook
signatures manually".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

HEADERS: Mapping[str, str] = {
    "hmac_sha256": "X-Signature",
    "github": "X-Hub-Signature-256",
    "stripe": "Stripe-Signature",
}
"""Scheme -> the header it is looked for in."""


class SignatureError(Exception):
    """The message says what is wrong with the signature."""


def check_signature(
    scheme: str,
    given: str,
    body: bytes,
    secrets: Iterable[str],
    *,
    now: datetime,
    tolerance_seconds: float,
) -> None:
    """Raises SignatureError unless `given` signs the body with one of the secrets. All comparisons
    take the same time, whatever they find."""
    if not given:
        raise SignatureError("The signature is missing.")
    matches = [_CHECKS[scheme](given, body, secret.encode()) for secret in secrets]
    if not any(matches):
        raise SignatureError("The signature does not match the body.")
    if scheme == "stripe":
        _check_age(given, now, tolerance_seconds)


def _generic(given: str, body: bytes, secret: bytes) -> bool:
    """Hex or base64, with or without `sha256=` before it."""
    value = given.strip()
    if value[:7].lower() == "sha256=":
        value = value[7:]
    digest = _digest(secret, body)
    standard = base64.b64encode(digest).decode().rstrip("=")
    unpadded = value.rstrip("=").replace("-", "+").replace("_", "/")
    in_hex, in_base64 = _same(value.lower(), digest.hex()), _same(unpadded, standard)
    return in_hex or in_base64


def _github(given: str, body: bytes, secret: bytes) -> bool:
    return _same(given.strip(), f"sha256={_digest(secret, body).hex()}")


def _stripe(given: str, body: bytes, secret: bytes) -> bool:
    """`t=1700000000,v1=<hex>`; several v1 while the sender changes its secret."""
    fields = _stripe_fields(given)
    signed = f"{next(iter(fields.get('t', [])), '')}.".encode() + body
    expected = _digest(secret, signed).hex()
    return any([_same(value, expected) for value in fields.get("v1", [])])


def _stripe_fields(given: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for part in given.split(",")[:20]:
        name, _, value = part.strip().partition("=")
        fields.setdefault(name, []).append(value)
    return fields


def _check_age(given: str, now: datetime, tolerance_seconds: float) -> None:
    text = _stripe_fields(given)["t"][0] if "t" in _stripe_fields(given) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise SignatureError("The signature has no time.")
    if abs(now.timestamp() - int(text)) > tolerance_seconds:
        raise SignatureError(
            f"The signature was made more than {tolerance_seconds:g} s from now. "
            "Check the clocks of both sides."
        )


def _digest(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


_CHECKS: Mapping[str, Callable[[str, bytes, bytes], bool]] = {
    "hmac_sha256": _generic,
    "github": _github,
    "stripe": _stripe,
}
