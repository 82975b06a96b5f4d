"""Secret values in texts and JSON, found in every form that software commonly gives them.

A value is found plain and JSON-escaped, URL-encoded, HTML-escaped (also a mix of these), with each
of its characters escaped, in hex and in base64 (standard and URL alphabet, at each of the three
alignments, so that `user:secret` in a Basic header is found too).
"""

from __future__ import annotations

import base64
import html.entities
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import re2

from workflows.plain_json import dump

MASK = "•••"
SHORTEST = 6
"""Shorter values would eat half of each text, so they are looked for only where they are named.
Hex and base64 forms shorter than this are never looked for."""

ANY_CASE = 8
"""Values as long as this are found in upper and lower case too: host names lose theirs."""

NEEDLE = 24
ENCODED_NEEDLE = 6
_BEFORE_BYTES = r"(?:%(?:25)*|\\+x)?"
_BETWEEN_BYTES = r"(?:[ :=-]|%(?:25)*|\\+x)?"
"""53 75, 53:75, %53%75, =53=75, \\x53\\x75"""
_ENTITIES = {chr(code): name for code, name in html.entities.codepoint2name.items()}
_ENTITIES["'"] = "apos"
_JSON_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_BASE64_CHARS = {"+": r"(?:\+|-|%2[Bb])", "/": r"(?:\\*/|_|%2[Ff])"}
_BASE64_ANY = r"(?:[A-Za-z0-9+/_-]|%2[BbFf])"


class Needles:
    """A set of values, and how to see quickly whether one of them may be in a text."""

    def __init__(self, values: frozenset[str]) -> None:
        self.values = values
        self._scan = _compiled("|".join(sorted({n for value in values for n in _needles(value)})))

    def found_in(self, text: str) -> bool:
        """Never says no wrongly."""
        return self._scan.search(text) is not None


class Redactor:
    """Masks a fixed set of values. Immutable, safe to share between threads."""

    def __init__(self, values: Iterable[str] = (), base: Redactor | None = None) -> None:
        """With `base`, its values are masked too."""
        known: frozenset[str] = base.values if base else frozenset()
        more = frozenset(value for value in values if value and value not in known)
        self.values: frozenset[str] = known | more
        self._parts: tuple[Needles, ...] = base._parts if base else ()
        if more:
            self._parts += (_needles_of(more),)

    def finds(self, text: str) -> bool:
        """Whether a value may be in `text`: a quick scan that never says no wrongly."""
        return any(part.found_in(text) for part in self._parts)

    def mask(self, text: str) -> str:
        """The text with each value masked. A text that is a JSON document stays one."""
        return self._masked(text) if self.finds(text) else text

    def mask_json(self, value: Any, text: str) -> tuple[Any, str]:
        """A value and its JSON text, masked; the same objects when there was nothing to mask."""
        if not self.finds(text):
            return value, text
        masked = self._walk(value)
        return (value, text) if masked is value else (masked, dump(masked))

    def _masked(self, text: str) -> str:
        if text.lstrip()[:1] not in ("{", "[", '"'):
            return self._mask_spans(text)
        try:
            document = json.loads(text)
            masked = self._walk(document)
        except (ValueError, RecursionError):
            return self._mask_spans(text)
        return text if masked is document else dump(masked)

    def _mask_spans(self, text: str) -> str:
        """Overlapping finds become one mask, so that no rest of the longer value stays."""
        here = [value for value in self.values if _needles_of(frozenset([value])).found_in(text)]
        spans = sorted(m.span() for value in here for m in _pattern(value).finditer(text))
        parts, end = [], 0
        for start, stop in spans:
            if start >= end:
                parts += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*parts, text[end:]])

    def _walk(self, value: Any) -> Any:
        if isinstance(value, str):
            masked = self.mask(value)
            return value if masked == value else masked
        if isinstance(value, dict):
            return self._walk_object(value)
        if isinstance(value, list):
            items = [self._walk(item) for item in value]
            same = all(new is old for new, old in zip(items, value, strict=True))
            return value if same else items
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return MASK if self._is_secret_number(dump(value)) else value
        return value

    def _walk_object(self, value: Mapping[str, Any]) -> Any:
        masked: dict[str, Any] = {}
        same = True
        for key, old in value.items():
            name, new = self.mask(key), self._walk(old)
            same = same and new is old and name == key
            masked[_unused(name, masked)] = new
        return value if same else masked

    def _is_secret_number(self, text: str) -> bool:
        return any(
            value == text
            or (len(value) >= SHORTEST and (value in text or _as_number(value) == text))
            for value in self.values
        )


@lru_cache(maxsize=1024)
def _needles_of(values: frozenset[str]) -> Needles:
    return Needles(values)


@lru_cache(maxsize=1024)
def _pattern(value: str) -> Any:
    return _compiled("|".join(_forms(value)))


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = 256 * 1024 * 1024
    options.log_errors = False
    return re2.compile(pattern, options)


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def _as_number(value: str) -> str | None:
    """The JSON text of the number that `value` may be read as: "0123456" -> "123456"."""
    for read in (int, float):
        try:
            return json.dumps(read(value))
        except ValueError:
            continue
    return None


def _forms(value: str) -> list[str]:
    """Patterns of all forms of a value."""
    data = value.encode()
    plain = "".join(map(_char_forms, value))
    forms = [_any_case(value, plain), _as_entities(value), _as_units(value)]
    number = _as_number(value)
    if number and number != value and len(number) >= SHORTEST:
        forms.append(re2.escape(number))
    if 2 * len(data) >= SHORTEST:
        forms.append(_as_hex(data))
    return forms + [_base64_pattern(data, shift) for shift in range(3) if _core(data, shift)]


def _needles(value: str) -> list[str]:
    """Short patterns of which each text with a form of `value` holds at least one."""
    data = value.encode()
    plain = _literal_run(value) or "".join(map(_char_forms, value[:NEEDLE]))
    start = value[:ENCODED_NEEDLE]
    needles = [_any_case(value, plain), _as_entities(start), _as_units(start)]
    number = _as_number(value)
    if number and number != value and len(number) >= SHORTEST:
        needles.append(re2.escape(number[:NEEDLE]))
    if 2 * len(data) >= SHORTEST:
        needles.append(_as_hex(data[:ENCODED_NEEDLE]))
    for core in filter(None, (_core(data, shift) for shift in range(3))):
        needles.append(_literal_run(core) or "".join(map(_base64_char, core[:NEEDLE])))
    return needles


def _any_case(value: str, pattern: str) -> str:
    return f"(?i:{pattern})" if len(value) >= ANY_CASE else pattern


def _as_hex(data: bytes) -> str:
    return f"(?i:{_BEFORE_BYTES}{_BETWEEN_BYTES.join(f'{byte:02x}' for byte in data)})"


def _as_entities(value: str) -> str:
    """Each character as a number, as some programs write all of them."""
    return "".join(f"&(?:amp;)?#(?:0*{ord(c)}|[xX]0*(?i:{ord(c):x}));" for c in value)


def _as_units(value: str) -> str:
    """Each character as JSON and programs escape it."""
    return "".join(rf"\\+u(?i:{unit})" for unit in _utf16_units(value))


def _literal_run(text: str) -> str:
    """The longest run of characters that no encoding changes; empty when it is short."""
    longest = max(re.findall(r"[A-Za-z0-9]+", text), key=len, default="")
    return longest[:NEEDLE] if len(longest) >= 4 or longest == text else ""


def _char_forms(char: str) -> str:
    """A pattern for one character of a secret, as itself or in an encoded form."""
    if char.isascii() and char.isalnum():
        return char
    escaped = r"\\+u" + r"\\+u".join(_utf16_units(char))
    percent = "".join(f"%(?:25)*{byte:02x}" for byte in char.encode())
    code = ord(char)
    forms = [f"(?i:{escaped}|{percent})", f"&(?:amp;)?(?i:#0*{code}|#x0*{code:x});"]
    if char in _ENTITIES:
        forms.append(f"&(?:amp;)?{_ENTITIES[char]};")
    if char in _JSON_LETTERS:
        forms.append(rf"\\+{_JSON_LETTERS[char]}")
    if char == " ":
        forms.append(r"\+")
    # Itself comes last: "%" must not be found in "%25" and leave "25".
    return f"(?:{'|'.join(forms)}|\\\\*{re2.escape(char)})"


def _utf16_units(char: str) -> list[str]:
    data = char.encode("utf-16-be")
    return [data[place : place + 2].hex() for place in range(0, len(data), 2)]


def _core(data: bytes, shift: int) -> str:
    """The base64 characters that `data` alone decides when `shift` bytes stand before it (modulo
    three); empty when they are too few to be told from other text."""
    encoded = base64.b64encode(b"\0" * shift + data).decode()
    core = encoded[(0, 2, 3)[shift] : (shift + len(data)) * 8 // 6]
    return core if len(core) >= SHORTEST else ""


def _base64_char(char: str) -> str:
    return _BASE64_CHARS.get(char, char)


def _base64_pattern(data: bytes, shift: int) -> str:
    """The core, with the neighbours that hold some of the secret's bits, and the padding."""
    before = f"{_BASE64_ANY}?" if shift else ""
    after = f"{_BASE64_ANY}?" if (shift + len(data)) * 8 % 6 else ""
    padding = "(?:=|%3[Dd]){0,2}"
    return before + "".join(map(_base64_char, _core(data, shift))) + after + padding
