from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.workflows.nodes.support import output, problems
from workflows.errors import NodeError

DATA = {
    "node_1": {
        "name": "Ada",
        "age": 36,
        "address": {"city": "London"},
        "tags": ["a", "b"],
        "nothing": None,
        "quote": 'He said "no"',
    }
}


def mapped(*pairs: tuple[str, Any], data: dict[str, Any] = DATA) -> Any:
    mappings = [{"target": target, "value": value} for target, value in pairs]
    return output("data_mapper", {"mappings": mappings}, data)


MAPPED: dict[str, tuple[list[tuple[str, Any]], dict[str, Any]]] = {
    "name": ([("name", "{{ node_1.name }}")], {"name": "Ada"}),
    "text around": ([("hello", "Hello {{ node_1.name }}")], {"hello": "Hello Ada"}),
    "value keeps its type": ([("age", "{{ node_1.age }}")], {"age": 36}),
    "literal": ([("n", 5), ("list", [1]), ("flag", False)], {"n": 5, "list": [1], "flag": False}),
    "objects on the way": ([("a.b.c", 1)], {"a": {"b": {"c": 1}}}),
    "two into one object": ([("a.b", 1), ("a.c", 2)], {"a": {"b": 1, "c": 2}}),
    "list": ([("a[0]", 1), ("a[1]", 2)], {"a": [1, 2]}),
    "gaps are null": ([("a[2]", 1)], {"a": [None, None, 1]}),
    "gap filled later": ([("a[1]", 1), ("a[0]", 0)], {"a": [0, 1]}),
    "object in a list": ([("a[0].b", 1), ("a[0].c", 2)], {"a": [{"b": 1, "c": 2}]}),
    "list in a list": ([("a[1][0]", 1)], {"a": [None, [1]]}),
    "long way": ([("a.b[0].c", 1)], {"a": {"b": [{"c": 1}]}}),
    "name with blanks": ([("First name", "x")], {"First name": "x"}),
    "number as a name": ([("2024.total", 1)], {"2024": {"total": 1}}),
    "into a value": (
        [("to", "{{ node_1.address }}"), ("to.zip", "W1")],
        {"to": {"city": "London", "zip": "W1"}},
    ),
    "into a list value": (
        [("tags", "{{ node_1.tags }}"), ("tags[2]", "c")],
        {"tags": ["a", "b", "c"]},
    ),
    "over null": ([("a", None), ("a.b", 1)], {"a": {"b": 1}}),
    "null is kept": ([("a", "{{ node_1.nothing }}")], {"a": None}),
    "unknown is null": ([("a", "{{ node_1.nobody }}")], {"a": None}),
    "last index": ([("a[9999]", 1)], {"a": [None] * 9_999 + [1]}),
}


@pytest.mark.parametrize(("pairs", "expected"), MAPPED.values(), ids=MAPPED)
def test_mappings(pairs: list[tuple[str, Any]], expected: dict[str, Any]) -> None:
    assert mapped(*pairs) == expected


def test_values_of_other_nodes_are_not_changed() -> None:
    data = copy.deepcopy(DATA)
    pairs = [("to", "{{ node_1.address }}"), ("to.zip", "W1"), ("copy", "{{ node_1.address }}")]
    result = mapped(*pairs, ("tags", "{{ node_1.tags }}"), ("tags[5]", 1), data=data)
    assert data == DATA
    assert result["copy"] == {"city": "London"}


def test_a_literal_is_not_changed_for_the_next_run() -> None:
    pairs: list[tuple[str, Any]] = [("a", {"b": 1}), ("a.c", 2)]
    assert mapped(*pairs) == mapped(*pairs) == {"a": {"b": 1, "c": 2}}


DEFAULTS: dict[str, tuple[Any, Any]] = {
    "unknown": ("{{ node_1.nobody }}", "none"),
    "null": ("{{ node_1.nothing }}", "none"),
    "there": ("{{ node_1.name }}", "Ada"),
    "blank text is a value": ("", ""),
    "false is a value": (False, False),
    "zero is a value": (0, 0),
}


@pytest.mark.parametrize(("value", "expected"), DEFAULTS.values(), ids=DEFAULTS)
def test_default(value: Any, expected: Any) -> None:
    mapping = {"target": "a", "value": value, "default": "none"}
    assert output("data_mapper", {"mappings": [mapping]}, DATA) == {"a": expected}


CONFLICTS: dict[str, tuple[list[tuple[str, Any]], str]] = {
    "name in a text": ([("a", "text"), ("a.b", 1)], "a is a text"),
    "name in a number": ([("a.b", 5), ("a.b.c", 1)], "a.b is a number"),
    "name in a list": ([("a[0]", 1), ("a.b", 1)], "a is a list"),
    "place in an object": ([("a.b", 1), ("a[0]", 1)], "a is an object"),
    "object over its parts": ([("a.b", 1), ("a", {"c": 1})], "a is an object"),
    "place that is taken": ([("a", [1]), ("a[0]", 2)], "a[0] is a number"),
    "name in a boolean": ([("a", False), ("a.b", 2)], "a is a boolean"),
}


@pytest.mark.parametrize(("pairs", "says"), CONFLICTS.values(), ids=CONFLICTS)
def test_conflict(pairs: list[tuple[str, Any]], says: str) -> None:
    with pytest.raises(NodeError) as caught:
        mapped(*pairs)
    assert caught.value.code == "conflict"
    assert says in caught.value.message


def test_many_high_indexes_are_stopped() -> None:
    with pytest.raises(NodeError, match="lower indexes") as caught:
        mapped(*((f"a{n}[9999]", 1) for n in range(11)))
    assert caught.value.code == "too_large"


TEMPLATES: dict[str, tuple[Any, Any]] = {
    "object": (
        {"who": "{{ node_1.name }}", "n": [1, "{{ node_1.age }}"]},
        {"who": "Ada", "n": [1, 36]},
    ),
    "one value": ("{{ node_1.address }}", {"city": "London"}),
    "list": (["{{ node_1.name }}"], ["Ada"]),
    "JSON text": ('{"who": "{{ node_1.name }}"}', {"who": "Ada"}),
    "quotes do not break it": ('{"said": "{{ node_1.quote }}!"}', {"said": 'He said "no"!'}),
    "empty object": ({}, {}),
}


@pytest.mark.parametrize(("template", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_template(template: Any, expected: Any) -> None:
    assert output("data_mapper", {"template": template}, DATA) == expected


@pytest.mark.parametrize("template", ["{{ node_1.name }}", "{{ node_1.nobody }}", 5])
def test_the_template_has_to_become_an_object(template: Any) -> None:
    with pytest.raises(NodeError, match="an object or a list") as caught:
        output("data_mapper", {"template": template}, DATA)
    assert caught.value.code == "wrong_type"


def target(name: str) -> dict[str, Any]:
    return {"mappings": [{"target": name, "value": 1}]}


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "neither": ({}, "neither"),
    "empty list": ({"mappings": []}, "neither"),
    "nulls": ({"mappings": None, "template": None}, "neither"),
    "both": ({**target("a"), "template": {}}, "not both"),
    "value is missing": ({"mappings": [{"target": "a"}]}, "value"),
    "target is missing": ({"mappings": [{"value": 1}]}, "target"),
    "blank target": (target(""), "blank"),
    "two dots": (target("a..b"), "no target"),
    "dot at the end": (target("a."), "no target"),
    "index alone": (target("[0]"), "no target"),
    "open bracket": (target("a[0"), "no target"),
    "negative index": (target("a[-1]"), "no target"),
    "index that is a name": (target("a[b]"), "no target"),
    "name after an index": (target("a[0]b"), "no target"),
    "index too high": (target("a[10000]"), "9,999"),
    "too deep": (target(".".join("a" * 51)), "50 levels"),
    "too long": (target("a" * 501), "500"),
    "target twice": ({"mappings": target("a")["mappings"] * 2}, "given twice"),
    "unknown field": ({"mappings": [{"target": "a", "value": 1, "type": "x"}]}, "type"),
    "template that is no JSON": ({"template": '{"a": {{ node_1.name }}}'}, "quotes around it"),
}


@pytest.mark.parametrize(("config", "says"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], says: str) -> None:
    assert says in str(problems("data_mapper", config))


def test_null_beside_the_other_is_nothing() -> None:
    assert not problems("data_mapper", {**target("a"), "template": None})
    assert not problems("data_mapper", {"template": {}, "mappings": None})
