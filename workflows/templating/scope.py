"""What is known about the names in one template while it is compiled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from liquid.ast import Node

from workflows.errors import TemplateError


@dataclass(frozen=True, slots=True)
class NameRead:
    """One place where a template reads the context: its `path` (node_1.user.name), the name `root`
    that it begins with, and where it stands: `start` in the text, in `line` of several (else 0).
    `handled`: the place deals with what is unknown. `given`: the field itself gives this name."""

    path: str
    root: str
    start: int
    line: int = 0
    handled: bool = False
    given: bool = False


class Loop:
    """A `for` or `tablerow` block that is being compiled. Its item and its helper object
    (`forloop`, `tablerowloop`) live in numbered slots."""

    def __init__(self, variable: str, helper: str, slot: int) -> None:
        self.variable = variable
        self.helper = helper
        self.slot = slot
        self.reads_helper = False


class Scope:
    def __init__(self, nodes: Iterable[Node], *, reads_vault: bool, html: bool = False) -> None:
        self.tracked = reads_vault
        """Whether outputs must watch for secrets."""
        self.html = html
        """Whether outputs are escaped."""
        self.timed = False
        self.reads: list[NameRead] = []
        self.vault_names: set[str] = set()
        self.uses_vault = False
        self.slots = 0
        self.assigned = frozenset(_assigned(nodes))
        """Names that the template sets anywhere."""
        self.defined: set[str] = set()
        """Names that it has set up to here, in the order of the text."""
        self.loops: list[Loop] = []

    def open_loop(self, variable: str, helper: str) -> Loop:
        check_name(variable)
        loop = Loop(variable, helper, self.slots)
        self.slots += 2
        self.loops.append(loop)
        return loop

    def close_loop(self) -> None:
        self.loops.pop()

    def define(self, name: str) -> str:
        check_name(name)
        self.defined.add(name)
        return name

    def outer_helper(self, helper: str) -> int | None:
        """The slot of the helper object of the innermost loop around this place."""
        slots = [loop.slot + 1 for loop in self.loops if loop.helper == helper]
        return slots[-1] if slots else None

    def slot_of(self, name: str) -> int | None:
        """The slot that holds `name` in the innermost loop around this place."""
        for depth, loop in enumerate(reversed(self.loops)):
            if name == loop.variable:
                return loop.slot
            if name == loop.helper:
                for outer in self.loops[: len(self.loops) - depth]:
                    outer.reads_helper = True
                return loop.slot + 1
        return None


def check_name(name: str) -> None:
    if name == "vault":
        raise TemplateError("The name 'vault' is taken: give the variable another name.")


def _assigned(nodes: Iterable[Node]) -> Iterable[str]:
    for node in nodes:
        yield from map(str, node.template_scope())
        # The context is only asked for by tags that load files, of which there are none.
        yield from _assigned(node.children(None))  # type: ignore[arg-type]
