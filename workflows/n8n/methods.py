"""Methods of JavaScript that have a filter with the same meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from workflows.n8n.data import quoted
from workflows.n8n.javascript import Untranslatable
from workflows.n8n.values import Fixed, Parts, Piece, Scope, Value

FILTERS: Mapping[str, tuple[str, str]] = {
    "toUpperCase": ("upcase", "text"),
    "toLowerCase": ("downcase", "text"),
    "trim": ("strip", "text"),
    "trimStart": ("lstrip", "text"),
    "trimEnd": ("rstrip", "text"),
    "toString": ('append: ""', "text"),
}
_DATE_SIGNS: Mapping[str, str] = {
    "yyyy": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "a": "%p",
    "cccc": "%A",
    "EEEE": "%A",
}
_DATE_PART = re.compile(r"([A-Za-z])\1*|'[^']*'|[^A-Za-z']+")
_UNITS = frozenset({"second", "minute", "hour", "day", "week", "month", "year"})


def call_method(value: Value, name: str, arguments: list[Value], scope: Scope) -> Value:
    if isinstance(value, Piece) and value.kind == "date":
        return _date_method(value, name, arguments, scope)
    if name in FILTERS and not arguments:
        return filtered(value, *FILTERS[name])
    match name, arguments:
        case "join", []:
            return filtered(value, 'join: ","', "text")
        case "join", [Fixed(str() as mark)]:
            return filtered(value, f"join: {quoted(mark)}", "text")
        case (("replace" | "replaceAll"), [Fixed(str() as old), Fixed(str() as new)]):
            if old and "$" not in new:
                done = "replace_first" if name == "replace" else "replace"
                return filtered(value, f"{done}: {quoted(old)}, {quoted(new)}", "text")
        case (("slice" | "substring"), [Fixed(int() as start), Fixed(int() as end)]):
            if 0 <= start <= end:
                return filtered(value, f"slice: {start}, {end - start}", "unknown")
        case "first", []:
            return filtered(value, "first", "unknown")
        case "last", []:
            return filtered(value, "last", "unknown")
    raise Untranslatable(f".{name}(...) has no match here")


def _date_method(value: Piece, name: str, arguments: list[Value], scope: Scope) -> Value:
    zone = f", {quoted(scope.zone)}" if scope.zone else ""
    match name, arguments:
        case (("toISO" | "toISOString" | "toString"), []):
            return replace(value, kind="text")
        case "toISODate", []:
            return filtered(value, f'date: "%Y-%m-%d"{zone}', "text")
        case (("toFormat" | "format"), [Fixed(str() as pattern)]):
            return filtered(value, f"date: {quoted(_strftime(pattern))}{zone}", "text")
        case (("plus" | "minus"), [Fixed(int() as amount), Fixed(str() as unit)]):
            return _moved(value, name, {unit: Fixed(amount)}, zone)
        case (("plus" | "minus"), [Parts(dict() as amounts)]):
            return _moved(value, name, amounts, zone)
    raise Untranslatable(f".{name}(...) of a date has no match here")


def _moved(value: Piece, name: str, amounts: Mapping[str, Value], zone: str) -> Piece:
    words = []
    for unit, amount in amounts.items():
        single = unit.removesuffix("s")
        if single not in _UNITS or not isinstance(amount, Fixed) or type(amount.value) is not int:
            raise Untranslatable(f".{name}(...) has no match here")
        signed = amount.value if name == "plus" else -amount.value
        words.append(f"{signed:+d} {single}s")
    made = filtered(value, f'carbon_date: "{", ".join(words)}"{zone}', "date")
    return made


def _strftime(pattern: str) -> str:
    made = []
    for part in _DATE_PART.finditer(pattern):
        text = part[0]
        if text.startswith("'"):
            made.append(text[1:-1].replace("%", "%%"))
        elif part[1]:
            if text not in _DATE_SIGNS:
                raise Untranslatable(f"the part {text!r} of a date has no match here")
            made.append(_DATE_SIGNS[text])
        else:
            made.append(text.replace("%", "%%"))
    if "".join(part[0] for part in _DATE_PART.finditer(pattern)) != pattern:
        raise Untranslatable("the pattern of a date has no match here")
    return "".join(made)


def filtered(value: Value, done: str, kind: str) -> Piece:
    match value:
        case Piece(liquid):
            return Piece(f"{liquid} | {done}", kind, is_path=False)
        case Fixed(str() as text):
            return Piece(f"{quoted(text)} | {done}", kind, is_path=False)
        case Fixed(int() | float() as number) if not isinstance(number, bool):
            return Piece(f"{number} | {done}", kind, is_path=False)
    raise Untranslatable("a filter works on one value only")
