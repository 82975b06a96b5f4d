"""A JSON value as flat rows for a tree of <details>: the first levels, the rest on demand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from workflows.errors import NotFoundError
from workflows.node_type import Json
from workflows.redaction import MASK

Path: TypeAlias = tuple[str | int, ...]

OPEN_LEVELS = 2
ROWS_AT_ONCE = 200
"""Rows of one tree before everything deeper is left for later."""
CHILDREN_AT_ONCE = 100
LONGEST_TEXT = 2000
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `form` says how it is shown:

    - `leaf`: a value in full, or its beginning when `cut`
    - `open`: a container whose rows follow, up to its `close`
    - `later`: a container whose rows are fetched when it is opened
    - `more`: children from number `start` on are fetched
    """

    form: str
    key: str = ""
    kind: str = ""
    text: str = ""
    count: int = 0
    path: str = "[]"
    """A JSON list: keys and indexes from the root."""
    expression: str = ""
    """How a template names the value; empty where it can not."""
    cut: int = 0
    """Characters that are not shown."""
    start: int = 0
    is_item: bool = False

    @property
    def is_masked(self) -> bool:
        """Whether a secret stood in the text."""
        return MASK in self.text


def rows_of(value: Json, *, root: str, path: Path = (), start: int = 0) -> list[Row]:
    """The rows inside of the container `value`, from child `start` on, or the one row of any other
    value. `root`: the name templates have for the whole."""
    builder = _Builder(root)
    if not isinstance(value, (dict, list)) or not value:
        return [builder.leaf(value, path)]
    return list(builder.children(value, path, OPEN_LEVELS if not path else 1, start))


def value_at(value: Json, path: Path) -> Json:
    """Raises NotFoundError."""
    try:
        for part in path:
            if isinstance(value, dict) != isinstance(part, str):
                raise KeyError(part)
            value = value[part]
    except (KeyError, IndexError, TypeError):
        raise NotFoundError("The data has nothing at this place.") from None
    return value


def read_path(text: str) -> Path:
    """A path as it stands in an address. Raises NotFoundError."""
    try:
        path = json.loads(text or "[]")
    except (ValueError, RecursionError):
        path = None
    if not isinstance(path, list) or not all(
        isinstance(part, str) or (type(part) is int and part >= 0) for part in path
    ):
        raise NotFoundError("The data has nothing at this place.")
    return tuple(path)


class _Builder:
    def __init__(self, root: str) -> None:
        self.root = root
        self.left = ROWS_AT_ONCE

    def children(self, value: Json, path: Path, levels: int, start: int) -> Iterator[Row]:
        entries: Sequence[tuple[str | int, Json]] = (
            list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        )
        shown = entries[start : start + CHILDREN_AT_ONCE]
        for key, child in shown:
            yield from self.entry(child, (*path, key), levels)
        if rest := len(entries) - start - len(shown):
            place = start + len(shown)
            yield Row("more", count=rest, path=json.dumps(path), start=place)

    def entry(self, value: Json, path: Path, levels: int) -> Iterator[Row]:
        self.left -= 1
        if not isinstance(value, (dict, list)) or not value:
            yield self.leaf(value, path)
        elif levels > 1 and self.left > 0:
            yield self.container("open", value, path)
            yield from self.children(value, path, levels - 1, 0)
            yield Row("close")
        else:
            yield self.container("later", value, path)

    def container(self, form: str, value: Json, path: Path) -> Row:
        kind = "object" if isinstance(value, dict) else "array"
        return Row(form, kind=kind, count=len(value), **self.place(path))

    def leaf(self, value: Json, path: Path) -> Row:
        kind, text = _shown(value)
        cut = max(len(text) - LONGEST_TEXT, 0)
        return Row("leaf", kind=kind, text=text[:LONGEST_TEXT], cut=cut, **self.place(path))

    def place(self, path: Path) -> dict[str, Any]:
        return {
            "key": str(path[-1]) if path else "",
            "is_item": bool(path) and isinstance(path[-1], int),
            "path": json.dumps(path),
            "expression": expression(self.root, path) if self.root and path else "",
        }


def expression(root: str, path: Path) -> str:
    """`{{ node_1.body["odd key"][0] }}`; empty for a key that Liquid can not write."""
    text = root
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif NAME.fullmatch(part):
            text += f".{part}"
        else:
            quote = "'" if '"' in part else '"'
            if quote in part or "\\" in part or "%}" in part or "}}" in part:
                return ""
            text += f"[{quote}{part}{quote}]"
    return "{{ " + text + " }}"


def _shown(value: Json) -> tuple[str, str]:
    if isinstance(value, str):
        return "text", value
    if value is None or isinstance(value, bool):
        return "word", json.dumps(value)
    if isinstance(value, dict):
        return "void", "{}"
    if isinstance(value, list):
        return "void", "[]"
    return "number", json.dumps(value)
