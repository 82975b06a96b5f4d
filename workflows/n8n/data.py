"""Where the data that n8n calls `$json` is here: for each node, paths into the outputs of nodes.

n8n hands a list of items from node to node, here each node has one output that every later node
can read by its id. So what a node's `$json` means depends on the node before it: conditions and
waits hand on what they got, an HTTP request gives its body, a Set node its fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from workflows.n8n.javascript import Untranslatable

Path: TypeAlias = tuple[str | int, ...]
OTHERWISE = " | default: "
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Data:
    """One item. `whole` is the place of all of it, with `keys` all that it holds, where that is
    known. After a Set node that hands on other fields there is no such place: `fields` are those
    that were set, and all others are in `rest`. `items` is the list where there may be several,
    with `within` the way from one of its members to the item."""

    whole: str | None = None
    keys: tuple[Path, ...] | None = None
    fields: Mapping[Path, str] = field(default_factory=dict)
    rest: Data | None = None
    only: frozenset[str] | None = None
    """The keys that have a match, where that is known."""
    items: str | None = None
    within: str = ""
    several: str = ""
    """Why there is no single item."""
    choices: tuple[Data, ...] = ()
    """Where branches meet of which only one runs: what each of them gives."""

    @property
    def is_branched(self) -> bool:
        return bool(self.choices) or (self.rest is not None and self.rest.is_branched)

    def at(self, path: Path) -> str:
        """The Liquid path. Raises Untranslatable."""
        if self.several:
            raise Untranslatable(self.several)
        if self.choices:
            return self._chosen(path)
        if any(len(known) > len(path) and known[: len(path)] == path for known in self.fields):
            raise Untranslatable("it needs fields of several nodes at once")
        for length in range(len(path), 0, -1):
            if (found := self.fields.get(path[:length])) is not None:
                return found + written(path[length:])
        if self.rest is not None:
            return self.rest.at(path)
        if self.only is not None and path and path[0] not in self.only:
            raise Untranslatable(f"{path[0]!r} has no match here")
        if self.whole is None:
            raise Untranslatable("the data before this node is not known")
        return self.whole + written(path)

    def _chosen(self, path: Path) -> str:
        """From the branch that ran: of the others it is unknown."""
        places = list(dict.fromkeys(each.at(path) for each in self.choices))
        return places[0] + "".join(f"{OTHERWISE}{place}, allow_false: true" for place in places[1:])

    def first(self) -> Data:
        """The first of several items; the one item of others."""
        if not self.several:
            return self
        if self.items is None:
            raise Untranslatable(self.several)
        return Data(whole=f"{self.items}[0]{self.within}")

    def with_fields(self, fields: Mapping[Path, str]) -> Data:
        """What a Set node makes of it that hands on the rest."""
        earlier = {
            path: place
            for path, place in self.fields.items()
            if not any(path[: len(new)] == new for new in fields)
        }
        return Data(fields={**earlier, **fields}, rest=self.rest if self.fields else self)


UNKNOWN = Data()
NOTHING_BEFORE = Data(several="no node comes before this one")
AMBIGUOUS = Data(several="several nodes lead here, each with data of its own")


def written(path: Path) -> str:
    """`.a["b c"][0]`."""
    return "".join(_key(key) for key in path)


def _key(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    if _WORD.fullmatch(key):
        return f".{key}"
    return f"[{quoted(key)}]"


def quoted(text: str) -> str:
    """A text as Liquid writes it, which knows no escapes."""
    if "}}" in text or "%}" in text or "{{" in text or "{%" in text:
        raise Untranslatable("a text in it holds brackets that mean something here")
    mark = "'" if '"' in text else '"'
    if mark in text:
        raise Untranslatable("a text in it holds both kinds of quotes")
    return f"{mark}{text}{mark}"
