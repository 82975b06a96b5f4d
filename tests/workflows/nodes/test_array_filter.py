from __future__ import annotations

import time
from typing import Any

import pytest

from tests.workflows.nodes.support import Run, checked, error, execute, output, problems
from workflows.compiled import CompiledConfig
from workflows.errors import TemplateError
from workflows.nodes.array_filter import ArrayFilter

PEOPLE = [
    {"name": "Ada", "age": 36, "tags": ["x"]},
    {"name": "Bob", "age": 17, "tags": []},
    {"name": "Cem", "age": 70, "tags": ["x", "y"]},
]
DATA = {"people": PEOPLE, "limit": {"age": 18, "name": "C"}, "numbers": [1, 5, 10]}


def rule(left: str, operator: str, right: Any = None, kind: str = "number") -> dict[str, Any]:
    return {"kind": kind, "left": left, "operator": operator, "right": right}


ADULT = rule("{{ item.age }}", "greater_or_equal", "{{ limit.age }}")
NAMED = rule("{{ item.name }}", "starts_with", "{{ limit.name }}", "string")
KEPT: dict[str, tuple[dict[str, Any], list[str]]] = {
    "one rule": ({"rules": [ADULT]}, ["Ada", "Cem"]),
    "all rules": ({"rules": [ADULT, NAMED]}, ["Cem"]),
    "any rule": (
        {"combinator": "or", "rules": [rule("{{ item.age }}", "less_than", 18), NAMED]},
        ["Bob", "Cem"],
    ),
    "the others": ({"rules": [ADULT], "keep": "others"}, ["Bob"]),
    "matching": ({"rules": [ADULT], "keep": "matching"}, ["Ada", "Cem"]),
    "a group": (
        {"rules": [{"combinator": "or", "rules": [NAMED, rule("{{ item.age }}", "equals", 17)]}]},
        ["Bob", "Cem"],
    ),
    "a list in an item": (
        {"rules": [rule("{{ item.tags }}", "length_greater_than", 0, "array")]},
        ["Ada", "Cem"],
    ),
    "a filter in a template": (
        {"rules": [rule("{{ item.name | downcase }}", "equals", "ada", "string")]},
        ["Ada"],
    ),
    "more text around": (
        {"rules": [rule("{{ item.name }} {{ item.age }}", "equals", "Bob 17", "string")]},
        ["Bob"],
    ),
    "none": ({"rules": [rule("{{ item.age }}", "greater_than", 100)]}, []),
}


@pytest.mark.parametrize(("config", "names"), KEPT.values(), ids=KEPT)
def test_what_is_kept(config: dict[str, Any], names: list[str]) -> None:
    made = output("array_filter", {"items": "{{ people }}", **config}, DATA)
    assert [person["name"] for person in made["items"]] == names
    assert made["count"] == len(names)


ITEMS: dict[str, tuple[Any, list[Any]]] = {
    "numbers": ([1, 5, 10], [5, 10]),
    "numbers as texts": (["1", "5"], ["5"]),
    "JSON text": ("[4, 6]", [6]),
    "empty": ([], []),
}


@pytest.mark.parametrize(("items", "kept"), ITEMS.values(), ids=ITEMS)
def test_items_of_any_kind(items: Any, kept: list[Any]) -> None:
    config = {"items": "{{ n }}", "rules": [rule("{{ item }}", "greater_or_equal", 5)]}
    assert output("array_filter", config, {"n": items}) == {"items": kept, "count": len(kept)}


def test_the_item_of_an_iterator_around_is_hidden_in_the_rules_only() -> None:
    config = {
        "items": "{{ item.list }}",
        "rules": [rule("{{ item }}", "greater_than", "{{ index }}")],
    }
    data = {"item": {"list": [1, 2, 3]}, "index": 2}
    assert output("array_filter", config, data)["items"] == [3]


@pytest.mark.parametrize("value", ["a, b", {"a": 1}, 5, None], ids=str)
def test_wrong_type(value: Any) -> None:
    caught = error("array_filter", {"items": "{{ n }}", "rules": [ADULT]}, {"n": value})
    assert caught.code == "wrong_type"
    assert "'items' has to be a list" in caught.message


def test_an_error_names_item_and_rule() -> None:
    config = {"items": [{"age": 20}, {"age": "old"}], "rules": [NAMED | {"right": ""}, ADULT]}
    caught = error("array_filter", config, DATA)
    assert caught.message.startswith("items[1]: rules[1]: The field 'left' has to be a number")
    assert caught.code == "wrong_type"


def test_an_unknown_variable_warns_once() -> None:
    config = {"items": [{}, {}, {}], "rules": [rule("{{ item.nam }}", "is_empty", None, "string")]}
    made = execute("array_filter", config, DATA)
    assert made.value["count"] == 3
    assert len(made.warnings) == 1
    assert "item.nam is unknown" in made.warnings[0]


def test_an_unknown_variable_fails_a_strict_workflow() -> None:
    config = {"items": [{}], "rules": [rule("{{ item.nam }}", "is_empty", None, "string")]}
    compiled = CompiledConfig.compile(ArrayFilter.Config, config)
    with pytest.raises(TemplateError, match=r"items\[0\]: .*item\.nam is unknown") as caught:
        ArrayFilter().execute(compiled.resolve({}, strict=True).value, Run())
    assert caught.value.code == "unknown_variable"


def test_the_log_shows_the_rules_as_they_were_written() -> None:
    config = checked("array_filter", {"items": [1], "rules": [ADULT]})
    resolved = CompiledConfig.compile(ArrayFilter.Config, config).resolve(DATA).value
    assert resolved["rules"] == [ADULT]
    assert resolved == config


def test_two_steps_do_not_share_their_item() -> None:
    compiled = CompiledConfig.compile(ArrayFilter.Config, {"items": "{{ n }}", "rules": [ADULT]})
    first, second = (compiled.resolve({"limit": {"age": age}}).value["rules"] for age in (1, 2))
    assert first.for_item({"age": 5})[0]["right"] == 1
    assert second.for_item({"age": 6})[0]["right"] == 2
    assert first.for_item({"age": 7})[0]["left"] == 7


def test_a_secret_can_not_be_used_in_a_rule() -> None:
    config = {"items": [1], "rules": [rule("{{ item }}", "equals", "{{ vault.token }}")]}
    with pytest.raises(TemplateError, match="secret can not be used") as caught:
        CompiledConfig.compile(ArrayFilter.Config, config)
    assert caught.value.details["path"] == "rules"


def test_rules_without_templates() -> None:
    config = {"items": [1, 2], "rules": [rule("yes", "is_true", kind="boolean")]}
    config["rules"][0].pop("right")
    assert output("array_filter", config)["count"] == 2


def test_many_items_are_quick() -> None:
    items = [{"age": age} for age in range(5_000)]
    start = time.perf_counter()
    made = output("array_filter", {"items": "{{ n }}", "rules": [ADULT]}, {"n": items, **DATA})
    assert made["count"] == 4_982
    assert time.perf_counter() - start < 2


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "items are missing": ({"rules": [ADULT]}, "items"),
    "rules are missing": ({"items": []}, "rules"),
    "no rules": ({"items": [], "rules": []}, "rules"),
    "broken rule": ({"items": [], "rules": [{"kind": "number"}]}, "rules"),
    "unknown keep": ({"items": [], "rules": [ADULT], "keep": "both"}, "keep"),
    "unknown combinator": ({"items": [], "rules": [ADULT], "combinator": "xor"}, "combinator"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("array_filter", config)
