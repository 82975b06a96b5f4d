"""Filters that work on lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from workflows.node_type import Json
from workflows.templating.budget import OUTPUT_BYTES, WORK, Budget
from workflows.templating.filters.registry import FilterError, list_filter, value_filter
from workflows.templating.filters.values import (
    exact,
    number_of,
    property_of,
    same,
    truthy,
)
from workflows.templating.text import size_of, text_of


@value_filter("""{{ "abc" | size }}""", "3")
def size(budget: Budget, value: Json) -> int:
    """How many characters, items or keys; 0 for all else."""
    return len(value) if isinstance(value, (str, list, dict)) else 0


@value_filter("""{{ users | first | map: "name" }}""", '["Ada"]')
def first(budget: Budget, value: Json) -> Json:
    """The first item of a list."""
    if isinstance(value, dict):
        return list(next(iter(value.items()))) if value else None
    return value[0] if isinstance(value, list) and value else None


@value_filter("""{{ users | last | map: "name" }}""", '["Bob"]')
def last(budget: Budget, value: Json) -> Json:
    """The last item of a list."""
    return value[-1] if isinstance(value, list) and value else None


@list_filter("""{{ "a,b" | split: "," | join: " and " }}""", "a and b")
def join(budget: Budget, items: list[Json], separator: Json = " ") -> str:
    """Makes one text of a list, with a text between the items (a blank if none is given)."""
    glue = text_of(separator)
    texts: list[str] = []
    total = len(glue) * max(0, len(items) - 1)
    for item in items:
        text = text_of(item)
        total += len(text)
        if total > OUTPUT_BYTES:
            break
        texts.append(text)
    budget.text(total)
    return glue.join(texts)


@list_filter("""{{ users | map: "name" | join: ", " }}""", "Ada, Bob", "map")
def map_(budget: Budget, items: list[Json], key: Json) -> list[Json]:
    """What each object of a list holds at a key; null where it has no such key."""
    name = text_of(key)
    return [property_of(item, name) for item in items]


@list_filter("""{{ users | where: "age", 36 | map: "name" }}""", '["Ada"]')
def where(budget: Budget, items: list[Json], key: Json, value: Json = None) -> list[Json]:
    """The objects that hold a value at a key; without a value: anything but null and false."""
    matches = _test(budget, items, key, value)
    return [item for item in items if matches(item)]


@list_filter("""{{ users | reject: "age", 36 | map: "name" }}""", '["Bob"]')
def reject(budget: Budget, items: list[Json], key: Json, value: Json = None) -> list[Json]:
    """The objects that `where` leaves out."""
    matches = _test(budget, items, key, value)
    return [item for item in items if not matches(item)]


@list_filter("""{{ users | find: "name", "Bob" | map: "age" }}""", "[41]")
def find(budget: Budget, items: list[Json], key: Json, value: Json = None) -> Json:
    """The first object that `where` would give."""
    matches = _test(budget, items, key, value)
    return next((item for item in items if matches(item)), None)


@list_filter("""{{ users | find_index: "name", "Bob" }}""", "1")
def find_index(budget: Budget, items: list[Json], key: Json, value: Json = None) -> int | None:
    """The position of the first object that `where` would give; the first position is 0."""
    matches = _test(budget, items, key, value)
    return next((index for index, item in enumerate(items) if matches(item)), None)


@list_filter("""{{ users | has: "name", "Eve" }}""", "false")
def has(budget: Budget, items: list[Json], key: Json, value: Json = None) -> bool:
    """Whether `where` would give anything."""
    matches = _test(budget, items, key, value)
    return any(matches(item) for item in items)


def _test(budget: Budget, items: list[Json], key: Json, value: Json) -> Callable[[Json], bool]:
    name = text_of(key)
    budget.spend(len(items) * (size_of(value, WORK) // 16))
    if value is None:
        return lambda item: truthy(property_of(item, name))
    return lambda item: same(property_of(item, name), value)


@list_filter("""{{ "b,a" | split: "," | concat: more | join }}""", "b a c")
def concat(budget: Budget, items: list[Json], other: Json) -> list[Json]:
    """Adds the items of another list."""
    if not isinstance(other, list):
        raise FilterError("the other value is no list", other)
    budget.items(len(items) + len(other))
    return items + other


@list_filter("""{{ "a,b" | split: "," | reverse | join }}""", "b a")
def reverse(budget: Budget, items: list[Json]) -> list[Json]:
    """Turns a list round."""
    return items[::-1]


@list_filter("""{{ users | compact: "age" | size }}""", "2")
def compact(budget: Budget, items: list[Json], key: Json = None) -> list[Json]:
    """Leaves out null, or the objects that hold null at a key."""
    if key is None:
        return [item for item in items if item is not None]
    name = text_of(key)
    return [item for item in items if property_of(item, name) is not None]


@list_filter("""{{ "a,b,a" | split: "," | uniq | join }}""", "a b")
def uniq(budget: Budget, items: list[Json], key: Json = None) -> list[Json]:
    """Leaves out what is there already; with a key, objects that hold the same there."""
    budget.spend(size_of(items, WORK + 1))
    name = None if key is None else text_of(key)
    seen: dict[str, Json] = {}
    for item in items:
        value = item if name is None else property_of(item, name)
        seen.setdefault(_identity(value), item)
    return list(seen.values())


def _identity(value: Json) -> str:
    """Equal texts for equal values; 1 and 1.0 are equal, 1 and true are not."""
    if value.__class__ is float and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True)


@list_filter("""{{ users | sum: "age" }}""", "77", "sum")
def sum_(budget: Budget, items: list[Json], key: Json = None) -> int | float:
    """Adds the numbers of a list, or those that its objects hold at a key."""
    name = None if key is None else text_of(key)
    numbers = [number_of(item if name is None else property_of(item, name)) for item in items]
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    return float(sum((exact(number) for number in numbers), Decimal(0)))


@list_filter("""{{ "b,a,C" | split: "," | sort | join }}""", "C a b")
def sort(budget: Budget, items: list[Json], key: Json = None) -> list[Json]:
    """Sorts numbers or texts, or objects by a key; null comes last."""
    return _sorted(budget, items, key, lambda value: value)


@list_filter("""{{ "b,a,C" | split: "," | sort_natural | join }}""", "a b C")
def sort_natural(budget: Budget, items: list[Json], key: Json = None) -> list[Json]:
    """Sorts texts without regard to upper and lower case."""
    return _sorted(budget, items, key, lambda value: text_of(value).casefold())


def _sorted(
    budget: Budget, items: list[Json], key: Json, prepare: Callable[[Json], Any]
) -> list[Json]:
    name = None if key is None else text_of(key)
    pairs = [(item if name is None else property_of(item, name), item) for item in items]
    # Each comparison may read two whole texts, so their length counts once per round.
    rounds = max(1, len(pairs).bit_length())
    for value, _ in pairs:
        budget.spend(rounds * size_of(value, WORK))
    there = [(prepare(value), item) for value, item in pairs if value is not None]
    try:
        there.sort(key=lambda pair: pair[0])
    except TypeError:
        raise FilterError(
            "only numbers or only texts can be sorted; sort objects by a key"
        ) from None
    return [item for _, item in there] + [item for value, item in pairs if value is None]
