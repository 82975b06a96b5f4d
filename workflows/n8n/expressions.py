"""The tree of an expression -> what it means in Liquid, where it means the same.

A value here is one of: Piece (a Liquid expression: a path with filters), Words (pieces and texts in
a row, which is how texts are joined), Parts (an object or a list of values), or one of the handles
of n8n through which the data of a node is reached.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from workflows.n8n.data import Data, Path, quoted
from workflows.n8n.javascript import (
    ArrayTree,
    Binary,
    Call,
    Literal,
    Member,
    Name,
    ObjectTree,
    TextTree,
    Tree,
    Untranslatable,
)
from workflows.node_type import Json


@dataclass(frozen=True, slots=True)
class Piece:
    liquid: str
    kind: str = "unknown"
    """text, number, date, or unknown."""
    is_path: bool = True


@dataclass(frozen=True, slots=True)
class Fixed:
    value: Json


@dataclass(frozen=True, slots=True)
class Words:
    parts: tuple[str | Piece, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    value: dict[str, Value] | list[Value]


@dataclass(frozen=True, slots=True)
class AsJson:
    """JSON.stringify(...): in a JSON field it is the value itself."""

    value: Value


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the data of a node."""

    data: Data
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Item:
    """`$input.item`, `$('Name').first()`."""

    data: Data


@dataclass(frozen=True, slots=True)
class Items:
    """`$input.all()`, `$items('Name')`."""

    data: Data


@dataclass(frozen=True, slots=True)
class Handle:
    """`$input`, `$('Name')`, `$node["Name"]`."""

    data: Data


@dataclass(frozen=True, slots=True)
class Method:
    of: Value
    name: str


Value: TypeAlias = (
    Piece | Fixed | Words | Parts | AsJson | Place | Item | Items | Handle | Method | Name
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can reach."""

    input: Data
    data_of: Callable[[str], Data]
    """Of the node with this name, as it is seen from here. Raises Untranslatable."""
    zone: str = ""
    iteration: str = ""
    """The name that the number of the pass has here, within a loop of single items."""


_FIRST, _LAST, _ALL = "first", "last", "all"
_FILTERS: Mapping[str, tuple[str, str]] = {
    "toUpperCase": ("upcase", "text"),
    "toLowerCase": ("downcase", "text"),
    "trim": ("strip", "text"),
    "trimStart": ("lstrip", "text"),
    "trimEnd": ("rstrip", "text"),
    "toString": ('append: ""', "text"),
}
_NAMED: Mapping[tuple[str, str], Piece] = {
    ("$workflow", "id"): Piece("workflow.id", "text"),
    ("$workflow", "name"): Piece("workflow.name", "text"),
    ("$execution", "id"): Piece("run.id", "text"),
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


def translate(tree: Tree, scope: Scope) -> Value:
    """Raises Untranslatable."""
    match tree:
        case Literal(value):
            return Fixed(value)
        case Name():
            return _name(tree, scope)
        case Member(of, key):
            return _member(translate(of, scope), key, scope)
        case Call(of, arguments):
            return _call(translate(of, scope), [translate(a, scope) for a in arguments], scope)
        case Binary(operator, left, right):
            return _binary(operator, settled(translate(left, scope)), translate(right, scope))
        case ArrayTree(items):
            return Parts([settled(translate(item, scope)) for item in items])
        case ObjectTree(pairs):
            return Parts({name: settled(translate(value, scope)) for name, value in pairs})
        case TextTree(parts):
            return _joined(
                [Fixed(p) if isinstance(p, str) else settled(translate(p, scope)) for p in parts]
            )


def settled(value: Value) -> Value:
    """The value with its place in the data found. Raises Untranslatable for what is no value."""
    match value:
        case Place(data, path):
            return Piece(data.at(path))
        case Name(name):
            raise Untranslatable(f"{name} is not known here")
        case Method(_, name):
            raise Untranslatable(f"{name} is not called")
        case Items(data):
            if data.items is None or data.within:
                raise Untranslatable("a list of items has no match here")
            raise Untranslatable("a list of items wraps each of them in 'json'")
        case Item() | Handle():
            raise Untranslatable("the item as a whole has no match here, only its json")
    return value


def _name(tree: Name, scope: Scope) -> Value:
    match tree.name:
        case "$json":
            return Place(scope.input)
        case "$input":
            return Handle(scope.input)
        case "$now":
            return Piece("now", "date")
        case "$today":
            return Piece("today", "date")
        case "$runIndex" if scope.iteration:
            return Piece(scope.iteration, "number")
        case "$itemIndex" | "$runIndex" | "$binary" | "$env" | "$vars" | "$secrets" | "$parameter":
            raise Untranslatable(f"{tree.name} has no match here")
    return tree


def _member(of: Value, key: str | int, scope: Scope) -> Value:
    match of:
        case Place(data, path):
            if key == "length":
                return Piece(f"{data.at(path)} | size", "number", is_path=False)
            if isinstance(key, int) and key < 0:
                raise Untranslatable("a negative key means nothing in JavaScript")
            if isinstance(key, str) and _is_method(key):
                return Method(of, key)
            return Place(data, (*path, key))
        case Item(data):
            if key == "json":
                return Place(data)
        case Handle(data):
            if key == "item":
                return Item(data)
            if key == "json":
                return Place(data)
            if key in (_FIRST, _LAST, _ALL):
                return Method(of, str(key))
        case Items(data):
            if key == "length":
                return _count(data)
            if isinstance(key, int):
                return Item(_nth(data, key))
        case Name(name):
            if name == "$node" and isinstance(key, str):
                return Handle(scope.data_of(key))
            if (found := _NAMED.get((name, str(key)))) is not None:
                return found
            return Name(f"{name}.{key}")
        case Piece() | Fixed() | Words():
            if key == "length":
                return _filtered(of, "size", "number")
            if isinstance(key, str):
                return Method(of, key)
    raise Untranslatable(f"{str(key)!r} has no match here")


def _is_method(key: str) -> bool:
    return key in _FILTERS or key in (
        *("join", "replace", "replaceAll", "slice", "substring", "toJsonString", "split"),
        *("map", "filter", "includes", "startsWith", "endsWith", "toFixed", "toDateTime", "find"),
        *("reduce", "some", "every", "sort", "concat", "match", "indexOf", "first", "last"),
    )


def _call(of: Value, arguments: list[Value], scope: Scope) -> Value:
    match of:
        case Name("$"):
            return Handle(scope.data_of(_text_of(arguments)))
        case Name("$items"):
            return Items(scope.data_of(_text_of(arguments)) if arguments else scope.input)
        case Name("JSON.stringify"):
            if arguments and all(isinstance(a, Fixed) for a in arguments[1:]):
                return AsJson(settled(arguments[0]))
        case Name("String"):
            if len(arguments) == 1:
                return _filtered(settled(arguments[0]), 'append: ""', "text")
        case Method(Handle(data), name) if not arguments:
            if name == _FIRST:
                return Item(data.first())
            if name == _ALL:
                return Items(data)
            if name == _LAST and not data.several:
                return Item(data)
        case Method(value, name):
            return _method(settled(value), name, arguments, scope)
    shown = of.name if isinstance(of, (Name, Method)) else "this"
    raise Untranslatable(f"{shown}(...) has no match here")


def _text_of(arguments: list[Value]) -> str:
    match arguments:
        case [Fixed(str() as name), *_]:
            return name
    raise Untranslatable("the name of a node is computed")


def _method(value: Value, name: str, arguments: list[Value], scope: Scope) -> Value:
    if isinstance(value, Piece) and value.kind == "date":
        return _date_method(value, name, arguments, scope)
    if name in _FILTERS and not arguments:
        return _filtered(value, *_FILTERS[name])
    match name, arguments:
        case "join", []:
            return _filtered(value, 'join: ","', "text")
        case "join", [Fixed(str() as mark)]:
            return _filtered(value, f"join: {quoted(mark)}", "text")
        case (("replace" | "replaceAll"), [Fixed(str() as old), Fixed(str() as new)]):
            if old and "$" not in new:
                done = "replace_first" if name == "replace" else "replace"
                return _filtered(value, f"{done}: {quoted(old)}, {quoted(new)}", "text")
        case (("slice" | "substring"), [Fixed(int() as start), Fixed(int() as end)]):
            if 0 <= start <= end:
                return _filtered(value, f"slice: {start}, {end - start}", "unknown")
        case "first", []:
            return _filtered(value, "first", "unknown")
        case "last", []:
            return _filtered(value, "last", "unknown")
    raise Untranslatable(f".{name}(...) has no match here")


def _date_method(value: Piece, name: str, arguments: list[Value], scope: Scope) -> Value:
    zone = f", {quoted(scope.zone)}" if scope.zone else ""
    match name, arguments:
        case (("toISO" | "toISOString" | "toString"), []):
            return replace(value, kind="text")
        case "toISODate", []:
            return _filtered(value, f'date: "%Y-%m-%d"{zone}', "text")
        case (("toFormat" | "format"), [Fixed(str() as pattern)]):
            return _filtered(value, f"date: {quoted(_strftime(pattern))}{zone}", "text")
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
    made = _filtered(value, f'carbon_date: "{", ".join(words)}"{zone}', "date")
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


def _filtered(value: Value, done: str, kind: str) -> Piece:
    match value:
        case Piece(liquid):
            return Piece(f"{liquid} | {done}", kind, is_path=False)
        case Fixed(str() as text):
            return Piece(f"{quoted(text)} | {done}", kind, is_path=False)
        case Fixed(int() | float() as number) if not isinstance(number, bool):
            return Piece(f"{number} | {done}", kind, is_path=False)
    raise Untranslatable("a filter works on one value only")


def _count(data: Data) -> Value:
    if data.several:
        if data.items is None:
            raise Untranslatable(data.several)
        return Piece(f"{data.items} | size", "number", is_path=False)
    if data.items is not None:
        raise Untranslatable("how many items there are depends on the answer")
    return Fixed(1)


def _nth(data: Data, place: int) -> Data:
    if place == 0:
        return data.first()
    if data.several and data.items is not None and place > 0:
        return Data(whole=f"{data.items}[{place}]{data.within}")
    raise Untranslatable("there is only one item here")


# ---------------------------------------------------------------- operators


def _binary(operator: str, left: Value, raw_right: Value) -> Value:
    right = settled(raw_right)
    if operator == "+" and (_is_text(left) or _is_text(right)):
        return _joined([left, right])
    if operator == "+" and not (_is_number(left) and _is_number(right)):
        raise Untranslatable("+ adds numbers or joins texts, and which of them is not known")
    name = {"+": "plus", "-": "minus", "*": "times"}[operator]
    return _filtered(left, f"{name}: {_argument(right)}", "number")


def _argument(value: Value) -> str:
    match value:
        case Piece(liquid, _, True):
            return liquid
        case Fixed(int() | float() as number) if not isinstance(number, bool):
            return str(number)
    raise Untranslatable("a part of the sum is computed")


def _is_text(value: Value) -> bool:
    match value:
        case Words() | Piece(_, "text", _) | Fixed(str()):
            return True
    return False


def _is_number(value: Value) -> bool:
    match value:
        case Piece(_, "number", _):
            return True
        case Fixed(int() | float() as number):
            return not isinstance(number, bool)
    return False


def _joined(values: list[Value]) -> Words:
    parts: list[str | Piece] = []
    for value in values:
        match value:
            case Words(more):
                parts += more
            case Piece():
                parts.append(value)
            case Fixed(str() as text):
                parts.append(text)
            case Fixed(bool() as truth):
                parts.append("true" if truth else "false")
            case Fixed(int() as number):
                parts.append(str(number))
            case _:
                raise Untranslatable("an object or a list is joined to a text")
    return Words(tuple(parts))
