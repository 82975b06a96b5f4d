"""`for` and `tablerow`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from liquid.builtin.expressions import LoopExpression, StringLiteral
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.tablerow_tag import TablerowNode

from workflows.node_type import Json
from workflows.templating.blocks import BreakLoop, ContinueLoop, Render, compile_block, register
from workflows.templating.budget import ITEM_WORK, ITEMS, limit_error
from workflows.templating.expressions import compile_expression
from workflows.templating.filters.values import integer_of
from workflows.templating.paths import Read
from workflows.templating.scope import Loop, Scope
from workflows.templating.state import MaskedField, MaskedRead, State

Items: TypeAlias = Callable[[State], list[Json]]


@dataclass(frozen=True, slots=True)
class _Header:
    """`offset` is "continue" where the loop goes on after the last one of its name."""

    name: str
    iterable: Read
    limit: Read | None
    offset: Read | str | None
    backwards: bool

    def items(self, state: State) -> list[Json]:
        iterable = self.iterable(state)
        if isinstance(iterable, dict):
            state.spend(len(iterable) * ITEM_WORK)
        every = _listed(iterable)
        if self.offset == "continue":
            start = state.stopped_at.get(self.name, 0)
        else:
            start = integer_of(self.offset(state)) if callable(self.offset) else 0
        start = min(max(0, start), len(every))
        stop = len(every)
        if self.limit is not None:
            stop = min(stop, start + max(0, integer_of(self.limit(state))))
        state.stopped_at[self.name] = stop
        if stop - start > ITEMS:
            raise limit_error(f"A loop goes over at most {ITEMS:,} items.")
        chosen = every[start:stop]
        return chosen[::-1] if self.backwards else chosen


def _listed(value: Json) -> list[Json]:
    """What a loop goes over: items, pairs of key and value, or one text; all else is empty."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [list(pair) for pair in value.items()]
    return [value] if isinstance(value, str) and value else []


def _header(node: LoopExpression, scope: Scope) -> _Header:
    offset: Read | str | None = None
    if isinstance(node.offset, StringLiteral) and node.offset.value == "continue":
        offset = "continue"
    elif node.offset is not None:
        offset = compile_expression(node.offset, scope)
    return _Header(
        name=f"{node.identifier}-{node.iterable}",
        iterable=compile_expression(node.iterable, scope),
        limit=compile_expression(node.limit, scope) if node.limit is not None else None,
        offset=offset,
        backwards=node.reversed,
    )


def _loop_items(header: _Header, loop: Loop, scope: Scope) -> Items:
    """The items; in a masked resolve a loop over a secret makes one pass with a masked item."""
    if not scope.tracked:
        return header.items
    slot = loop.slot

    def run(state: State) -> list[Json]:
        state.tainted = False
        try:
            items = header.items(state)
        except MaskedRead:
            items = [None]
        if state.tainted:
            state.tainted_slots.add(slot)
        else:
            state.tainted_slots.discard(slot)
        return items

    return run


def _for(node: ForNode, scope: Scope) -> Render:
    header = _header(node.expression, scope)
    parent = scope.outer_helper("forloop")
    loop = scope.open_loop(str(node.expression.identifier), "forloop")
    block = compile_block(node.block, scope)
    scope.close_loop()
    default = compile_block(node.default, scope)
    items_of = _loop_items(header, loop, scope)
    slot, helper = loop.slot, loop.reads_helper

    def run(state: State, out: list[str]) -> None:
        items = items_of(state)
        if not items:
            return default(state, out)
        length, outer = len(items), None if parent is None else state.slots[parent]
        for index, item in enumerate(items):
            state.loop_pass()
            state.slots[slot] = item
            if helper:
                state.slots[slot + 1] = _forloop(header.name, index, length, outer)
            try:
                block(state, out)
            except ContinueLoop:
                continue
            except BreakLoop:
                break

    return run


def _forloop(name: str, index: int, length: int, parent: Json) -> Json:
    return {**_position(index, length), "name": name, "parentloop": parent}


def _position(index: int, length: int) -> dict[str, Json]:
    return {
        "index": index + 1,
        "index0": index,
        "rindex": length - index,
        "rindex0": length - index - 1,
        "first": index == 0,
        "last": index == length - 1,
        "length": length,
    }


def _tablerow(node: TablerowNode, scope: Scope) -> Render:
    header = _header(node.expression, scope)
    columns = node.expression.cols
    count = compile_expression(columns, scope) if columns is not None else None
    loop = scope.open_loop(str(node.expression.identifier), "tablerowloop")
    block = compile_block(node.block, scope)
    scope.close_loop()
    items_of = _loop_items(header, loop, scope)
    slot = loop.slot

    def run(state: State, out: list[str]) -> None:
        items = items_of(state)
        if not items:
            return
        width = max(1, _columns(count, state) or len(items))
        state.write(out, '<tr class="row1">\n')
        for index, item in enumerate(items):
            state.loop_pass()
            state.slots[slot] = item
            row, column = divmod(index, width)
            state.slots[slot + 1] = {**_position(index, len(items)), **_cell(row, column, width)}
            state.write(out, f'<td class="col{column + 1}">')
            stopped = _cell_stopped(block, state, out)
            state.write(out, "</td>")
            if column + 1 == width and index + 1 < len(items):
                state.write(out, f'</tr>\n<tr class="row{row + 2}">')
            if stopped:
                break
        state.write(out, "</tr>\n")

    return run


def _columns(count: Read | None, state: State) -> int:
    if count is None:
        return 0
    try:
        return integer_of(count(state))
    except MaskedRead:
        raise MaskedField from None


def _cell(row: int, column: int, width: int) -> dict[str, Json]:
    return {
        "row": row + 1,
        "col": column + 1,
        "col0": column,
        "col_first": column == 0,
        "col_last": column + 1 == width,
    }


def _cell_stopped(block: Render, state: State, out: list[str]) -> bool:
    try:
        block(state, out)
    except BreakLoop:
        return True
    except ContinueLoop:
        return False
    return False


register(ForNode, _for)
register(TablerowNode, _tablerow)
