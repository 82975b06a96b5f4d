from __future__ import annotations

import time
from typing import Any

import pytest

from workflows.errors import NodeError
from workflows.json_query import search

FOUND = {
    "field": ("user.name", {"user": {"name": "Ada"}}, "Ada"),
    "place in a list": ("[1]", [1, 2], 2),
    "projection": ("items[*].price", {"items": [{"price": 1}, {"price": 2}]}, [1, 2]),
    "filter": ("items[?price > `1`].price", {"items": [{"price": 1}, {"price": 2}]}, [2]),
    "function": ("length(items)", {"items": [1, 2, 3]}, 3),
    "function with an expression": ("max_by(@, &a).a", [{"a": 1}, {"a": 3}], 3),
    "several": ("{a: x, b: y}", {"x": 1, "y": 2}, {"a": 1, "b": 2}),
    "nothing": ("user.name", {}, None),
    "nothing in a text": ("a.b", "text", None),
    "all of many": ("length(@[*].{n: a})", [{"a": 1}] * 20_000, 20_000),
}


@pytest.mark.parametrize(("path", "value", "expected"), FOUND.values(), ids=FOUND)
def test_finds(path: str, value: Any, expected: Any) -> None:
    assert search(path, value) == expected


REFUSED = {
    "broken": ("user.", {}, "column 6: user."),
    "unknown sign": ("user # name", {}, "column 6: user #"),
    "empty": ("", {}, "empty"),
    "unknown function": ("launch(@)", {}, "launch"),
    "wrong type in a function": ("abs('a')", {}, "abs()"),
    "slice without a step": ("[::0]", [1], "zero"),
    "expression as a value": ("&a", {}, "&"),
    "expression inside a value": ("[&a]", {}, "&"),
    "too long": ("a" * 1_001, {}, "1,000"),
    "deep brackets": ("(" * 400 + "a" + ")" * 400, {}, "deep"),
    "many prefixes": ("!" * 900 + "a", {}, "deep"),
    "sorting what has no order": ("sort(@)", [1, "a"], "sort()"),
}


@pytest.mark.parametrize(("path", "value", "reason"), REFUSED.values(), ids=REFUSED)
def test_says_why_a_path_can_not_be_used(path: str, value: Any, reason: str) -> None:
    with pytest.raises(NodeError) as caught:
        search(path, value)
    assert caught.value.code == "bad_path"
    assert reason in caught.value.message


BOMBS = {
    "doubled list": ("|".join(["[@,@][]"] * 100), 1),
    "nested list": ("|".join(["[@,@]"] * 60), 1),
    "nested object": ("|".join(["{a:@,b:@}"] * 60), 1),
    "nested list as text": ("|".join(["[@,@]"] * 40) + "|to_string(@)", 1),
    "doubled text": ("|".join(["join('',[@,@])"] * 60), "a"),
    "doubled escapes": ("|".join(["to_string([@])"] * 60), '"'),
    "products": ("[*][*][*].[@,@,@][]", [[[1] * 100] * 100] * 100),
}


@pytest.mark.parametrize(("path", "value"), BOMBS.values(), ids=BOMBS)
def test_growth_without_end_is_stopped(path: str, value: Any) -> None:
    started = time.process_time()
    with pytest.raises(NodeError, match="smaller part"):
        search(path, value)
    assert time.process_time() - started < 3
