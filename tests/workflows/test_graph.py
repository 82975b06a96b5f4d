"""The form of a graph and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runs.driver import graph, node
from workflows.errors import GraphError
from workflows.graph import Graph, Retry

MALFORMED: dict[str, tuple[Any, str, str]] = {
    "no object": ([], "", ""),
    "no nodes": ({"edges": []}, "", ""),
    "no edges": ({"nodes": []}, "", "edges"),
    "another key": ({"nodes": [], "edges": [], "groups": 1}, "", "groups"),
    "a node that is text": ({"nodes": ["a"], "edges": []}, "#1", ""),
    "a node without type": ({"nodes": [{"id": "a"}], "edges": []}, "a", "type"),
    "an id with a capital": ({"nodes": [{"id": "A", "type": "x"}], "edges": []}, "A", "id"),
    "an id that ends in a line break": (
        {"nodes": [{"id": "a\n", "type": "x"}], "edges": []},
        "a\n",
        "id",
    ),
    "an id of 65": ({"nodes": [{"id": "a" * 65, "type": "x"}], "edges": []}, "a" * 65, "id"),
    "a reserved id": ({"nodes": [{"id": "trigger", "type": "x"}], "edges": []}, "trigger", "id"),
    "an id twice": ({"nodes": [{"id": "a", "type": "x"}] * 2, "edges": []}, "a", "id"),
    "a field that does not exist": (
        {"nodes": [{"id": "a", "type": "x", "colour": "red"}], "edges": []},
        "a",
        "colour",
    ),
    "a config that is a list": (
        {"nodes": [{"id": "a", "type": "x", "config": []}], "edges": []},
        "a",
        "config",
    ),
    "eleven attempts": (
        {"nodes": [{"id": "a", "type": "x", "retry": {"max_attempts": 11}}], "edges": []},
        "a",
        "retry.max_attempts",
    ),
    "a position without y": (
        {"nodes": [{"id": "a", "type": "x", "position": {"x": 1}}], "edges": []},
        "a",
        "position.y",
    ),
    "an unknown on_interrupt": (
        {"nodes": [{"id": "a", "type": "x", "on_interrupt": "guess"}], "edges": []},
        "a",
        "on_interrupt",
    ),
    "an edge without target": ({"nodes": [], "edges": [{"source": "a"}]}, "", "edges[0].target"),
    "an edge that is null": ({"nodes": [], "edges": [None]}, "", "edges[0]"),
}


@pytest.mark.parametrize(("data", "where", "field"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_graph_is_refused_with_node_and_field(
    data: Any, where: str, field: str
) -> None:
    with pytest.raises(GraphError) as caught:
        Graph.from_json(data)
    first = caught.value.problems[0]
    assert (first.node, first.field) == (where, field)
    assert first.message


def test_defaults_are_those_of_the_contract() -> None:
    parsed = Graph.from_json({"nodes": [{"id": "a", "type": "x"}], "edges": []}).nodes["a"]
    assert (parsed.name, parsed.continue_on_error, parsed.retry, parsed.on_interrupt) == (
        "",
        False,
        None,
        None,
    )


def test_bodies_of_nested_iterators() -> None:
    drawn = Graph.from_json(
        graph(
            *(node(name) for name in ("outer", "inner", "deep", "last", "after")),
            "start -> outer",
            "outer:item -> inner",
            "inner:item -> deep",
            "inner -> last",
            "outer -> after",
        )
    )
    assert drawn.body_of("outer") == {"inner", "deep", "last"}
    assert drawn.body_of("inner") == {"deep"}
    assert drawn.scopes["deep"] == {("outer", "inner")}


@pytest.mark.parametrize(
    ("retry", "waits"),
    {
        "fixed": (Retry(5, 2), [2, 2, 2, 2]),
        "exponential": (Retry(5, 1, "exponential"), [1, 2, 4, 8]),
        "exponential with a ceiling": (Retry(5, 1, "exponential", 3), [1, 2, 3, 3]),
    }.values(),
    ids=["fixed", "exponential", "exponential with a ceiling"],
)
def test_retry_waits(retry: Retry, waits: list[float]) -> None:
    assert [retry.wait_before(number) for number in (2, 3, 4, 5)] == waits
