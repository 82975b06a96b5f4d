"""The part of JavaScript that n8n's expressions mostly use, read into a tree. Nothing is executed:
what is not in the grammar below has no tree, and so no translation.

expression = sum;  sum = product {("+" | "-") product};  product = place {"*" place}
place      = primary {"." name | "?." name | "[" expression "]" | "(" arguments ")"}
primary    = text | number | name | "(" expression ")" | "[" list "]" | "{" pairs "}" | `text`
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from workflows.node_type import Json

LONGEST = 5_000
DEEPEST = 40
MOST_TOKENS = 400


class Untranslatable(Exception):
    """The reason, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Literal:
    value: Json


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    of: Tree
    key: str | int


@dataclass(frozen=True, slots=True)
class Call:
    of: Tree
    arguments: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class ArrayTree:
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class ObjectTree:
    pairs: tuple[tuple[str, Tree], ...]


@dataclass(frozen=True, slots=True)
class TextTree:
    """A template literal: texts and trees in turn."""

    parts: tuple[str | Tree, ...]


Tree: TypeAlias = Literal | Name | Member | Call | Binary | ArrayTree | ObjectTree | TextTree

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+\.\d+|\d+|\.\d+)(?![\w.]))|(?P<name>[A-Za-z_$][\w$]*)"""
    r"""|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<ticks>`(?:[^`\\]|\\.)*`)"""
    r"""|(?P<sign>\?\.(?!\d)|=>|===|!==|==|!=|<=|>=|&&|\|\||\?\?|\+\+|--|\*\*|\.\.\.|[-+*/%.,:;?!<>=()\[\]{}]))""",
    re.ASCII | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\n|.)", re.DOTALL)
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None, "undefined": None}
_RESERVED = frozenset(
    [
        "await",
        "async",
        "class",
        "const",
        "delete",
        "do",
        "else",
        "for",
        "function",
        "if",
        "in",
        "instanceof",
        "let",
        "new",
        "return",
        "this",
        "throw",
        "try",
        "typeof",
        "var",
        "void",
        "while",
        "yield",
    ]
)


def parse(text: str) -> Tree:
    """Raises Untranslatable."""
    if len(text) > LONGEST:
        raise Untranslatable(f"it has more than {LONGEST:,} characters")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.place = 0
        self.depth = 0

    def whole(self) -> Tree:
        tree = self.sum()
        self.take_if("sign", ";")
        if self.place < len(self.tokens):
            raise Untranslatable(f"{self.tokens[self.place][1]!r} has no match here")
        return tree

    def sum(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Untranslatable("it is nested too deeply")
        tree = self._chain(self.product, "+", "-")
        self.depth -= 1
        return tree

    def product(self) -> Tree:
        return self._chain(self.reach, "*")

    def _chain(self, inner: Callable[[], Tree], *operators: str) -> Tree:
        tree = inner()
        while operator := next((o for o in operators if self.take_if("sign", o)), None):
            tree = Binary(operator, tree, inner())
        return tree

    def reach(self) -> Tree:
        tree = self.primary()
        while True:
            if self.take_if("sign", ".") or self.take_if("sign", "?."):
                if self.take_if("sign", "["):
                    tree = Member(tree, self._key())
                elif self.take_if("sign", "("):
                    tree = Call(tree, self._list(")"))
                else:
                    tree = Member(tree, self.take("name"))
            elif self.take_if("sign", "["):
                tree = Member(tree, self._key())
            elif self.take_if("sign", "("):
                tree = Call(tree, self._list(")"))
            else:
                return tree

    def _key(self) -> str | int:
        key = self.sum()
        self.take("sign", "]")
        if isinstance(key, Literal) and type(key.value) in (str, int):
            found: str | int = key.value
            return found
        raise Untranslatable("a key in brackets is computed")

    def primary(self) -> Tree:
        kind, text = self.next()
        if kind == "number":
            return Literal(float(text) if "." in text else int(text))
        if kind == "text":
            return Literal(_unescaped(text[1:-1]))
        if kind == "ticks":
            return _ticks(text[1:-1])
        if kind == "name":
            if text in _RESERVED:
                raise Untranslatable(f"{text!r} is code")
            return Literal(_WORDS[text]) if text in _WORDS else Name(text)
        if text == "(":
            tree = self.sum()
            self.take("sign", ")")
            return tree
        if text == "[":
            return ArrayTree(self._list("]"))
        if text == "{":
            return ObjectTree(tuple(self._pairs()))
        if text == "-" and self.peek("number"):
            number = self.primary()
            if isinstance(number, Literal):
                return Literal(-number.value)
        raise Untranslatable(f"{text!r} has no match here")

    def _list(self, end: str) -> tuple[Tree, ...]:
        items: list[Tree] = []
        while not self.take_if("sign", end):
            items.append(self.sum())
            if not self.take_if("sign", ","):
                self.take("sign", end)
                break
        return tuple(items)

    def _pairs(self) -> list[tuple[str, Tree]]:
        pairs: list[tuple[str, Tree]] = []
        while not self.take_if("sign", "}"):
            kind, text = self.next()
            if kind not in ("name", "text"):
                raise Untranslatable(f"{text!r} has no match here")
            name = _unescaped(text[1:-1]) if kind == "text" else text
            self.take("sign", ":")
            pairs.append((name, self.sum()))
            if not self.take_if("sign", ","):
                self.take("sign", "}")
                break
        return pairs

    # ------------------------------------------------------------ tokens

    def peek(self, kind: str, text: str = "") -> bool:
        if self.place >= len(self.tokens):
            return False
        found = self.tokens[self.place]
        return found[0] == kind and text in ("", found[1])

    def next(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise Untranslatable("it ends too early")
        self.place += 1
        return self.tokens[self.place - 1]

    def take(self, kind: str, text: str = "") -> str:
        found = self.next()
        if found[0] != kind or text not in ("", found[1]):
            raise Untranslatable(f"{found[1]!r} has no match here")
        return found[1]

    def take_if(self, kind: str, text: str) -> bool:
        if not self.peek(kind, text):
            return False
        self.place += 1
        return True


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if not found or found.lastgroup is None:
            raise Untranslatable(f"{text[place:].strip()[:1]!r} has no match here")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        place = found.end()
        if len(tokens) > MOST_TOKENS:
            raise Untranslatable("it is too long")
    return tokens


def _unescaped(text: str) -> str:
    def meant(found: re.Match[str]) -> str:
        code = found[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        return "" if code == "\n" else _ESCAPES.get(code, code)

    made = _ESCAPE.sub(meant, text)
    if any("\ud800" <= sign <= "\udfff" for sign in made) or "\0" in made:
        raise Untranslatable("a text holds signs that can not be stored")
    return made


def _ticks(text: str) -> Tree:
    """`Hello ${ name }`."""
    parts: list[str | Tree] = []
    place = 0
    while (start := text.find("${", place)) >= 0:
        end = text.find("}", start)
        if end < 0:
            raise Untranslatable("a text is not closed")
        parts += [_unescaped(text[place:start]), parse(text[start + 2 : end])]
        place = end + 1
    parts.append(_unescaped(text[place:]))
    return TextTree(tuple(parts))
