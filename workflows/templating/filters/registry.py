"""How a filter is written: a function with a decorator that says what it works on.

The decorator turns the value into what the function wants (so that `true | append: "!"` is
`true!`), counts the work before it is done, and measures what comes out. The docstring and the
example are the filter's documentation; a test renders every example.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from workflows.node_type import Json
from workflows.templating.budget import Budget
from workflows.templating.filters.values import items_of, number_of, sound_number
from workflows.templating.text import counted_text

Function: TypeAlias = Callable[..., Json]
F = TypeVar("F", bound=Function)


class FilterError(Exception):
    """A filter can not do this. `message` holds no data, so that it may be shown for secrets;
    `value` is added to the error where it is none."""

    def __init__(self, message: str, *value: Json) -> None:
        super().__init__(message)
        self.message = message
        self.value = value


EXAMPLE_DATA: dict[str, Json] = {
    "users": [{"name": "Ada", "age": 36}, {"name": "Bob", "age": 41}],
    "text": "one\ntwo",
    "more": ["c"],
}
"""What the examples see."""


@dataclass(frozen=True, slots=True)
class Argument:
    """`default` is None where the argument is needed, else JSON text; `null` stands for nothing.
    A keyword is written with its name: `allow_false: true`."""

    name: str
    default: str | None
    is_keyword: bool


@dataclass(frozen=True, slots=True)
class FilterDoc:
    """`run(budget, value, *arguments, **keywords)`; `result` is what `example` renders to, with
    EXAMPLE_DATA. `group` is the module that the filter is in: texts, lists, numbers, dates, data.
    `takes` is what it makes of the value first: any, text, number or list."""

    name: str
    group: str
    summary: str
    example: str
    result: str
    takes: str
    arguments: tuple[Argument, ...]
    run: Function
    least: int
    most: int
    keywords: frozenset[str]


FILTERS: dict[str, FilterDoc] = {}


def value_filter(example: str, result: str, name: str = "") -> Callable[[F], F]:
    """Works on any value, as it is."""
    return _register(example, result, name, "any", lambda function: function)


def text_filter(example: str, result: str, name: str = "") -> Callable[[F], F]:
    """Works on a text."""

    def adapt(function: Function) -> Function:
        def run(budget: Budget, value: Json, *args: Json, **keywords: Json) -> Json:
            text = value if value.__class__ is str else counted_text(budget, value)
            budget.text(len(text))
            made = function(budget, text, *args, **keywords)
            if made.__class__ is str:
                budget.text(len(made))
            return made

        return run

    return _register(example, result, name, "text", adapt)


def number_filter(example: str, result: str, name: str = "") -> Callable[[F], F]:
    """Works on a number; a text that is no number counts as 0."""

    def adapt(function: Function) -> Function:
        def run(budget: Budget, value: Json, *args: Json, **keywords: Json) -> Json:
            return sound_number(function(budget, number_of(value), *args, **keywords))

        return run

    return _register(example, result, name, "number", adapt)


def list_filter(example: str, result: str, name: str = "") -> Callable[[F], F]:
    """Works on a list; lists inside of it are flattened, anything else is a list of one item."""

    def adapt(function: Function) -> Function:
        def run(budget: Budget, value: Json, *args: Json, **keywords: Json) -> Json:
            made = function(budget, items_of(budget, value), *args, **keywords)
            if made.__class__ is list:
                budget.items(len(made))
            return made

        return run

    return _register(example, result, name, "list", adapt)


def _register(
    example: str, result: str, name: str, takes: str, adapt: Callable[[Function], Function]
) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        parameters = list(inspect.signature(function).parameters.values())[2:]
        positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        title = name or function.__name__.rstrip("_")
        FILTERS[title] = FilterDoc(
            name=title,
            group=function.__module__.rpartition(".")[2],
            summary=" ".join((function.__doc__ or "").split()),
            example=example,
            result=result,
            takes=takes,
            arguments=tuple(map(_argument, parameters)),
            run=adapt(function),
            least=sum(p.default is p.empty for p in positional),
            most=len(positional),
            keywords=frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY),
        )
        return function

    return decorate


def _argument(parameter: inspect.Parameter) -> Argument:
    is_needed = parameter.default is parameter.empty
    return Argument(
        name=parameter.name,
        default=None if is_needed else json.dumps(parameter.default),
        is_keyword=parameter.kind is parameter.KEYWORD_ONLY,
    )
