"""What one resolve() knows while it runs. Made anew for each call, so that one compiled value
serves any number of threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import islice

from workflows.errors import TemplateError
from workflows.node_type import Json
from workflows.templating.budget import Budget
from workflows.templating.text import json_text, text_of

MASK = "•••"
_WARNINGS = 50
_HINTS = 10
_CANDIDATES = 500
_COMPARED = 60
_LONGEST_NAME = 40
_LENGTHS_APART = 4


class MaskedRead(Exception):
    """A signal: a secret was read in a masked resolve: the expression around it has no value."""


class MaskedField(Exception):
    """A signal: a branch depends on a secret in a masked resolve: the whole field has no value."""


class State(Budget):
    """`context` is read, never changed. The second half of the attributes belongs to the one
    template that runs at the moment; see begin()."""

    tainted = False
    """A secret was read since this was last set to false."""
    taints = 0
    """How many outputs have read a secret."""

    def __init__(
        self, context: Mapping[str, Json], *, strict: bool, masked: bool, timed: bool
    ) -> None:
        super().__init__(timed)
        self.context = context
        self.strict = strict
        self.masked = masked
        self.warnings: dict[str, str] = {}
        self.exposed: set[str] = set()

    def begin(self, slots: int) -> None:
        """Start a template that has variables of its own."""
        self.locals: dict[str, Json] = {}
        self.sizes: dict[str, int] = {}
        self.kept = 0
        self.counters: dict[str, int] = {}
        self.cycles: dict[tuple[str, str], int] = {}
        self.stopped_at: dict[str, int] = {}
        self.changed: str | None = None
        self.slots: list[Json] = [None] * slots
        self.tainted_names: set[str] = set()
        self.tainted_slots: set[int] = set()

    def assign(self, name: str, value: Json, size: int) -> None:
        """`size` is what the value holds in memory beyond the context."""
        self.keep(size - self.sizes.get(name, 0))
        self.sizes[name] = size
        self.locals[name] = value
        if self.tainted:
            self.tainted_names.add(name)
        else:
            self.tainted_names.discard(name)

    def unknown_name(self, name: str, *others: str) -> None:
        """As unknown(), for a path that fails at its first part; `others` are names that are
        known besides those of the context."""
        known = dict.fromkeys([*others, *islice(self.context, _CANDIDATES)])
        known.pop(name, None)
        self.unknown(name, known, "", name)

    def unknown(self, path: str, parent: Json, parent_path: str, key: Json) -> None:
        """Warn that `path` leads nowhere, once; in a strict workflow fail."""
        if path in self.warnings or len(self.warnings) >= _WARNINGS:
            return
        hint = _hint(parent, parent_path, key) if len(self.warnings) < _HINTS else "."
        message = f"{path} is unknown{hint}"
        if self.strict:
            raise TemplateError(message, code="unknown_variable", details={"variable": path})
        self.warnings[path] = message

    def expose(self, value: Json) -> None:
        """Remember what an output made of a secret: its text, and each text inside of it."""
        self.taints += 1
        if value is None or isinstance(value, bool) or value in ("", [], {}):
            return
        if isinstance(value, (list, dict)):
            self.exposed.add(json_text(value))
            self.exposed.update(_leaves(value))
        else:
            self.exposed.add(text_of(value))


def _leaves(value: Json) -> set[str]:
    found: set[str] = set()
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif item not in (None, "") and not isinstance(item, bool):
            found.add(text_of(item))
    return found


def _hint(parent: Json, parent_path: str, key: Json) -> str:
    if isinstance(parent, Mapping):
        match = closest(str(key), parent)
        return (
            f": did you mean {parent_path + '.' if parent_path else ''}{match}?" if match else "."
        )
    if isinstance(parent, list):
        return f": {parent_path} is a list of {len(parent)} items."
    return f": {parent_path} is empty." if parent is None else f": {parent_path} is no object."


def closest(name: str, known: Iterable[str]) -> str:
    """The known name that looks most like `name`, or nothing. Looks at a bounded number of short
    names, because the comparison is slow."""
    if len(name) > _LONGEST_NAME:
        return ""
    names = [
        known_name
        for known_name in islice(known, _CANDIDATES)
        if isinstance(known_name, str) and abs(len(known_name) - len(name)) <= _LENGTHS_APART
    ]
    folded = {known_name.casefold(): known_name for known_name in reversed(names[:_COMPARED])}
    matches = get_close_matches(name.casefold(), folded, n=1)
    return folded[matches[0]] if matches else ""
