"""What the templates of a node can see, with values: pinned, of the last run, or of an example."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import F, TextField
from django.db.models.functions import Cast, Length

from builder.models import PinnedSample
from builder.reference import outcome_of, result_of_example
from builder.samples import samples_of
from runs.models import Run, Step
from workflows.certainty import certain_before
from workflows.config_schema import json_schema
from workflows.errors import WorkflowError
from workflows.graph import Graph, Node
from workflows.models import Secret, Workflow
from workflows.node_type import Json
from workflows.nodes import is_trigger, registry
from workflows.templating import compile_value
from workflows.validation import known_ports

RUNS_LOOKED_AT = 10
LARGEST_TOTAL = 4 * 1024 * 1024
"""Characters of outputs that are loaded for one answer; what goes beyond has no value here."""
FIRST_ITERATIONS = ("", *(".".join("0" * depth) for depth in range(1, 6)))

FAILED = {"error": True, "message": "The server answered 503.", "code": "http_status"}

PINNED, LAST_RUN, SAMPLE, EXAMPLE, DERIVED = "pinned", "run", "sample", "example", "derived"


@dataclass(frozen=True, slots=True)
class Source:
    """One name. `origin` says where the value is from; empty where there is none. `group`: nodes,
    loop, surroundings or secrets. `warning`: why it may be missing."""

    root: str
    group: str
    label: str = ""
    type: str = ""
    origin: str = ""
    value: Json = None
    at: str = ""
    run: UUID | None = None
    warning: str = ""


def sources_for(
    workflow: Workflow, graph: Graph, node_id: str, *, roots: Collection[str] | None = None
) -> list[Source]:
    """The trigger first, then the nodes before in their order, then names of a loop, the run and
    the vault. `roots` are the names that are wanted; values of others are not loaded."""
    ancestors = graph.ancestors(node_id)
    nodes = [graph.nodes[name] for name in graph.order if name in ancestors]
    around = _iterators_around(graph, node_id)
    wanted = None if roots is None else _with_lists_of(graph, around, roots)
    failed = _failed_before(graph, node_id)
    found = [
        _as_failed(each) if each.root in failed else each
        for each in _Finder(workflow, nodes, wanted).sources()
    ]
    certain = certain_before(graph, known_ports(graph)).get(node_id, frozenset())
    before = [
        each if each.root in certain else replace(each, warning="It may not run on some ways.")
        for each in found
        if each.root not in around
    ]
    own = graph.nodes[node_id]
    trigger = next((each for each in before if is_trigger(each.type)), None)
    if is_trigger(own.type):
        trigger = own_source(workflow, own)
    shown = [replace(trigger, root="trigger", label="Trigger")] if trigger else []
    shown += before
    shown += _loop_sources(graph, node_id, around, shown)
    shown += _surroundings(workflow)
    names = Secret.objects.order_by("name").values_list("name", "description")
    shown += [Source(f"vault.{name}", "secrets", label) for name, label in names]
    return shown


def _failed_before(graph: Graph, node_id: str) -> set[str]:
    """The nodes before from which only the port `error` leads here."""
    before = graph.ancestors(node_id)
    ways = {
        name: {edge.port for edge in graph.outgoing[name] if edge.target in before | {node_id}}
        for name in before
    }
    return {name for name, ports in ways.items() if ports == {"error"}}


def _as_failed(source: Source) -> Source:
    """With what a failed step puts out, where all that is known is another output."""
    is_known = isinstance(source.value, dict) and source.value.get("error") is True
    if source.origin in ("", PINNED) or is_known:
        return source
    return replace(source, origin=EXAMPLE, value=FAILED, at="", run=None)


def own_source(workflow: Workflow, node: Node) -> Source:
    """The output of the node itself."""
    return _Finder(workflow, [node], None).sources()[0]


def context_of(sources: list[Source]) -> dict[str, Json]:
    """As templates see it; `vault` holds names only, so resolve it masked."""
    context = {each.root: each.value for each in sources if each.origin}
    vault = {each.root.removeprefix("vault."): "" for each in sources if each.group == "secrets"}
    return {**context, "vault": vault}


def _with_lists_of(graph: Graph, around: list[str], roots: Collection[str]) -> set[str]:
    """The names, and those that the lists of the iterators around are made of."""
    trigger = next((each.id for each in graph.nodes.values() if is_trigger(each.type)), "")
    wanted = {*roots}
    for iterator in around:
        wanted |= {path.partition(".")[0].partition("[")[0] for path in _variables(graph, iterator)}
    return wanted | ({trigger} if "trigger" in wanted else set())


def _variables(graph: Graph, iterator: str) -> Collection[str]:
    try:
        return compile_value(graph.nodes[iterator].config.get("items")).variables
    except WorkflowError:
        return ()


# ---------------------------------------------------------------- outputs of nodes


class _Finder:
    """Where the outputs of nodes come from, in this order: a pinned sample, the newest run in which
    the node completed, an example of its type."""

    def __init__(self, workflow: Workflow, nodes: list[Node], wanted: Collection[str] | None):
        self.nodes = nodes
        self.wanted = wanted
        self.looked_up = [each for each in nodes if wanted is None or each.id in wanted]
        self.pinned = samples_of(workflow, [node.id for node in self.looked_up])
        self.steps = self._last_steps(workflow)

    def sources(self) -> list[Source]:
        return [self._source(node) for node in self.nodes]

    def _source(self, node: Node) -> Source:
        node_type = registry().get(node.type)
        label = node.name or (node_type.label if node_type else node.type)
        source = Source(node.id, "nodes", label, node.type)
        if self.wanted is not None and node.id not in self.wanted:
            return source
        if pinned := self.pinned.get(node.id):
            return _filled(source, PINNED, pinned.output, pinned.pinned_at.isoformat())
        if step := self.steps.get(node.id):
            at = step.finished_at.isoformat() if step.finished_at else ""
            return replace(_filled(source, LAST_RUN, step.output, at), run=step.run_id)
        if is_trigger(node.type) and node.config.get("sample"):
            return _filled(source, SAMPLE, node.config["sample"])
        result = result_of_example(node_type) if node_type else None
        return _filled(source, EXAMPLE, outcome_of(result)[1]) if result else source

    def _last_steps(self, workflow: Workflow) -> Mapping[str, Step]:
        types = {node.id: node.type for node in self.looked_up if node.id not in self.pinned}
        newest: dict[str, Step] = {}
        for step in _completed_steps(workflow, types):
            if types[step.node_id] == step.node_type:
                newest.setdefault(step.node_id, step)
        chosen, left = [], LARGEST_TOTAL
        for step in newest.values():
            left -= getattr(step, "size", 0) or 0
            chosen += [step.pk] if left >= 0 else []
        loaded = Step.objects.only("node_id", "run_id", "output", "finished_at").in_bulk(chosen)
        return {step.node_id: step for step in loaded.values()}


def _completed_steps(workflow: Workflow, node_ids: Collection[str]) -> Iterator[Step]:
    """Of the last runs, newest first, without their data."""
    runs = list(
        Run.objects.filter(workflow=workflow)
        .order_by("-id")
        .values_list("id", flat=True)[:RUNS_LOOKED_AT]
    )
    if not runs or not node_ids:
        return iter(())
    steps = Step.objects.filter(
        run__in=runs,
        node_id__in=list(node_ids),
        status=Step.Status.COMPLETED,
        iteration__in=FIRST_ITERATIONS,
    )
    return iter(
        steps.only("node_id", "node_type", "run_id")
        .annotate(size=Length(Cast(F("output"), TextField())))
        .order_by("-run_id", "-attempt", "-try_number", "-id")
    )


def _filled(source: Source, origin: str, value: Json, at: str = "") -> Source:
    return replace(source, origin=origin, value=value, at=at)


# ---------------------------------------------------------------- item, index, loop


def _iterators_around(graph: Graph, node_id: str) -> list[str]:
    """Outermost first."""
    return list(next(iter(graph.scopes.get(node_id, ())), ()))


def _loop_sources(
    graph: Graph, node_id: str, around: list[str], before: list[Source]
) -> Iterator[Source]:
    context = context_of(before)
    for iterator in around:
        context = _first_pass(graph.nodes[iterator].config.get("items"), context)
    own = graph.nodes[node_id]
    if not around and _gives_items(own):
        items = _first_pass(own.config.get("items"), context).get("item")
        label = "One item of the list, in its rules"
        yield Source(
            "item", "loop", label, origin=DERIVED if items is not None else "", value=items
        )
    if around:
        origin = DERIVED if "item" in context else ""
        label = f"The item that {around[-1]} is at"
        yield Source("item", "loop", label, "iterator", origin, context.get("item"))
        yield Source("index", "loop", "Its place, from 0 on", "iterator", DERIVED, 0)
        label = "Where the loop stands"
        yield Source("loop", "loop", label, "iterator", DERIVED, context.get("loop"))


def _first_pass(items: Json, context: Mapping[str, Json]) -> dict[str, Json]:
    """What a template in the body sees of the first item; `item` is left out where the list is not
    known."""
    outside = {name: value for name, value in context.items() if name != "item"}
    try:
        made = compile_value(items).resolve(context, masked=True).value
    except WorkflowError:
        made = None
    listed = made if isinstance(made, list) else []
    loop = {
        "index": 0,
        "number": 1,
        "first": True,
        "last": len(listed) == 1,
        "length": len(listed),
        "parent": context.get("loop"),
    }
    inside: dict[str, Json] = {**outside, "index": 0, "loop": loop}
    return inside | ({"item": listed[0]} if listed else {})


def _gives_items(node: Node) -> bool:
    """Whether some field of the type knows `item` by itself."""
    node_type = registry().get(node.type)
    schema: Mapping[str, Any] = json_schema(node_type.Config) if node_type else {}
    return any("item" in each.get("x-scope", ()) for each in schema.get("properties", {}).values())


def _surroundings(workflow: Workflow) -> Iterator[Source]:
    run = {"id": "0198c9a5-11aa-7b52-8c1d-4e6f708192a3", "attempt": 1}
    yield Source("run", "surroundings", "This run", "", EXAMPLE, run)
    own = {"id": str(workflow.pk), "name": workflow.name}
    yield Source("workflow", "surroundings", "This workflow", "", DERIVED, own)


def pinned_of(workflow: Workflow, node_id: str) -> PinnedSample | None:
    return PinnedSample.objects.filter(workflow=workflow, node_id=node_id).first()
