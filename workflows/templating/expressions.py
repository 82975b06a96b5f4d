"""Expressions of the tree -> closures that give a value, or for conditions true or false."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from liquid.builtin.expressions import (
    BooleanExpression,
    FilteredExpression,
    Nil,
    Path,
)
from liquid.builtin.expressions import Literal as LiteralExpression
from liquid.builtin.expressions.arguments import KeywordArgument
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.logical import (
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import Blank, Empty, RangeLiteral
from liquid.expression import Expression

from workflows.errors import TemplateError
from workflows.node_type import Json
from workflows.templating.budget import JSON_WORK, WORK, check_integer
from workflows.templating.filters import FILTERS, FilterDoc, FilterError
from workflows.templating.filters.values import integer_of, less, same, truthy
from workflows.templating.paths import Read, compile_path
from workflows.templating.scope import Scope
from workflows.templating.state import State, closest
from workflows.templating.text import counted_text, preview, size_of

Condition: TypeAlias = Callable[[State], bool]
Compare: TypeAlias = Callable[[State, Json, Json], bool]

_DEEP_FROM = 64


def compile_expression(node: Expression, scope: Scope, *, quiet: bool = False) -> Read:
    """`quiet`: unknown variables are dealt with at this place and leave no warning."""
    if isinstance(node, Path):
        return compile_path(node, scope, quiet=quiet)
    if isinstance(node, FilteredExpression):
        return _filtered(node, scope, quiet)
    if isinstance(node, LiteralExpression):
        return _constant(_literal(node.value))
    if isinstance(node, RangeLiteral):
        return _range(node, scope)
    if isinstance(node, (Empty, Blank)):
        return _constant("")
    if isinstance(node, Nil):
        return _constant(None)
    raise TemplateError(f"An expression of the kind {type(node).__name__} can not be used here.")


def _literal(value: Json) -> Json:
    if value.__class__ is int:
        return check_integer(value)
    if value.__class__ is float and not math.isfinite(value):
        raise TemplateError("A number in a template is too large.")
    return value


def _constant(value: Json) -> Read:
    return lambda state: value


def _range(node: RangeLiteral, scope: Scope) -> Read:
    start, stop = compile_expression(node.start, scope), compile_expression(node.stop, scope)

    def run(state: State) -> Json:
        first, last = integer_of(start(state)), integer_of(stop(state))
        state.items(max(0, last - first + 1))
        return list(range(first, last + 1))

    return run


def _filtered(node: FilteredExpression, scope: Scope, quiet: bool) -> Read:
    filters = node.filters or []
    handled = quiet or any(item.name == "default" for item in filters)
    left = compile_expression(node.left, scope, quiet=handled)
    if not filters:
        return left
    scope.timed = True
    steps = tuple(_filter(item, scope) for item in filters)

    def run(state: State) -> Json:
        value = left(state)
        for step in steps:
            value = step(state, value)
        return value

    return run


def _filter(node: Filter, scope: Scope) -> Callable[[State, Json], Json]:
    doc = _known_filter(node)
    quiet = doc.name == "default"
    arguments = [
        compile_expression(item.value, scope, quiet=quiet)
        for item in node.args
        if not isinstance(item, KeywordArgument)
    ]
    keywords = [
        (item.name, compile_expression(item.value, scope))
        for item in node.args
        if isinstance(item, KeywordArgument)
    ]
    run_filter, name = doc.run, doc.name

    def run(state: State, value: Json) -> Json:
        state.tick()
        args = [argument(state) for argument in arguments]
        for arg in args:
            if arg.__class__ in (list, dict):
                state.spend(JSON_WORK * size_of(arg, WORK))
        named = {key: argument(state) for key, argument in keywords}
        try:
            return run_filter(state, value, *args, **named)
        except FilterError as error:
            raise _explain(name, error, secret=state.tainted) from None
        except UnicodeEncodeError:
            raise TemplateError(f"The filter '{name}' got a text with broken characters.") from None

    return run


def _explain(name: str, error: FilterError, *, secret: bool) -> TemplateError:
    got = "" if secret or not error.value else f"; it got {preview(error.value[0])}"
    return TemplateError(f"The filter '{name}' failed: {error.message}{got}.")


def _known_filter(node: Filter) -> FilterDoc:
    doc = FILTERS.get(node.name)
    if doc is None:
        match = closest(node.name, FILTERS)
        meant = f": did you mean '{match}'?" if match else "."
        raise TemplateError(f"There is no filter '{node.name}'{meant}")
    named = [item.name for item in node.args if isinstance(item, KeywordArgument)]
    given = len(node.args) - len(named)
    if not doc.least <= given <= doc.most:
        counts = str(doc.least) if doc.least == doc.most else f"{doc.least} to {doc.most}"
        raise TemplateError(
            f"The filter '{doc.name}' takes {counts} values after the colon, not {given}: "
            f"{doc.example}"
        )
    if unknown := [name for name in named if name not in doc.keywords]:
        raise TemplateError(f"The filter '{doc.name}' has no argument '{unknown[0]}'.")
    return doc


def compile_condition(node: Expression, scope: Scope) -> Condition:
    if isinstance(node, BooleanExpression):
        return compile_condition(node.expression, scope)
    if isinstance(node, LogicalAndExpression):
        return _both(compile_condition(node.left, scope), compile_condition(node.right, scope))
    if isinstance(node, LogicalOrExpression):
        return _either(compile_condition(node.left, scope), compile_condition(node.right, scope))
    if isinstance(node, EqExpression):
        return compile_equal(node.left, node.right, scope)
    if isinstance(node, NeExpression):
        return _negated(compile_equal(node.left, node.right, scope))
    for kind, compare in _COMPARISONS:
        if isinstance(node, kind):
            pair: Any = node
            left = compile_expression(pair.left, scope)
            return _compared(left, compile_expression(pair.right, scope), compare)
    return _truth(compile_expression(node, scope))


def _truth(value: Read) -> Condition:
    def run(state: State) -> bool:
        state.tick()
        return truthy(value(state))

    return run


def _both(left: Condition, right: Condition) -> Condition:
    return lambda state: left(state) and right(state)


def _either(left: Condition, right: Condition) -> Condition:
    return lambda state: left(state) or right(state)


def _negated(condition: Condition) -> Condition:
    return lambda state: not condition(state)


def compile_equal(left: Expression, right: Expression, scope: Scope) -> Condition:
    """Comparing with nil, empty or blank is the way to ask whether something is there, so an
    unknown variable leaves no warning in it."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, (Nil, Empty, Blank)):
            asked = compile_expression(other, scope, quiet=True)
            return _absent(asked, _ABSENT[type(one)])
    first, second = compile_expression(left, scope), compile_expression(right, scope)
    return _compared(first, second, _equal)


def _absent(asked: Read, test: Callable[[Json], bool]) -> Condition:
    def run(state: State) -> bool:
        state.tick()
        return test(asked(state))

    return run


def _equal(state: State, left: Json, right: Json) -> bool:
    if left.__class__ in (list, dict) and left.__class__ is right.__class__:
        state.spend(size_of(left, WORK))
    elif left.__class__ is str and len(left) > _DEEP_FROM:
        state.spend(len(left) // _DEEP_FROM)
    return same(left, right)


def _is_blank(value: Json) -> bool:
    return value is None or value is False or value in ("", [], {}) or _is_space(value)


def _is_space(value: Json) -> bool:
    return isinstance(value, str) and value.isspace()


_ABSENT: dict[type[Expression], Callable[[Json], bool]] = {
    Nil: lambda value: value is None,
    Empty: lambda value: value in ("", [], {}),
    Blank: _is_blank,
}


def _compared(left: Read, right: Read, compare: Compare) -> Condition:
    def run(state: State) -> bool:
        state.tick()
        return compare(state, left(state), right(state))

    return run


def _less_or_equal(left: Json, right: Json) -> bool:
    return less(left, right) or (left is not None and same(left, right))


def _contains(state: State, left: Json, right: Json) -> bool:
    """A text holds a text, a list an item, an object a key."""
    if right is None or right is False:
        return False
    if isinstance(left, str):
        part = counted_text(state, right)
        state.spend(len(left) // 8)
        return part in left
    if isinstance(left, list):
        state.items(len(left))
        state.spend(len(left) * (size_of(right, WORK) // _DEEP_FROM))
        return any(same(item, right) for item in left)
    return isinstance(left, dict) and isinstance(right, str) and right in left


_COMPARISONS: tuple[tuple[type[Expression], Compare], ...] = (
    (LtExpression, lambda state, left, right: less(left, right)),
    (GtExpression, lambda state, left, right: less(right, left)),
    (LeExpression, lambda state, left, right: _less_or_equal(left, right)),
    (GeExpression, lambda state, left, right: _less_or_equal(right, left)),
    (ContainsExpression, _contains),
)
