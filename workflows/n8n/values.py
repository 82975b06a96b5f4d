"""What the parts of an expression are, on the way to Liquid.

A value is one of: Piece (a Liquid expression: a path with filters), Fixed (a literal), Words (texts
and pieces in a row, which is how texts are joined), Parts (an object or a list of values), or a
handle of n8n through which the data of a node is reached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from workflows.n8n.data import Data, Path
from workflows.n8n.javascript import Name
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
    of: Handle
    name: str


Value: TypeAlias = (
    Piece | Fixed | Words | Parts | AsJson | Place | Item | Items | Handle | Method | Name
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can reach."""

    input: Data
    all: Data
    """The same, before a node that runs once took the first item."""
    data_of: Callable[[str], Data]
    """Of the node with this name, as it is seen from here. Raises Untranslatable."""
    zone: str = ""
    iteration: str = ""
    """The name that the number of the pass has here, within a loop of single items."""
