"""One template -> a closure that gives its value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.output import OutputNode

from workflows.node_type import Json
from workflows.templating import loops  # noqa: F401 - makes `for` and `tablerow` known
from workflows.templating.blocks import BreakLoop, ContinueLoop, Render, compile_nodes
from workflows.templating.budget import RAW_BYTES, limit_error
from workflows.templating.expressions import compile_expression
from workflows.templating.grammar import parse
from workflows.templating.paths import Read
from workflows.templating.scope import NameRead, Scope
from workflows.templating.state import MASK, MaskedField, MaskedRead, State
from workflows.templating.text import size_of


@dataclass(frozen=True, slots=True)
class Template:
    """`timed`: it has tags or filters, so the clock must run."""

    run: Callable[[State], Json]
    reads: tuple[NameRead, ...]
    uses_vault: bool
    vault_names: frozenset[str]
    timed: bool


def compile_template(source: str, *, html: bool = False) -> Template:
    """Raises TemplateError."""
    try:
        nodes = parse(source)
        scope = Scope(nodes, reads_vault="vault" in source, html=html)
        output = _only_output(nodes)
        run = _raw(output, scope) if output else _text(nodes, scope)
    except RecursionError:
        raise limit_error("The template is nested too deeply.") from None
    return Template(
        run=run,
        reads=tuple(scope.reads),
        uses_vault=scope.uses_vault,
        vault_names=frozenset(scope.vault_names),
        timed=scope.timed,
    )


def _only_output(nodes: Sequence[Node]) -> OutputNode | None:
    """The output of a template that is one output with nothing but blanks around it."""
    others = [node for node in nodes if not (isinstance(node, ContentNode) and node.blank)]
    if len(others) == 1 and type(others[0]) is OutputNode:
        return others[0]
    return None


def _raw(node: OutputNode, scope: Scope) -> Callable[[State], Json]:
    value = compile_expression(node.expression, scope)
    if scope.uses_vault:
        return _raw_secret(value)

    def run(state: State) -> Json:
        made = value(state)
        kind = made.__class__
        if kind is dict or kind is list:
            state.repeat(size_of(made, RAW_BYTES))
        elif kind is str:
            state.repeat(len(made))
        return made

    return run


def _raw_secret(value: Read) -> Callable[[State], Json]:
    def run(state: State) -> Json:
        state.tainted = False
        try:
            made = value(state)
        except MaskedRead:
            return MASK
        if state.tainted:
            state.expose(made)
        state.repeat(size_of(made, RAW_BYTES))
        return made

    return run


def _text(nodes: Sequence[Node], scope: Scope) -> Callable[[State], Json]:
    render = compile_nodes(nodes, scope)
    if not scope.timed:
        return _simple_text(render)
    slots = scope.slots

    def run(state: State) -> Json:
        state.begin(slots)
        out: list[str] = []
        try:
            render(state, out)
        except MaskedField:
            return MASK
        except (BreakLoop, ContinueLoop):
            pass  # Outside of a loop they end the template.
        return "".join(out)

    return run


def _simple_text(render: Render) -> Callable[[State], Json]:
    def run(state: State) -> Json:
        out: list[str] = []
        render(state, out)
        return "".join(out)

    return run
