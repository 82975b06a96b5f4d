"""Which nodes of n8n become nodes here, and which edges lead between them.

1. Sticky notes, disabled nodes and nodes that only hand on what they get are taken out of the way:
   what led to them leads on to what follows them.
2. The way back to a loop is dropped: an iterator goes round by itself.
3. One trigger starts the workflow.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from workflows.n8n.document import MAIN, STICKY, Document, Link, Source

Guards: TypeAlias = Mapping[str, frozenset[int]]
"""Conditions, and the outputs by which they are left."""

LOOP = "splitInBatches"
MANUAL = frozenset({"manualTrigger", "start"})
TRIGGERS = MANUAL | {"webhook", "scheduleTrigger", "cron", "interval", "executeWorkflowTrigger"}
CONDITIONS = frozenset({"if", "switch", "filter"})
HANDS_ON = frozenset({"noOp"})
CHOOSING = frozenset({"chooseBranch", "wait", "passThrough"})
SPLIT = "splitOut"


@dataclass
class Flow:
    document: Document
    notes: list[tuple[str, str]] = field(default_factory=list)
    """(name of a node of n8n or nothing, sentence)"""
    trigger: str = ""
    passed: set[str] = field(default_factory=set)
    """Names of nodes that are spliced out; disabled ones stay in the graph without edges."""
    dropped: set[str] = field(default_factory=set)
    """Names of nodes that have no place in the graph."""
    links: list[Link] = field(default_factory=list)
    """Between nodes that stay, by their outputs in n8n."""
    backs: dict[str, list[str]] = field(default_factory=dict)
    """The last nodes of the body of each loop."""
    forward: list[Link] = field(default_factory=list)
    """Between all nodes of n8n, without the ways back to a loop; complete before it is asked for
    what comes in and goes out."""
    answers: bool = False
    """Whether a caller waits for a Respond to Webhook."""
    guards: dict[str, Guards] = field(default_factory=dict)

    def kept(self) -> list[Source]:
        """The nodes of the graph, disabled ones included."""
        gone = self.dropped | {n for n in self.passed if not self.document.nodes[n].disabled}
        return [node for name, node in self.document.nodes.items() if name not in gone]

    def is_wired(self, name: str) -> bool:
        return name not in self.passed and name not in self.dropped

    def incoming(self, name: str) -> Sequence[Link]:
        return self._incoming.get(name, ())

    def outgoing(self, name: str) -> Sequence[Link]:
        return self._outgoing.get(name, ())

    @cached_property
    def _incoming(self) -> Mapping[str, Sequence[Link]]:
        return _grouped((link.target, link) for link in self.forward)

    @cached_property
    def _outgoing(self) -> Mapping[str, Sequence[Link]]:
        return _grouped((link.source, link) for link in self.forward)


def _grouped(pairs: Iterable[tuple[str, Link]]) -> Mapping[str, Sequence[Link]]:
    groups: dict[str, list[Link]] = defaultdict(list)
    for name, link in pairs:
        groups[name].append(link)
    return groups


def flow_of(document: Document) -> Flow:
    flow = Flow(document)
    flow.notes += [("", sentence) for sentence in document.dangling]
    _leave_out_notes(flow)
    _choose_trigger(flow)
    _drop_side_links(flow)
    _drop_ways_back(flow)
    _pass_through(flow)
    flow.links = list(dict.fromkeys(_spliced(flow)))
    flow.answers = _has_caller_that_waits(flow)
    _tell_of_circle(flow)
    return flow


def _tell_of_circle(flow: Flow) -> None:
    """It stays in the graph, which can not be published so."""
    following: dict[str, list[str]] = defaultdict(list)
    for link in flow.links:
        following[link.source].append(link.target)
    done = _acyclic(flow.document.nodes, flow.links)
    for name in (each for each in flow.document.nodes if each not in done):
        after = reached_from(following, {name})
        if name in after:
            circle = [each for each in after if name in reached_from(following, {each})]
            shown = ", ".join(sorted(map(repr, circle))[:10])
            message = (
                f"{shown} lead back to themselves, which nodes here can not. Use the retries of a "
                "node or an iterator; until then the workflow can not be published."
            )
            flow.notes.append((name, message))
            return


def _leave_out_notes(flow: Flow) -> None:
    flow.dropped |= {n.name for n in flow.document.nodes.values() if n.kind == STICKY}


def _choose_trigger(flow: Flow) -> None:
    """The first that starts by itself, else the first manual one. A manual one beside another is
    the button Run here; a second of the others becomes a placeholder that shows."""
    active = [n for n in flow.document.nodes.values() if n.kind in TRIGGERS and not n.disabled]
    own = [node for node in active if node.kind not in MANUAL]
    if not active:
        return
    flow.trigger = (own or active)[0].name
    for node in active:
        if node.kind in MANUAL and node.name != flow.trigger:
            flow.dropped.add(node.name)
            flow.notes.append(
                ("", f"{node.name!r} was left out: every workflow here has a button Run.")
            )


def _drop_side_links(flow: Flow) -> None:
    for link in flow.document.links:
        if link.kind == MAIN:
            flow.forward.append(link)
            continue
        flow.notes.append(
            (
                link.source,
                f"The connection {link.kind} from {link.source!r} to {link.target!r} was left "
                "out: it carries no data of the workflow.",
            )
        )


def _drop_ways_back(flow: Flow) -> None:
    """A link to a loop from a node that the loop itself leads to."""
    following: dict[str, list[str]] = defaultdict(list)
    for link in flow.forward:
        following[link.source].append(link.target)
    for loop in (node for node in flow.document.nodes.values() if node.kind == LOOP):
        inside = reached_from(following, {loop.name}) | {loop.name}
        back = [n for n in flow.forward if n.target == loop.name and n.source in inside]
        if back:
            flow.forward = [link for link in flow.forward if link not in back]
            for link in back:
                following[link.source].remove(loop.name)
        flow.backs[loop.name] = [link.source for link in back]
        for link in back:
            flow.notes.append(
                (
                    loop.name,
                    f"The connection from {link.source!r} back to {loop.name!r} was left out: "
                    "an iterator takes the next item by itself.",
                )
            )


def reached_from(following: Mapping[str, Sequence[str]], start: Iterable[str]) -> set[str]:
    """All that these names lead to."""
    found: set[str] = set()
    todo = [after for name in start for after in following.get(name, ())]
    while todo:
        if (name := todo.pop()) not in found:
            found.add(name)
            todo += following.get(name, ())
    return found


def _pass_through(flow: Flow) -> None:
    for node in flow.document.nodes.values():
        if node.name in flow.dropped:
            continue
        if node.disabled:
            flow.passed.add(node.name)
            flow.notes.append(
                (
                    node.name,
                    f"{node.name!r} was switched off in n8n. It is kept without connections; what "
                    "led to it leads on to what follows.",
                )
            )
        elif reason := _why_it_hands_on(flow, node):
            flow.passed.add(node.name)
            flow.notes.append(("", f"{node.name!r} was left out: {reason}"))


def _why_it_hands_on(flow: Flow, node: Source) -> str:
    if node.kind in HANDS_ON:
        return "it does nothing but hand on what it gets, which a connection does."
    if node.kind == SPLIT and _splits_for_loops(flow, node):
        return "the loop behind it goes over the list itself."
    if node.kind != "merge":
        return ""
    mode = node.option("mode", "append")
    if mode in CHOOSING:
        return "a node with several connections waits for all of them here."
    if mode == "append" and are_exclusive(flow, flow.incoming(node.name)):
        return "only one of its branches runs, and a node can have several connections here."
    return ""


def _splits_for_loops(flow: Flow, node: Source) -> bool:
    following = flow.outgoing(node.name)
    nodes = flow.document.nodes
    fields = node.option("fieldToSplitOut")
    is_plain = bool(fields) and "," not in fields and not fields.startswith("=")
    whole = node.option("include", "noOtherFields") == "noOtherFields"
    return (
        bool(following)
        and is_plain
        and whole
        and all(nodes[link.target].kind == LOOP for link in following)
    )


def are_exclusive(flow: Flow, links: Sequence[Link]) -> bool:
    """Whether at most one of these connections is taken in a run: for each pair there is a
    condition that both come from, by different outputs."""
    if not flow.guards:
        flow.guards = _guards(flow)
    guards = [_guarded(flow, flow.guards, link) for link in links]
    return all(
        any(name in second and not first[name] & second[name] for name in first)
        for place, first in enumerate(guards)
        for second in guards[place + 1 :]
    )


def _guards(flow: Flow) -> dict[str, Guards]:
    """For each node the conditions that every way to it passes, with the outputs they are left
    by. Of nodes on a circle nothing is known."""
    found: dict[str, Guards] = {name: {} for name in flow.document.nodes}
    for name in in_order(flow.document.nodes, flow.forward):
        ways = [_guarded(flow, found, link) for link in flow.incoming(name)]
        if ways:
            common = set.intersection(*(set(way) for way in ways))
            found[name] = {each: frozenset().union(*(w[each] for w in ways)) for each in common}
    return found


def _guarded(flow: Flow, guards: Mapping[str, Guards], link: Link) -> Guards:
    if flow.document.nodes[link.source].kind not in CONDITIONS:
        return guards[link.source]
    return {**guards[link.source], link.source: frozenset({link.output})}


def in_order(names: Iterable[str], links: Iterable[Link]) -> list[str]:
    """Each name after all that lead to it; those on a circle, and behind one, come last."""
    names = list(names)
    order = _acyclic(names, links)
    return [*order, *(name for name in names if name not in order)]


def _acyclic(names: Iterable[str], links: Iterable[Link]) -> dict[str, None]:
    """The names that no circle leads to, each after all that lead to it."""
    links = list(links)
    missing = Counter(link.target for link in links)
    following: dict[str, list[str]] = defaultdict(list)
    for link in links:
        following[link.source].append(link.target)
    order = [name for name in names if not missing[name]]
    for name in order:
        for target in following[name]:
            missing[target] -= 1
            if not missing[target]:
                order.append(target)
    return dict.fromkeys(order)


def _spliced(flow: Flow) -> Iterator[Link]:
    for link in flow.forward:
        if flow.is_wired(link.source):
            for target in _ends(flow, link.target):
                yield Link(link.source, link.output, target)


def _ends(flow: Flow, name: str) -> list[str]:
    """The wired nodes that a connection to `name` leads to."""
    ends: list[str] = []
    todo, seen = [name], {name}
    while todo:
        name = todo.pop(0)
        if name in flow.passed:
            after = [link.target for link in flow.outgoing(name) if link.output == 0]
            todo += [each for each in after if each not in seen]
            seen.update(after)
        elif name not in flow.dropped:
            ends.append(name)
    return ends


def _has_caller_that_waits(flow: Flow) -> bool:
    """A webhook that answers with a node of its workflow, in the way that API calls do here."""
    wired = [node for name, node in flow.document.nodes.items() if flow.is_wired(name)]
    kinds = {node.kind for node in wired}
    trigger = flow.document.nodes.get(flow.trigger)
    return (
        trigger is not None
        and trigger.kind == "webhook"
        and trigger.option("responseMode") == "responseNode"
        and trigger.option("httpMethod", "GET") == "POST"
        and "respondToWebhook" in kinds
        and not kinds & {"wait", LOOP}
    )
