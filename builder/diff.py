"""What differs between two graphs: nodes, their fields, edges. Where a node stands does not count.

Works on graphs as they are stored, so that old ones need not be parsed to be compared.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from workflows.graph import Retry
from workflows.node_type import Json
from workflows.nodes import registry
from workflows.wording import counted

Mark: TypeAlias = Literal["added", "removed", "changed"]
EdgeKey: TypeAlias = tuple[str, str, str]
"""(source, port, target)"""

DEFAULTS: Mapping[str, Json] = {
    "name": "",
    "type": "",
    "config": {},
    "continue_on_error": False,
    "retry": None,
    "on_interrupt": None,
    "notes": "",
}
SHORT = 60
"""Characters of a value that is shown in one line."""
CONTEXT = 2
"""Lines around a changed one."""
MOST_LINES = 500
"""Longer texts are not compared line by line: it takes the square of them where lines repeat."""
MISSING = object()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a long value; `mark` is empty for one that stayed, `cut` stands for several."""

    mark: Literal["", "added", "removed", "cut"]
    text: str


@dataclass(frozen=True)
class FieldChange:
    """`old` or `new` is None where the field was not there."""

    path: str
    old: str | None
    new: str | None

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """What differs in long values, empty for short ones; only made where it is shown, for every
        save asks whether anything differs at all."""
        texts = [text for text in (self.old, self.new) if text is not None]
        if all(len(text) <= SHORT and "\n" not in text for text in texts):
            return ()
        return tuple(_lines(self.old or "", self.new or ""))


@dataclass(frozen=True, slots=True)
class NodeChange:
    id: str
    name: str
    icon: str
    mark: Mark
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """`nodes`: those that differ, in the order of the graph."""

    nodes: tuple[NodeChange, ...]
    added_edges: tuple[EdgeKey, ...]
    removed_edges: tuple[EdgeKey, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.nodes or self.added_edges or self.removed_edges)

    def count(self, mark: Mark) -> int:
        return sum(node.mark == mark for node in self.nodes)

    @property
    def added(self) -> int:
        return self.count("added")

    @property
    def removed(self) -> int:
        return self.count("removed")

    @property
    def changed(self) -> int:
        return self.count("changed")

    @property
    def edges(self) -> int:
        return len(self.added_edges) + len(self.removed_edges)


def compare(old: Json, new: Json) -> GraphDiff:
    """What made `new` out of `old`, both as they are stored."""
    before, after = _nodes(old), _nodes(new)
    edges_before, edges_after = _edges(old), _edges(new)
    nodes = []
    for name, node in after.items():
        if name not in before:
            nodes.append(_change(name, node, "added"))
        elif fields := tuple(_differences("", before[name], node)):
            nodes.append(_change(name, node, "changed", fields))
    nodes += [_change(name, node, "removed") for name, node in before.items() if name not in after]
    return GraphDiff(
        tuple(nodes),
        tuple(edge for edge in edges_after if edge not in edges_before),
        tuple(edge for edge in edges_before if edge not in edges_after),
    )


def _nodes(graph: Json) -> dict[str, dict[str, Any]]:
    found = {}
    for raw in graph.get("nodes", []):
        node = {field: raw.get(field, default) for field, default in DEFAULTS.items()}
        if isinstance(node["retry"], Mapping):
            node["retry"] = {**asdict(Retry()), **node["retry"]}
        found[str(raw.get("id"))] = node
    return found


def _edges(graph: Json) -> dict[EdgeKey, None]:
    return dict.fromkeys(
        (str(edge.get("source")), str(edge.get("port", "default")), str(edge.get("target")))
        for edge in graph.get("edges", [])
    )


def _change(
    name: str, node: Mapping[str, Any], mark: Mark, fields: tuple[FieldChange, ...] = ()
) -> NodeChange:
    known = registry().get(node["type"])
    shown = node["name"] or (known.label if known else name)
    return NodeChange(name, shown, known.icon if known else "", mark, fields)


# ---------------------------------------------------------------- fields


def _differences(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    """Into objects, and into lists of the same length; all else is one value."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys([*old, *new]):
            here = f"{path}.{name}" if path else str(name)
            yield from _differences(here, old.get(name, MISSING), new.get(name, MISSING))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{path}[{place}]", before, after)
    elif not _is_same(old, new):
        yield FieldChange(path, _text(old), _text(new))


def _is_same(old: Any, new: Any) -> bool:
    """1 and 1.0 are the same number; true is none."""
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def _text(value: Any) -> str | None:
    if value is MISSING:
        return None
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2)


def _lines(old: str, new: str) -> Iterator[Line]:
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > MOST_LINES:
        before, after = [counted(len(before), "line")], [counted(len(after), "line")]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    groups = list(matcher.get_grouped_opcodes(CONTEXT))
    if groups and groups[0][0][1] > 0:
        yield Line("cut", "")
    for number, group in enumerate(groups):
        if number:
            yield Line("cut", "")
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                yield from _marked("", before[start:end])
            else:
                yield from _marked("removed", before[start:end])
                yield from _marked("added", after[new_start:new_end])
    if groups and groups[-1][-1][2] < len(before):
        yield Line("cut", "")


def _marked(mark: Literal["", "added", "removed"], texts: Sequence[str]) -> Iterator[Line]:
    return (Line(mark, text) for text in texts)
