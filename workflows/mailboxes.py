"""E-mail addresses as people write them: `Ada Lovelace <ada@example.com>, bob@example.com`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formataddr

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.encoding import punycode

from workflows.errors import NodeError
from workflows.http_syntax import NOT_IN_HEADERS
from workflows.node_type import Json
from workflows.plain_json import dump
from workflows.values import to_text

MOST_ADDRESSES = 100
LONGEST_ADDRESS = 254
LONGEST_NAME = 200
_check_address = EmailValidator(allowlist=["localhost"])


@dataclass(frozen=True, slots=True)
class Mailbox:
    name: str
    address: str

    def __str__(self) -> str:
        return formataddr((self.name, self.address))


def to_mailboxes(value: Json, field: str) -> list[Mailbox]:
    """Of a list, or of a text with commas. Blank parts are left out. Raises NodeError `bad_address`
    or `header_injection`."""
    items = value if isinstance(value, list) else [value]
    texts = [
        part
        for place, item in enumerate(items)
        for part in _parts(
            one_line(to_text(item, f"{field}[{place}]" if item != value else field), field)
        )
    ]
    if len(texts) > MOST_ADDRESSES:
        raise NodeError(
            f"The field {field!r} has {len(texts):,} addresses, {MOST_ADDRESSES} is the limit. "
            "Send several e-mails.",
            code="bad_address",
        )
    return [_mailbox(text, field) for text in texts]


def one_line(text: str, field: str) -> str:
    """The text without blanks around it. A line break inside would let data write headers of its
    own. Raises NodeError `header_injection`."""
    text = text.strip()
    if NOT_IN_HEADERS.search(text):
        raise NodeError(
            f"The field {field!r} has a line break or another control character, which no header "
            "can have. Take it out:",
            code="header_injection",
            details={"field": field},
            quoted=dump(text),
        )
    return text


def _parts(text: str) -> Iterator[str]:
    """Cut at commas that stand neither in quotes nor in angle brackets."""
    start, quoted, angled, escaped = 0, False, False, False
    for place, char in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped = char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "<>":
            angled = char == "<"
        elif char == "," and not angled:
            yield from _some(text[start:place])
            start = place + 1
    yield from _some(text[start:])


def _some(text: str) -> Iterator[str]:
    if text.strip():
        yield text.strip()


def _mailbox(text: str, field: str) -> Mailbox:
    name, address = "", text
    if text.endswith(">") and "<" in text:
        name, _, address = text[:-1].rpartition("<")
    name = name.strip()
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    local, _, domain = address.strip().rpartition("@")
    try:
        address = f"{local}@{punycode(domain)}"
        _check_address(address)
        if len(address) > LONGEST_ADDRESS or len(name) > LONGEST_NAME:
            raise ValidationError("too long")
    except (ValidationError, UnicodeError):
        raise NodeError(
            f"The field {field!r} has an address that can not be used. Write it like "
            "ada@example.com or Ada Lovelace <ada@example.com>:",
            code="bad_address",
            details={"field": field, "address": text},
            quoted=dump(text),
        ) from None
    return Mailbox(name, address)
