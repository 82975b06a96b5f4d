"""Nodes of the tree -> closures that write text. Blocks that hold nothing but blanks write
nothing, as everywhere in Liquid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TypeAlias

from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.cycle_tag import CycleNode
from liquid.builtin.tags.decrement_tag import DecrementNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.ifchanged_tag import IfChangedNode
from liquid.builtin.tags.increment_tag import IncrementNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.expression import Expression

from workflows.errors import TemplateError
from workflows.node_type import Json
from workflows.templating.budget import KEPT_BYTES
from workflows.templating.expressions import (
    Condition,
    compile_condition,
    compile_equal,
    compile_expression,
)
from workflows.templating.paths import Read
from workflows.templating.scope import Scope
from workflows.templating.state import MASK, MaskedField, MaskedRead, State
from workflows.templating.text import counted_text, size_of, text_of

Render: TypeAlias = Callable[[State, list[str]], None]
_ESCAPING = (["escape"], ["escape_once"])


class BreakLoop(Exception):
    """`break`: leave the innermost loop, or outside of one the template."""


class ContinueLoop(Exception):
    """`continue`."""


def compile_nodes(nodes: Sequence[Node], scope: Scope, *, blank: bool = False) -> Render:
    renders = tuple(
        compile_node(node, scope) for node in nodes if not (blank and isinstance(node, ContentNode))
    )
    if len(renders) == 1:
        return renders[0]

    def run(state: State, out: list[str]) -> None:
        for render in renders:
            render(state, out)

    return run


def compile_node(node: Node, scope: Scope) -> Render:
    if not isinstance(node, (ContentNode, OutputNode)):
        scope.timed = True
    for kind, compiler in _COMPILERS:
        if isinstance(node, kind):
            made: Render = compiler(node, scope)
            return made
    raise TemplateError(f"The tag of the kind {type(node).__name__} can not be used here.")


def compile_block(block: BlockNode | None, scope: Scope) -> Render:
    if block is None:
        return lambda state, out: None
    return compile_nodes(block.nodes, scope, blank=block.blank)


def _content(node: ContentNode, scope: Scope) -> Render:
    text = node.text
    return lambda state, out: state.write(out, text)


def _output(node: OutputNode, scope: Scope) -> Render:
    value = compile_expression(node.expression, scope)
    return output_of(value, scope, escaped=_escapes_itself(node.expression))


def _escapes_itself(node: Expression) -> bool:
    names = [item.name for item in getattr(node, "filters", None) or []]
    if names[-1:] == ["newline_to_br"]:
        names.pop()
    return names[-1:] in _ESCAPING


def output_of(value: Read, scope: Scope, *, escaped: bool = False) -> Render:
    """`escaped`: the value is HTML already, where HTML is written."""
    to_text = _html_of if scope.html and not escaped else text_of
    if not scope.tracked:

        def run(state: State, out: list[str]) -> None:
            state.tick()
            state.write(out, to_text(value(state)))

        return run

    def run_tracked(state: State, out: list[str]) -> None:
        state.tick()
        state.tainted = False
        try:
            made = value(state)
            text = to_text(made)
        except MaskedRead:
            made, text = None, MASK
        if state.tainted:
            state.expose(made)
            if scope.html:
                state.expose(text)
        state.write(out, text)

    return run_tracked


class Html(str):
    """A text that `capture` put together where HTML is written: its outputs are escaped already."""

    __slots__ = ()


def _html_of(value: Json) -> str:
    text = text_of(value)
    return text if value.__class__ is Html else escape(text)


def _assign(node: AssignNode, scope: Scope) -> Render:
    value = compile_expression(node.expression, scope)
    filtered = bool(getattr(node.expression, "filters", None))
    name = scope.define(str(node.name))

    def run(state: State, out: list[str]) -> None:
        state.tick()
        state.tainted = False
        try:
            made = value(state)
        except MaskedRead:
            made = None
        # Without a filter the value is in the context already and takes no room.
        state.assign(name, made, size_of(made, KEPT_BYTES) if filtered else 0)

    return run


def _capture(node: CaptureNode, scope: Scope) -> Render:
    block = compile_block(node.block, scope)
    name = scope.define(str(node.name))

    def run(state: State, out: list[str]) -> None:
        text, tainted = captured(block, state)
        state.tainted = tainted
        state.assign(name, Html(text) if scope.html else text, len(text))

    return run


def captured(block: Render, state: State) -> tuple[str, bool]:
    """What a block writes, and whether it wrote a secret. The text counts once it is written
    for good."""
    inner: list[str] = []
    written, taints = state.written, state.taints
    block(state, inner)
    state.written = written
    return "".join(inner), state.taints != taints


def _guarded(condition: Condition, scope: Scope) -> Condition:
    """In a masked resolve, a branch on a secret masks the whole field."""

    if not scope.tracked:
        return condition

    def run(state: State) -> bool:
        state.tainted = False
        try:
            return condition(state)
        except MaskedRead:
            raise MaskedField from None

    return run


def _condition(node: Expression, scope: Scope) -> Condition:
    return _guarded(compile_condition(node, scope), scope)


def _if(node: IfNode | UnlessNode, scope: Scope) -> Render:
    first = _condition(node.condition, scope)
    wanted = isinstance(node, IfNode)
    consequence = compile_block(node.consequence, scope)
    alternatives = tuple(
        (_condition(item.expression, scope), compile_block(item.block, scope))
        for item in node.alternatives
    )
    default = compile_block(node.default, scope)

    def run(state: State, out: list[str]) -> None:
        if first(state) is wanted:
            return consequence(state, out)
        for condition, block in alternatives:
            if condition(state):
                return block(state, out)
        return default(state, out)

    return run


def _case(node: CaseNode, scope: Scope) -> Render:
    branches: list[tuple[Condition | None, Render]] = []
    for item in node.blocks:
        if isinstance(item, MultiExpressionBlockNode):
            matches = tuple(
                compile_equal(node.expression, value, scope)
                for value in item.expression.expressions
            )
            branches.append((_guarded(_any(matches), scope), compile_block(item.block, scope)))
        else:
            branches.append((None, compile_block(item, scope)))

    def run(state: State, out: list[str]) -> None:
        matched = False
        for condition, block in branches:
            if condition is None:
                if not matched:
                    block(state, out)
            elif condition(state):
                matched = True
                block(state, out)

    return run


def _any(conditions: tuple[Condition, ...]) -> Condition:
    return lambda state: any(condition(state) for condition in conditions)


def _cycle(node: CycleNode, scope: Scope) -> Render:
    group = compile_expression(node.group, scope) if node.group else None
    values = tuple(compile_expression(item, scope) for item in node.args)
    own_name = ", ".join(str(item) for item in node.args)

    def chosen(state: State) -> Json:
        key = ("group", counted_text(state, group(state))) if group else ("values", own_name)
        index = state.cycles.get(key, 0)
        state.cycles[key] = (index + 1) % len(values)
        return values[index](state) if index < len(values) else None

    return output_of(chosen, scope)


def _increment(node: IncrementNode | DecrementNode, scope: Scope) -> Render:
    name = scope.define(str(node.name))
    down = isinstance(node, DecrementNode)

    def run(state: State, out: list[str]) -> None:
        value = state.counters.get(name, 0) - down
        state.counters[name] = value + (not down)
        state.write(out, str(value))

    return run


def _if_changed(node: IfChangedNode, scope: Scope) -> Render:
    block = compile_block(node.block, scope)

    def run(state: State, out: list[str]) -> None:
        text, _ = captured(block, state)
        if text != state.changed:
            state.changed = text
            state.write(out, text)

    return run


def _signal(kind: type[Exception]) -> Callable[[Node, Scope], Render]:
    def compiler(node: Node, scope: Scope) -> Render:
        def run(state: State, out: list[str]) -> None:
            raise kind

        return run

    return compiler


def register(kind: type[Node], compiler: Callable[..., Render]) -> None:
    """For the loops, which need this module and are needed by it."""
    _COMPILERS.append((kind, compiler))


_COMPILERS: list[tuple[type[Node], Callable[..., Render]]] = [
    (ContentNode, _content),
    (OutputNode, _output),
    (IfNode, _if),
    (UnlessNode, _if),
    (AssignNode, _assign),
    (CaptureNode, _capture),
    (CaseNode, _case),
    (CycleNode, _cycle),
    (IncrementNode, _increment),
    (DecrementNode, _increment),
    (IfChangedNode, _if_changed),
    (BreakNode, _signal(BreakLoop)),
    (ContinueNode, _signal(ContinueLoop)),
]
