from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from tests.workflows.nodes.support import error, execute, problems
from workflows.node_type import ForEach
from workflows.nodes import registry

LOOPS: dict[str, tuple[dict[str, Any], ForEach]] = {
    "parallel by default": ({}, ForEach([1, 2, 3], 10)),
    "parallel": ({"mode": "parallel", "concurrency": 50}, ForEach([1, 2, 3], 50)),
    "one after the other": ({"mode": "sequential", "concurrency": 50}, ForEach([1, 2, 3], 1)),
}


@pytest.mark.parametrize(("config", "expected"), LOOPS.values(), ids=LOOPS)
def test_mode(config: dict[str, Any], expected: ForEach) -> None:
    assert execute("iterator", {"items": "{{ n.list }}", **config}, {"n": {"list": [1, 2, 3]}}) == (
        expected
    )


ITEMS: dict[str, tuple[Any, list[Any]]] = {
    "empty": ([], []),
    "text that is a JSON list": ('[1, {"a": 2}]', [1, {"a": 2}]),
    "of everything": ([None, "a", [1], {}], [None, "a", [1], {}]),
    "as many as may be": ([0] * 1000, [0] * 1000),
}


@pytest.mark.parametrize(("value", "items"), ITEMS.values(), ids=ITEMS)
def test_items(value: Any, items: list[Any]) -> None:
    assert execute("iterator", {"items": "{{ n }}"}, {"n": value}) == ForEach(items, 10)


WRONG: dict[str, Any] = {"text": "a, b", "object": {"a": 1}, "number": 3, "nothing": None}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_wrong_type(value: Any) -> None:
    caught = error("iterator", {"items": "{{ n }}"}, {"n": value})
    assert caught.code == "wrong_type"
    assert "'items' has to be a list" in caught.message


def test_too_many_items(settings: Settings) -> None:
    caught = error("iterator", {"items": "{{ n }}"}, {"n": [0] * 1001})
    assert caught.code == "too_many_items"
    assert "1,001 items, 1,000 is the limit" in caught.message
    settings.ALTOFLOW_LIMITS = replace(settings.ALTOFLOW_LIMITS, iterator_items=2)
    assert error("iterator", {"items": [1, 2, 3]}).code == "too_many_items"


def test_ports() -> None:
    assert registry()["iterator"].ports_for({}) == ("item", "default")


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "items are missing": ({}, "items"),
    "unknown mode": ({"items": [], "mode": "fast"}, "mode"),
    "concurrency 0": ({"items": [], "concurrency": 0}, "concurrency"),
    "concurrency 101": ({"items": [], "concurrency": 101}, "concurrency"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("iterator", config)
