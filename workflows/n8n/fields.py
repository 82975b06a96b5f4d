"""One parameter of a node of n8n -> the field of a config, a template where it is an expression."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workflows import plain_json
from workflows.n8n.expressions import settled, translate
from workflows.n8n.javascript import Untranslatable, parse
from workflows.n8n.values import AsJson, Fixed, Parts, Piece, Scope, Value, Words
from workflows.node_type import Json

_MARK = re.compile("\ue000(\\d+)\ue001")
_CASTS = {"": "", "text": ' | append: ""', "number": " | plus: 0", "json": " | parse_json"}
_SOMETHING = re.compile(r"\{[{%]")


def literal(text: str) -> str:
    """A text that must not be read as a template."""
    if not _SOMETHING.search(text):
        return text
    if "endraw" in text:
        return text.replace("{{", "{{ '{{' }}").replace("{%", "{{ '{%' }}")
    return f"{{% raw %}}{text}{{% endraw %}}"


def literal_json(value: Json) -> Json:
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, list):
        return [literal_json(item) for item in value]
    if isinstance(value, dict):
        return {name: literal_json(item) for name, item in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class Fields:
    """Translates parameters of one node; what can not be translated stays as it is and is told."""

    scope: Scope
    tell: Callable[[str, str], None]
    """(field, sentence)"""

    def text(self, field: str, value: Json, wanted: str = "") -> Json:
        """`wanted`: what n8n makes of it, whatever it is: text, number or json (an object or a
        list, where it is the text of one)."""
        if not isinstance(value, str):
            return self.json(field, value)
        if not value.startswith("="):
            return literal(value)
        try:
            return _text(_segments(value[1:], self.scope), wanted)
        except Untranslatable as reason:
            return self._kept(field, value, reason)

    def json(self, field: str, value: Json) -> Json:
        """A parameter that holds JSON: an object, a text that is JSON, or an expression."""
        if isinstance(value, dict):
            return {name: self.text(f"{field}.{name}", item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.text(f"{field}[{n}]", item) for n, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        try:
            if not value.startswith("="):
                return literal_json(_decoded(value))
            return _json(_segments(value[1:], self.scope))
        except Untranslatable as reason:
            return self._kept(field, value, reason)

    def _kept(self, field: str, value: str, reason: Untranslatable) -> str:
        self.tell(field, f"{field} was left as it is in n8n, because {reason}: {_shown(value)}")
        return value


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else text[:117] + "..."


def _segments(text: str, scope: Scope) -> list[str | Value]:
    """Texts and values in turn, empty texts left out."""
    segments: list[str | Value] = []
    place = 0
    while (start := text.find("{{", place)) >= 0:
        end = _end_of(text, start + 2)
        if start > place:
            segments.append(text[place:start])
        segments.append(settled(translate(parse(text[start + 2 : end].strip()), scope)))
        place = end + 2
    if place < len(text):
        segments.append(text[place:])
    return segments


def _end_of(text: str, start: int) -> int:
    """Where the code that begins at `start` ends: at `}}` outside of texts and of objects."""
    depth, quote, place = 0, "", start
    while place < len(text):
        sign = text[place]
        if quote:
            if sign == "\\":
                place += 1
            elif sign == quote:
                quote = ""
        elif sign in "\"'`":
            quote = sign
        elif sign == "{":
            depth += 1
        elif sign == "}":
            if depth == 0 and text.startswith("}}", place):
                return place
            depth -= 1
        place += 1
    raise Untranslatable("an expression is not closed")


# ---------------------------------------------------------------- texts


def _text(segments: list[str | Value], wanted: str) -> Json:
    if not segments:
        return ""
    if len(segments) == 1 and not isinstance(segments[0], str):
        return _alone(segments[0], wanted)
    return _row(segments)


def _row(parts: Iterable[str | Value]) -> str:
    """Texts and values one after another. Texts that touch are one text, and a bracket before an
    output must not become a part of it."""
    made, pending = "", ""
    for part in parts:
        if isinstance(part, str):
            pending += part
            continue
        ends = pending.endswith("{")
        made += literal(pending[:-1] if ends else pending) + ("{{ '{' }}" if ends else "")
        made, pending = made + _within(part), ""
    return made + literal(pending)


def _alone(value: Value, wanted: str) -> Json:
    match value:
        case Piece(liquid, kind):
            return _output(liquid if kind == wanted else f"{liquid}{_CASTS[wanted]}")
        case Words():
            return _within(value)
        case Fixed(found):
            if wanted == "text" and not isinstance(found, str):
                return json.dumps(found)
            return literal_json(found)
        case AsJson(inner) if wanted == "json":
            return _alone(inner, wanted)
        case Parts() if wanted != "text":
            return _structure(value)
    raise Untranslatable("JSON as a text has no match here")


def _output(liquid: str) -> str:
    return f"{{{{ {liquid} }}}}"


def _within(value: Value) -> str:
    """As a part of a text."""
    match value:
        case Piece(liquid):
            return _output(liquid)
        case Words(parts):
            match [part for part in parts if part != ""]:
                case [Piece() as piece]:
                    return str(_alone(piece, "text"))
            return _row(parts)
        case Fixed(str() as text):
            return literal(text)
        case Fixed(None):
            return ""
        case Fixed(found):
            return json.dumps(found)
    raise Untranslatable("an object or a list stands within a text")


# ---------------------------------------------------------------- JSON


def _json(segments: list[str | Value]) -> Json:
    """The text with a mark for each value is JSON; then the marks become templates. A value between
    quotes is a text whatever it was, one without quotes stays what it is."""
    values = [segment for segment in segments if not isinstance(segment, str)]
    if len(values) == 1 and not "".join(s for s in segments if isinstance(s, str)).strip():
        return _structure(values[0])
    written, count, quoted = "", 0, False
    for segment in segments:
        if isinstance(segment, str):
            written += segment.replace("\ue000", "")
            quoted = _ends_quoted(segment, quoted)
            continue
        mark = f"\ue000{count}\ue001"
        written += mark if quoted else f'"\ue000{count}\ue001\ue002"'
        count += 1
    return _filled(_decoded(written), values)


def _ends_quoted(text: str, quoted: bool) -> bool:
    escaped = False
    for sign in text:
        if escaped:
            escaped = False
        elif sign == "\\" and quoted:
            escaped = True
        elif sign == '"':
            quoted = not quoted
    return quoted


def _decoded(text: str) -> Json:
    try:
        return plain_json.decode(text)
    except ValueError:
        raise Untranslatable("it is no JSON") from None


def _filled(value: Json, values: list[Value]) -> Json:
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if isinstance(value, dict):
        if any("\ue000" in name for name in value):
            raise Untranslatable("the name of a field is computed")
        return {name: _filled(item, values) for name, item in value.items()}
    if not isinstance(value, str) or "\ue000" not in value:
        return literal_json(value)
    if value.endswith("\ue002"):
        return _structure(values[int(value[1:-2])])
    pieces = _MARK.split(value)
    found: list[str | Value] = [values[int(p)] if n % 2 else p for n, p in enumerate(pieces)]
    return _text([each for each in found if each != ""], "text")


def _structure(value: Value) -> Json:
    """A value as JSON whose texts are templates."""
    match value:
        case Parts(dict() as pairs):
            return {name: _structure(item) for name, item in pairs.items()}
        case Parts(list() as items):
            return [_structure(item) for item in items]
        case AsJson(inner):
            return _structure(inner)
    return _alone(value, "")
