"""An n8n workflow as it was exported, read strictly enough that nothing later has to look again.

{"name", "nodes": [{"id", "name", "type", "typeVersion", "position": [x, y], "parameters", ...}],
 "connections": {"Name of a node": {"main": [[{"node", "type", "index"}], ...]}}, "settings", ...}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflows.errors import Problem
from workflows.fields import FormError
from workflows.limits import limits
from workflows.names import repeated_names
from workflows.node_type import Json

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 10_000
MOST_CONNECTIONS = 10_000
MOST_OUTPUTS = 200
MAIN = "main"
STICKY = "stickyNote"
BASE = "n8n-nodes-base."


@dataclass(frozen=True, slots=True)
class Source:
    """A node of n8n. `raw` is all of it."""

    name: str
    type: str
    version: float
    parameters: Mapping[str, Json]
    position: tuple[float, float] | None
    raw: Mapping[str, Json] = field(repr=False)

    @property
    def kind(self) -> str:
        """The type without the package of n8n's own nodes; others keep theirs."""
        return self.type.removeprefix(BASE)

    @property
    def disabled(self) -> bool:
        return self.raw.get("disabled") is True

    def flag(self, name: str) -> bool:
        return self.raw.get(name) is True

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        return value if isinstance(value, str) else ""

    def group(self, *path: str) -> Mapping[str, Json]:
        """An object within the parameters, empty where there is none."""
        return as_object(_walk(self.parameters, path))

    def rows(self, *path: str) -> list[Mapping[str, Json]]:
        """The objects of a list within the parameters."""
        found = _walk(self.parameters, path)
        return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []

    def option(self, name: str, default: str = "") -> str:
        """A choice among the parameters."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else default


@dataclass(frozen=True, slots=True)
class Link:
    """A connection; `kind` other than main belongs to n8n's AI nodes."""

    source: str
    output: int
    target: str
    input: int = 0
    kind: str = MAIN


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    description: str
    id: str
    nodes: Mapping[str, Source]
    links: tuple[Link, ...]
    dangling: tuple[str, ...]
    """Sentences about connections that lead nowhere."""
    settings: Mapping[str, Json]
    pinned: Mapping[str, Json]


def is_n8n(document: Json) -> bool:
    """By its form: nodes, and connections where we have edges. The clipboard has no name."""
    return (
        isinstance(document, Mapping)
        and isinstance(document.get("nodes"), list)
        and isinstance(document.get("connections"), Mapping)
    )


def read(document: Json) -> Document:
    """Raises FormError."""
    if not is_n8n(document):
        raise _malformed("This is no workflow of n8n: it needs a list of nodes and connections.")
    most = limits().graph_nodes
    if (count := len(document["nodes"])) > most:
        message = f"The workflow has {count} nodes, {most} is the limit. Split it in n8n first."
        raise FormError([Problem("too_many_nodes", message, field="nodes")])
    nodes = [_node(raw, place) for place, raw in enumerate(document["nodes"])]
    if twice := repeated_names(node.name for node in nodes):
        raise _malformed(f"Two nodes are called {twice[0]!r}. Connections can not tell them apart.")
    known = {node.name: node for node in nodes}
    links, dangling = _links(document["connections"], known)
    name = document.get("name")
    return Document(
        name=name.strip()[:LONGEST_NAME] if isinstance(name, str) else "",
        description=_description(document),
        id=_id(document.get("id")),
        nodes=known,
        links=links,
        dangling=dangling,
        settings=as_object(document.get("settings")),
        pinned=as_object(document.get("pinData")),
    )


def as_object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _description(document: Mapping[str, Json]) -> str:
    for holder in (document, as_object(document.get("meta"))):
        if isinstance(text := holder.get("description"), str):
            return text.strip()[:LONGEST_DESCRIPTION]
    return ""


def _id(value: Json) -> str:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _node(raw: Json, place: int) -> Source:
    if not isinstance(raw, Mapping):
        raise _malformed(f"Node {place + 1} is no object.", f"nodes[{place}]")
    name, kind = raw.get("name"), raw.get("type")
    if not isinstance(name, str) or not name.strip():
        raise _malformed(f"Node {place + 1} has no name.", f"nodes[{place}].name")
    if not isinstance(kind, str) or not kind.strip():
        raise _malformed(f"The node {name!r} has no type.", f"nodes[{place}].type")
    version = raw.get("typeVersion", 1)
    return Source(
        name=name,
        type=kind,
        version=float(version) if _is_number(version) else 1.0,
        parameters=as_object(raw.get("parameters")),
        position=_position(raw.get("position")),
        raw=raw,
    )


def _position(value: Json) -> tuple[float, float] | None:
    if isinstance(value, Mapping):
        value = [value.get("x"), value.get("y")]
    if not isinstance(value, list) or len(value) != 2 or not all(_is_number(n) for n in value):
        return None
    if any(abs(n) > 1e6 for n in value):
        return None
    return float(value[0]), float(value[1])


def _links(
    connections: Mapping[str, Json], nodes: Mapping[str, Source]
) -> tuple[tuple[Link, ...], tuple[str, ...]]:
    links: dict[Link, None] = {}
    dangling: list[str] = []
    for source, kinds in connections.items():
        for link in _links_of(source, as_object(kinds)):
            if len(links) >= MOST_CONNECTIONS:
                raise _malformed(f"There are more than {MOST_CONNECTIONS:,} connections.")
            if missing := [end for end in (link.source, link.target) if end not in nodes]:
                dangling.append(
                    f"The connection from {link.source!r} to {link.target!r} was left out: there "
                    f"is no node {missing[0]!r}."
                )
            else:
                links[link] = None
    return tuple(links), tuple(dangling)


def _links_of(source: str, kinds: Mapping[str, Json]) -> Iterator[Link]:
    for kind, outputs in kinds.items():
        if not isinstance(outputs, list) or len(outputs) > MOST_OUTPUTS:
            raise _malformed(f"The connections of {source!r} can not be read.", "connections")
        for output, targets in enumerate(outputs):
            for target in targets if isinstance(targets, list) else []:
                name = target.get("node") if isinstance(target, Mapping) else None
                if not isinstance(name, str):
                    raise _malformed(f"A connection of {source!r} has no target.", "connections")
                place = target.get("index", 0)
                yield Link(source, output, name, place if isinstance(place, int) else 0, kind)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _walk(value: Json, path: tuple[str, ...]) -> Json:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _malformed(message: str, place: str = "nodes") -> FormError:
    return FormError([Problem("malformed", message, field=place)])
