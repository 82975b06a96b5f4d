"""A workflow of n8n -> a graph here, with a sentence for everything that is not the same."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from workflows.compiled import config_of
from workflows.errors import GraphError
from workflows.graph import Node
from workflows.n8n import conditions, http, mapper, steps, switch, triggers
from workflows.n8n.arrange import arrange
from workflows.n8n.data import OTHERWISE, Data
from workflows.n8n.document import LONGEST_NAME, MOST_OUTPUTS, STICKY, Document, Link, Source, read
from workflows.n8n.fields import Fields
from workflows.n8n.flow import LOOP, TRIGGERS, Flow, flow_of, in_order
from workflows.n8n.making import Made, NoMatch, Work
from workflows.n8n.names import ids_for
from workflows.n8n.sight import Sight, done_output
from workflows.n8n.steps import CHOOSE, FOREIGN
from workflows.n8n.values import Scope
from workflows.node_type import Json
from workflows.nodes import is_trigger, registry

NAMELESS = "Workflow of n8n"
LONGEST_TYPE = 40
LONGEST_NOTES, LONGEST_OWN_NOTES = 10_000, 5_000
MOST_TRIES, MOST_SECONDS = 10, 3600
BRANCHES = (
    "Several branches lead here, and it reads each field from the one that ran. An empty text, "
    "list or object of an earlier one counts as missing."
)
STOP, GO_ON, BRANCH = "stopWorkflow", "continueRegularOutput", "continueErrorOutput"
FLAGS = {
    "alwaysOutputData": "In n8n it gives out an empty item where it has none; here a node that has "
    "run always gives something out.",
    "executeOnce": "In n8n it runs once for all items, as every node does here.",
}
_TYPE_SIGN = re.compile(r"[^A-Za-z0-9]+")

CONVERTERS: Mapping[str, Callable[[Work], Made]] = {
    "manualTrigger": triggers.manual,
    "start": triggers.manual,
    "webhook": triggers.webhook,
    "scheduleTrigger": triggers.schedule,
    "cron": triggers.cron,
    "interval": triggers.interval,
    "executeWorkflowTrigger": triggers.called,
    "httpRequest": http.http_request,
    "if": conditions.if_node,
    "filter": conditions.filter_node,
    "switch": switch.switch,
    "set": mapper.set_node,
    "wait": steps.wait,
    "executeWorkflow": steps.execute_workflow,
    LOOP: steps.loop,
    "merge": steps.merge,
    "stopAndError": steps.stop_and_error,
    "respondToWebhook": steps.respond,
}


@dataclass(frozen=True, slots=True)
class Note:
    """`node` is the id of a node of the graph; empty for what became none."""

    node: str
    message: str

    @property
    def asks_for_workflow(self) -> bool:
        """Whether it is settled when the workflow that the node starts is known."""
        return self.message.startswith(CHOOSE)


@dataclass(frozen=True, slots=True)
class Imported:
    name: str
    description: str
    graph: dict[str, Json]
    notes: tuple[Note, ...]
    id: str = ""
    """By which `trigger_workflow` nodes of other imported workflows name this one."""


def convert(document: Json) -> Imported:
    """Raises FormError for what is no workflow of n8n. Everything in it is in the graph or in a
    note."""
    return _Conversion.of(read(document)).done()


@dataclass(slots=True)
class _Conversion:
    document: Document
    flow: Flow
    sight: Sight
    ids: Mapping[str, str]
    notes: list[Note] = field(default_factory=list)
    told: set[tuple[str, str]] = field(default_factory=set)
    """Fields that there is a note about."""
    kept: set[str] = field(default_factory=set)
    """Nodes with a field that could not be translated."""

    @classmethod
    def of(cls, document: Document) -> _Conversion:
        flow = flow_of(document)
        ids = ids_for(node.name for node in flow.kept())
        return cls(document, flow, Sight(flow, ids), ids)

    def done(self) -> Imported:
        """1. what was left out  2. each node after those before it  3. edges  4. what is wrong
        with the configs  5. the notes themselves, where they will be read."""
        for name, sentence in self.flow.notes:
            self.note(name, sentence)
        for name in self._order():
            self._convert(self.document.nodes[name])
        nodes = {n.name: self._node(n) for n in self.flow.kept()}
        edges = self._edges(nodes)
        self._place(nodes)
        for node in nodes.values():
            self._check(node)
        self._keep_stickies(nodes)
        if not self.flow.trigger:
            self.note("", "It has no trigger that has a match here. Add one to start it with.")
        return Imported(
            name=self.document.name or NAMELESS,
            description=self.document.description,
            graph={"nodes": list(nodes.values()), "edges": edges},
            notes=tuple(self.notes),
            id=f"{FOREIGN}{self.document.id}" if self.document.id else "",
        )

    def note(self, name: str, message: str) -> None:
        """`name`: of a node of n8n."""
        note = Note(self.ids.get(name, ""), message)
        if note not in self.notes:
            self.notes.append(note)

    def _order(self) -> list[str]:
        """What follows a loop comes after its body, because it needs to know what that gives."""
        links = list(self.flow.forward)
        for loop, ends in self.flow.backs.items():
            done = done_output(self.document.nodes[loop])
            after = [n.target for n in links if n.source == loop and n.output == done]
            links += [Link(end, 0, each) for end in ends if end != loop for each in after]
        names = [name for name in self.document.nodes if name not in self.flow.dropped]
        known = set(names)
        return in_order(names, [n for n in links if n.source in known and n.target in known])

    # ------------------------------------------------------------ one node

    def _convert(self, node: Source) -> None:
        data = self.sight.look(node)
        if node.name not in self.ids:
            return
        convert = CONVERTERS.get(node.kind)
        try:
            if convert is None:
                raise NoMatch
            if node.kind in TRIGGERS and node.name != self.flow.trigger and not node.disabled:
                raise NoMatch("a workflow here has one trigger; make another workflow for it")
            made = convert(self._work(node, data))
            if data.choices and OTHERWISE in json.dumps(made.config, ensure_ascii=False):
                self.note(node.name, BRANCHES)
            self.sight.made[node.name] = made
        except NoMatch as reason:
            self.sight.made[node.name] = self._placeholder(node, str(reason))

    def _work(self, node: Source, data: Data) -> Work:
        zone = self.document.settings.get("timezone")
        zone = zone if isinstance(zone, str) and zone != "DEFAULT" else ""
        everything = data
        if node.flag("executeOnce") and data.several and data.items is not None:
            data = data.first()
        scope = Scope(
            input=data,
            all=everything,
            data_of=lambda name: self.sight.named(name, node),
            zone=zone,
            iteration=self.sight.iteration(node),
        )
        return Work(
            node=node,
            id=self.ids[node.name],
            input=data,
            fields=Fields(scope, lambda place, message: self._tell(node.name, place, message)),
            note=lambda message: self.note(node.name, message),
            zone=zone,
            answers=self.flow.answers,
            split_field=self.sight.split_field(node),
            pinned=self.document.pinned.get(node.name),
        )

    def _tell(self, name: str, place: str, message: str) -> None:
        self.told.add((self.ids[name], place.split("[")[0].split(".")[0]))
        self.kept.add(self.ids[name])
        self.note(name, message)

    def _placeholder(self, node: Source, reason: str) -> Made:
        because = f": {reason}" if reason else " here"
        self.note(
            node.name,
            f"{node.name!r} ({node.type}) has no match{because}. A placeholder keeps its settings; "
            "replace it before you publish.",
        )
        own = self.ids[node.name]
        return Made(
            _placeholder_type(node.type),
            {"original": dict(node.raw)},
            Data(whole=own, items=own),
            outputs=[["default" if n == 0 else f"output_{n + 1}"] for n in range(MOST_OUTPUTS)],
        )

    def _node(self, node: Source) -> dict[str, Json]:
        made = self.sight.made[node.name]
        found: dict[str, Json] = {
            "id": self.ids[node.name],
            "type": made.type,
            "name": node.name[:LONGEST_NAME],
            "position": {"x": 0, "y": 0},
            "config": made.config,
            "notes": node.text("notes")[:LONGEST_OWN_NOTES],
        }
        if len(node.text("notes")) > LONGEST_OWN_NOTES:
            self.note(node.name, f"Its notes were cut after {LONGEST_OWN_NOTES:,} signs.")
        if is_trigger(made.type):
            return found
        if errors_of(node) != STOP and (made.type not in registry() or can_fail(made.type)):
            found["continue_on_error"] = True
        if node.flag("retryOnFail") and (retry := self._retry(node)):
            found["retry"] = retry
        for flag, sentence in FLAGS.items():
            if node.flag(flag):
                self.note(node.name, sentence)
        return found

    def _retry(self, node: Source) -> dict[str, Json]:
        tries, wait = node.raw.get("maxTries", 3), node.raw.get("waitBetweenTries", 1000)
        if not isinstance(tries, (int, float)) or not isinstance(wait, (int, float)):
            self.note(node.name, "How often it is tried again could not be read and was left out.")
            return {}
        return {
            "max_attempts": max(1, min(int(tries), MOST_TRIES)),
            "wait_seconds": max(0, min(wait / 1000, MOST_SECONDS)),
        }

    # ------------------------------------------------------------ the graph

    def _edges(self, nodes: Mapping[str, Mapping[str, Json]]) -> list[dict[str, Json]]:
        edges: dict[tuple[str, str, str], None] = {}
        for link in self.flow.links:
            ports = self._ports(self.document.nodes[link.source], link.output)
            if not ports:
                self.note(
                    link.source,
                    f"The connection from output {link.output + 1} of {link.source!r} to "
                    f"{link.target!r} was left out: there is no such output here.",
                )
            for port in ports:
                edges[(self.ids[link.source], port, self.ids[link.target])] = None
        return [{"source": s, "port": port, "target": t} for s, port, t in edges]

    def _ports(self, node: Source, output: int) -> list[str]:
        made = self.sight.made[node.name]
        if output < len(made.outputs):
            ports = [*made.outputs[output]]
            if errors_of(node) == GO_ON and ports == ["default"] and can_fail(made.type):
                return [*ports, "error"]
            return ports
        is_error = errors_of(node) == BRANCH and output == len(made.outputs)
        return ["error"] if is_error and can_fail(made.type) else []

    def _place(self, nodes: Mapping[str, dict[str, Json]]) -> None:
        places = arrange({name: self.document.nodes[name].position for name in nodes})
        for name, node in nodes.items():
            node["position"] = places[name]

    def _check(self, node: Mapping[str, Json]) -> None:
        """What a config can not be published with, unless it was told already."""
        node_type = registry().get(node["type"])
        if node_type is None:
            return
        try:
            config_of(Node(node["id"], node["type"], config=node["config"]), node_type)
        except GraphError as error:
            for problem in error.problems:
                place = problem.field.removeprefix("config.").split("[")[0].split(".")[0]
                kept = problem.code != "invalid_config" and node["id"] in self.kept
                if not kept and (node["id"], place) not in self.told:
                    note = Note(node["id"], f"{place or 'Its settings'}: {problem.message}")
                    self.notes.append(note)

    def _keep_stickies(self, nodes: Mapping[str, dict[str, Json]]) -> None:
        """The texts of sticky notes become the notes of the trigger."""
        for sticky in (n for n in self.document.nodes.values() if n.kind == STICKY):
            text = sticky.option("content").strip()
            trigger = nodes.get(self.flow.trigger)
            if not text:
                self.note("", f"The sticky note {sticky.name!r} is empty and was left out.")
            elif trigger and len(trigger["notes"]) + len(text) < LONGEST_OWN_NOTES:
                trigger["notes"] = f"{trigger['notes']}\n\n{text}".strip()
                said = f"The sticky note {sticky.name!r} is in the notes of the trigger."
                self.note(self.flow.trigger, said)
            else:
                self.note("", f"The sticky note {sticky.name!r} said: {text}")


def with_notes(graph: dict[str, Json], notes: Iterable[Note]) -> dict[str, Json]:
    """The graph with each note at the node it is about, so that it is still there later. Those
    about no node stand at the first."""
    found: dict[str, list[str]] = defaultdict(list)
    nodes = graph["nodes"]
    for note in notes:
        found[note.node or (nodes[0]["id"] if nodes else "")].append(f"- {note.message}")
    return {**graph, "nodes": [_with_lines(node, found.get(node["id"], [])) for node in nodes]}


def _with_lines(node: dict[str, Json], lines: list[str]) -> dict[str, Json]:
    if not lines:
        return node
    text = "\n".join(["Imported from n8n:", *lines])
    return {**node, "notes": f"{node['notes']}\n\n{text}".strip()[:LONGEST_NOTES]}


def errors_of(node: Source) -> str:
    """What n8n does when a node fails."""
    chosen = node.text("onError")
    if chosen in (GO_ON, BRANCH):
        return chosen
    return GO_ON if node.flag("continueOnFail") and chosen != STOP else STOP


def can_fail(node_type: str) -> bool:
    return node_type in registry() and registry()[node_type].can_fail


def _placeholder_type(text: str) -> str:
    """`n8n.slack` for n8n-nodes-base.slack."""
    name = _TYPE_SIGN.sub("_", text.rsplit(".", 1)[-1]).strip("_") or "node"
    return f"n8n.{name}"[:LONGEST_TYPE]
