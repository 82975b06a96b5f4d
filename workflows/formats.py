"""The formats that JSON Schema checks here; others are taken as notes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date, time
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from jsonschema import FormatChecker

from workflows.errors import NodeError
from workflows.patterns import compile_pattern

LONGEST = 2_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"(\d{2}:\d{2}:\d{2}(\.\d{1,6})?)\d*([zZ]|[+-]\d{2}:\d{2})", re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII | re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_email = EmailValidator(allowlist=["localhost"])

FORMATS = FormatChecker(formats=())


def _format(name: str) -> Callable[[Callable[[str], bool]], Callable[[str], bool]]:
    """Registers a test of texts; an error is a no."""

    def register(test: Callable[[str], bool]) -> Callable[[str], bool]:
        def check(value: object) -> bool:
            return not isinstance(value, str) or (len(value) <= LONGEST and test(value))

        FORMATS.checks(name, raises=(ValueError, ValidationError, NodeError))(check)
        return test

    return register


@_format("date")
def is_day(text: str) -> bool:
    return bool(_DAY.fullmatch(text) and date.fromisoformat(text))


@_format("time")
def is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    return bool(found and time.fromisoformat(found[1] + found[3].upper()) is not None)


@_format("date-time")
def is_moment(text: str) -> bool:
    return text[10:11] in ("T", "t") and is_day(text[:10]) and is_time(text[11:])


@_format("email")
def is_email(text: str) -> bool:
    _email(text)
    return True


@_format("uri")
def is_uri(text: str) -> bool:
    parts = urlsplit(text)
    return bool(parts.scheme and (parts.netloc or parts.path)) and " " not in text


@_format("uuid")
def is_uuid(text: str) -> bool:
    return bool(_UUID.fullmatch(text) and UUID(text))


@_format("ipv4")
def is_ipv4(text: str) -> bool:
    return bool(ipaddress.IPv4Address(text).packed)


@_format("ipv6")
def is_ipv6(text: str) -> bool:
    return bool("%" not in text and ipaddress.IPv6Address(text).packed)


@_format("hostname")
def is_hostname(text: str) -> bool:
    return 0 < len(text) <= 253 and all(_LABEL.fullmatch(label) for label in text.split("."))


@_format("regex")
def is_pattern(text: str) -> bool:
    compile_pattern(text)
    return True
