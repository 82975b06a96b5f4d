"""The tree of an expression -> what it means in Liquid, where it means the same."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.n8n.data import Data
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
from workflows.n8n.methods import call_method, filtered
from workflows.n8n.values import (
    AsJson,
    Fixed,
    Handle,
    Item,
    Items,
    Method,
    Parts,
    Piece,
    Place,
    Scope,
    Value,
    Words,
)

_FIRST, _LAST, _ALL = "first", "last", "all"
_NAMED: Mapping[tuple[str, str], Piece] = {
    ("$workflow", "id"): Piece("workflow.id", "text"),
    ("$workflow", "name"): Piece("workflow.name", "text"),
    ("$execution", "id"): Piece("run.id", "text"),
}


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
            return _called(of, [translate(each, scope) for each in arguments], scope)
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
            place = data.at(path)
            return Piece(place, is_path="|" not in place)
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
            return Handle(scope.all)
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
            return Place(data, (*path, key))
        case Item(data):
            if key == "json":
                return Place(data)
        case Handle(data):
            if key in ("item", "json"):
                item = scope.input if data is scope.all else data
                return Item(item) if key == "item" else Place(item)
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
                return filtered(of, "size", "number")
    raise Untranslatable(f"{str(key)!r} has no match here")


def _called(of: Tree, arguments: list[Value], scope: Scope) -> Value:
    """A method of a value, or one of n8n's own functions."""
    if isinstance(of, Member) and isinstance(of.key, str):
        value = translate(of.of, scope)
        if not isinstance(value, (Name, Handle, Item, Items)):
            return call_method(settled(value), of.key, arguments, scope)
        return _call(_member(value, of.key, scope), arguments, scope)
    return _call(translate(of, scope), arguments, scope)


def _call(of: Value, arguments: list[Value], scope: Scope) -> Value:
    match of:
        case Name("$"):
            return Handle(scope.data_of(_text_of(arguments)))
        case Name("$items"):
            return Items(scope.data_of(_text_of(arguments)) if arguments else scope.all)
        case Name("JSON.stringify"):
            if arguments and all(isinstance(a, Fixed) for a in arguments[1:]):
                return AsJson(settled(arguments[0]))
        case Name("String"):
            if len(arguments) == 1:
                return filtered(settled(arguments[0]), 'append: ""', "text")
        case Method(Handle(data), name) if not arguments:
            if name == _FIRST:
                return Item(data.first())
            if name == _ALL:
                return Items(data)
            if name == _LAST and not data.several:
                return Item(data)
    shown = of.name if isinstance(of, (Name, Method)) else "this"
    raise Untranslatable(f"{shown}(...) has no match here")


def _text_of(arguments: list[Value]) -> str:
    match arguments:
        case [Fixed(str() as name), *_]:
            return name
    raise Untranslatable("the name of a node is computed")


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
    return filtered(left, f"{name}: {_argument(right)}", "number")


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
