"""JMESPath with a bound on its work. Short expressions can grow data exponentially: twenty pieces
of `[@, @][] |` make a million items of one, and text functions do the same with characters."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.visitor import Options, TreeInterpreter, _Expression

from workflows.errors import NodeError
from workflows.node_type import Json

PATH_CHARACTERS = 1_000
MOST_WORK = 1_000_000
"""Expressions evaluated, plus values and stretches of text that they made."""
STRETCH = 16
MOST_NESTING = 50
_MAKE_NEW_VALUES = frozenset({"function_expression", "multi_select_list", "multi_select_dict"})
_FAILURES = (JMESPathError, RecursionError, TypeError, ValueError, ArithmeticError)
_LONELY = "& stands only before an argument of a function"


@lru_cache(maxsize=512)
def compile_path(path: str) -> Any:
    """Raises NodeError `bad_path`."""
    if len(path) > PATH_CHARACTERS:
        raise _bad_path(f"it is longer than {PATH_CHARACTERS:,} characters")
    if _nesting(path) > MOST_NESTING:
        raise _bad_path("it is nested too deeply")
    try:
        return jmespath.compile(path)
    except _FAILURES as error:
        raise _bad_path(_reason(error)) from None


def search(path: str, value: Json) -> Json:
    """What `path` finds in `value`, null where there is nothing. Raises NodeError `bad_path`, also
    for work without end."""
    compiled = compile_path(path)
    try:
        found = _BoundedInterpreter().visit(compiled.parsed, value)
    except _FAILURES as error:
        raise _bad_path(_reason(error)) from None
    if isinstance(found, _Expression):
        raise _bad_path(_LONELY)
    return found


class _BoundedInterpreter(TreeInterpreter):
    def __init__(self) -> None:
        super().__init__(Options())
        self._left = MOST_WORK

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        result = super().visit(node, *args, **kwargs)
        self._left -= 1
        if node["type"] in _MAKE_NEW_VALUES:
            self._count(result)
        elif isinstance(result, list):
            self._left -= len(result)
        if self._left < 0:
            raise NodeError(
                "The path makes too much of this data. Take a smaller part of it.", code="bad_path"
            )
        return result

    def _count(self, value: Any) -> None:
        """Pay for each value in a tree, as often as it is written there."""
        todo = [value]
        while todo and self._left >= 0:
            value = todo.pop()
            self._left -= 1
            if isinstance(value, str):
                self._left -= len(value) // STRETCH
            elif isinstance(value, list):
                todo.extend(value)
            elif isinstance(value, dict):
                todo.extend(value.values())
            elif isinstance(value, _Expression):
                raise _bad_path(_LONELY)


def _nesting(path: str) -> int:
    """How deep brackets and prefixes stand in each other, at most."""
    depth = deepest = prefixes = 0
    for char in path:
        prefixes = prefixes + 1 if char in "!&" else 0
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth + prefixes)
    return deepest


def _reason(error: Exception) -> str:
    """JMESPath lists its own token names and draws a caret under the place; a column says more."""
    column = getattr(error, "lex_position", getattr(error, "lexer_position", None))
    if column is not None:
        return f"it is broken or not complete at column {column + 1}: {error.expression}"  # type: ignore[attr-defined]
    lines = [line.strip() for line in str(error).splitlines() if line.strip(" ^")]
    return " ".join(lines) or "it can not be computed"


def _bad_path(reason: str) -> NodeError:
    return NodeError(
        "The JMESPath expression can not be used, write it like user.emails[0]. The reason:",
        code="bad_path",
        quoted=reason,
    )
