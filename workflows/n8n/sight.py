"""What each node sees of the others: its own `$json`, and `$('Name')` of nodes before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from workflows.n8n.data import AMBIGUOUS, NOTHING_BEFORE, UNKNOWN, Data
from workflows.n8n.document import Link, Source
from workflows.n8n.flow import CHOOSING, LOOP, SPLIT, Flow, are_exclusive, reached_from
from workflows.n8n.javascript import Untranslatable
from workflows.n8n.making import Made


@dataclass
class Sight:
    """Grows with the conversion: nodes are asked about after all that lead to them."""

    flow: Flow
    ids: Mapping[str, str]
    made: dict[str, Made] = field(default_factory=dict)
    inputs: dict[str, Data] = field(default_factory=dict)
    bodies: dict[str, set[str]] = field(default_factory=dict)
    _before: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        following: dict[str, list[str]] = defaultdict(list)
        for link in self.flow.forward:
            following[link.source].append(link.target)
        for name, node in self.flow.document.nodes.items():
            if node.kind == LOOP and not node.disabled:
                done = done_output(node)
                inner = {n.target for n in self.flow.outgoing(name) if n.output != done}
                self.bodies[name] = inner | reached_from(following, inner)

    @cached_property
    def _leading(self) -> Mapping[str, list[str]]:
        leading: dict[str, list[str]] = defaultdict(list)
        for link in self.flow.forward:
            leading[link.target].append(link.source)
        return leading

    def look(self, node: Source) -> Data:
        """The data that comes to a node, remembered for those behind it."""
        links = self.flow.incoming(node.name)
        if node.kind == "merge" and node.option("mode") in CHOOSING and not node.disabled:
            links = [link for link in links if link.input == _chosen_branch(node)] or links
        found: list[Data] = []
        for link in links:
            data = self._along(link)
            if data is not None and data not in found:
                found.append(data)
        data = found[0] if found else NOTHING_BEFORE
        if len(found) > 1:
            plain = not any(each.several or each.is_branched for each in found)
            is_one = plain and are_exclusive(self.flow, links)
            data = Data(choices=tuple(found)) if is_one else AMBIGUOUS
        self.inputs[node.name] = data
        return data

    def _along(self, link: Link) -> Data | None:
        """What comes along a connection; None where nothing does."""
        name = link.source
        if name in self.flow.dropped:
            return None
        if name not in self.inputs:
            return UNKNOWN
        if name in self.flow.passed:
            return None if self.inputs[name] is NOTHING_BEFORE else self.inputs[name]
        made = self.made[name]
        if (data := made.data_of_output.get(link.output)) is not None:
            return self._given_by_loop(name, data)
        return self.inputs[name] if made.data is None else made.data

    def _given_by_loop(self, loop: str, data: Data) -> Data:
        """The list of a loop, with the way from its members to n8n's items: an iterator gives the
        output of the last node of its body."""
        ends = self.flow.backs.get(loop, [])
        if not data.several or len(ends) != 1 or ends[0] not in self.made:
            return data
        last, own = self.made[ends[0]].data, self.ids[ends[0]]
        if last is None or last.whole is None or not f"{last.whole}.".startswith(f"{own}."):
            return data
        items = f"{self.ids[loop]}.items"
        return Data(
            several="the loop gives a list of items", items=items, within=last.whole[len(own) :]
        )

    def named(self, name: str, at: Source) -> Data:
        """`$('name')`, seen from `at`. Raises Untranslatable."""
        nodes = self.flow.document.nodes
        if name not in nodes:
            raise Untranslatable(f"there is no node {name!r}")
        if name not in self._ancestors(at.name):
            raise Untranslatable(f"{name!r} does not come before this node")
        if name in self.flow.dropped:
            raise Untranslatable(f"{name!r} was left out")
        node = nodes[name]
        if node.kind == SPLIT and name in self.flow.passed:
            return self._item_of(self.flow.outgoing(name)[0].target, at)
        if node.kind == LOOP and not node.disabled:
            return self._item_of(name, at)
        if self._around(name) - self._around(at.name):
            raise Untranslatable(f"{name!r} is within a loop that this node is not in")
        data = self._along(Link(name, 0, at.name))
        if data is None:
            raise Untranslatable(f"nothing comes before {name!r}")
        return data

    def _item_of(self, loop: str, at: Source) -> Data:
        around = self._around(at.name)
        if loop not in around:
            node = self.flow.document.nodes[loop]
            return self._along(Link(loop, done_output(node), at.name)) or UNKNOWN
        if any(loop in self._around(other) for other in around if other != loop):
            raise Untranslatable(f"{loop!r} is not the innermost loop here")
        return Data(whole="item")

    def _around(self, name: str) -> set[str]:
        """The loops that a node is in."""
        return {loop for loop, inside in self.bodies.items() if name in inside}

    def _ancestors(self, name: str) -> set[str]:
        if name not in self._before:
            self._before[name] = reached_from(self._leading, {name})
        return self._before[name]

    def iteration(self, node: Source) -> str:
        """The name of the number of the pass, in a loop that takes one item at a time."""
        loops = [self.flow.document.nodes[name] for name in self._around(node.name)]
        return "index" if [batch_size(loop) for loop in loops] == [1] else ""

    def split_field(self, node: Source) -> str:
        """For a loop: the list that a node before it splits."""
        for link in self.flow.incoming(node.name):
            before = self.flow.document.nodes[link.source]
            if before.kind == SPLIT and before.name in self.flow.passed and not before.disabled:
                return before.option("fieldToSplitOut")
        return ""


def done_output(loop: Source) -> int:
    """Where n8n goes on after a loop. In version 1 there was no such output."""
    return 0 if loop.version >= 3 else 1


def batch_size(loop: Source) -> object:
    return loop.parameters.get("batchSize", 1 if loop.version >= 3 else 10)


def _chosen_branch(merge: Source) -> int:
    """The number of the input whose data a Merge hands on."""
    wanted = merge.parameters.get("useDataOfInput", merge.option("output", "input1"))
    number = str(wanted).removeprefix("input")
    return int(number) - 1 if number.isascii() and number.isdigit() and int(number) else 0
