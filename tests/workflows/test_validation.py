"""Every rule that a graph must keep, each with its code, node and field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runs.driver import graph, node
from workflows.graph import Graph
from workflows.validation import check_graph

BROKEN: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "no trigger": ({"nodes": [node("a")], "edges": []}, "no_trigger", "", ""),
    "second trigger": (
        graph(node("again", "manual_trigger")),
        "second_trigger",
        "again",
        "type",
    ),
    "unknown type": (graph(node("a", "telepathy"), "start -> a"), "unknown_type", "a", "type"),
    "config that does not fit": (
        graph(node("a", behave="dance"), "start -> a"),
        "invalid_config",
        "a",
        "config.behave",
    ),
    "config field that does not exist": (
        graph(node("a", vaule=1), "start -> a"),
        "invalid_config",
        "a",
        "config.vaule",
    ),
    "template that does not parse": (
        graph(node("a", value={"deep": ["{% if %}"]}), "start -> a"),
        "template_error",
        "a",
        "config.value.deep[0]",
    ),
    "edge to nowhere": (graph(node("a"), "start -> a", "a -> b"), "unknown_node", "b", "edges"),
    "edge from nowhere": (graph(node("a"), "start -> a", "b -> a"), "unknown_node", "b", "edges"),
    "edge to the trigger": (
        graph(node("a"), "start -> a", "a -> start"),
        "edge_to_trigger",
        "start",
        "edges",
    ),
    "port that does not exist": (
        graph(node("a"), node("b"), "start -> a", "a:maybe -> b"),
        "unknown_port",
        "a",
        "edges",
    ),
    "error port without continue_on_error": (
        graph(node("a"), node("b"), "start -> a", "a:error -> b"),
        "unknown_port",
        "a",
        "edges",
    ),
    "edge drawn twice": (
        graph(node("a"), "start -> a", "start -> a"),
        "duplicate_edge",
        "start",
        "edges",
    ),
    "circle": (
        graph(node("a"), node("b"), "start -> a", "a -> b", "b -> a"),
        "cycle",
        "a",
        "edges",
    ),
    "circle of one": (graph(node("a"), "start -> a", "a -> a"), "cycle", "a", "edges"),
    "retry on a trigger": (
        {
            "nodes": [{"id": "s", "type": "manual_trigger", "retry": {"max_attempts": 2}}],
            "edges": [],
        },
        "not_allowed",
        "s",
        "retry",
    ),
    "a trigger that continues": (
        {"nodes": [{"id": "s", "type": "manual_trigger", "continue_on_error": True}], "edges": []},
        "not_allowed",
        "s",
        "continue_on_error",
    ),
    "too many nodes": (graph(*(node(f"n{i}") for i in range(500))), "too_many_nodes", "", ""),
}


@pytest.mark.parametrize(("drawn", "code", "where", "field"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_named(drawn: dict[str, Any], code: str, where: str, field: str) -> None:
    findings = check_graph(Graph.from_json(drawn))
    assert (code, where, field) in [(p.code, p.node, p.field) for p in findings.errors]


@pytest.mark.parametrize(
    "edges",
    [["each:item -> a", "a -> after"], ["each:item -> a", "start -> a"]],
    ids=["out of the body", "into the body"],
)
def test_an_iterator_body_is_closed(edges: list[str]) -> None:
    drawn = graph(node("each"), node("a"), node("after"), "start -> each", "each -> after", *edges)
    codes = [problem.code for problem in check_graph(Graph.from_json(drawn)).errors]
    assert "open_body" in codes


def test_the_path_of_a_circle_is_shown() -> None:
    drawn = graph(*map(node, "abc"), "start -> a", "a -> b", "b -> c", "c -> a")
    (problem,) = check_graph(Graph.from_json(drawn)).errors
    assert "a -> b -> c -> a" in problem.message


@pytest.mark.parametrize(
    ("drawn", "code", "part"),
    {
        "unreached": (graph(node("a")), "unreached", "'a'"),
        "typing error": (
            graph(node("user"), node("a", value="{{ usr.name }}"), "start -> user", "user -> a"),
            "unknown_variable",
            "did you mean 'user'",
        ),
        "comes later": (
            graph(node("a", value="{{ b }}"), node("b"), "start -> a", "a -> b"),
            "unknown_variable",
            "does not come before",
        ),
    }.values(),
    ids=["unreached", "typing error", "comes later"],
)
def test_what_is_only_warned_of(drawn: dict[str, Any], code: str, part: str) -> None:
    findings = check_graph(Graph.from_json(drawn))
    assert not findings.errors
    assert [w.code for w in findings.warnings] == [code]
    assert part in findings.warnings[0].message


def test_a_sound_graph_has_no_findings() -> None:
    drawn = graph(
        node("a", continue_on_error=True),
        node("b", value="{{ a.x }} {{ trigger.y }} {{ run.id }} {{ vault.key }}"),
        node("c"),
        "start -> a",
        "a -> b",
        "a:error -> c",
        "b -> c",
    )
    findings = check_graph(Graph.from_json(drawn))
    assert (findings.errors, findings.warnings) == ((), ())


API = {"nodes": [{"id": "start", "type": "api_trigger", "config": {}}], "edges": []}
RULE = {"kind": "boolean", "left": "{{ item }}", "operator": "is_true"}
CALL = {"workflow": "0198c9a4-7d2e-7c41-9f0b-3a5d6e7f8091"}


def called(*parts: dict[str, Any] | str) -> dict[str, Any]:
    """A graph with an api_trigger."""
    return {**graph(*parts), "nodes": [*API["nodes"], *graph(*parts)["nodes"][1:]]}


def loop(*body: dict[str, Any]) -> dict[str, Any]:
    """A graph that answers, with these nodes in an iterator."""
    edges = [f"each:item -> {part['id']}" for part in body]
    nodes = [node("each", "iterator", items=[1]), node("answer", "respond"), *body]
    return called(*nodes, "start -> each", "each -> answer", *edges)


ANSWERS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "respond": (called(node("a", "respond"), "start -> a"), []),
    "respond to nobody": (
        graph(node("a", "respond"), "start -> a"),
        [("needs_api_trigger", "a")],
    ),
    "a delay before the answer": (
        called(node("a", "delay", duration=1), node("b", "respond"), "start -> a", "a -> b"),
        [("delay_before_answer", "a")],
    ),
    "a delay after the answer": (
        called(node("a", "respond"), node("b", "delay", duration=1), "start -> a", "a -> b"),
        [("delay_before_answer", "b")],
    ),
    "an iterator over pure nodes": (
        loop(node("a", "array_filter", items="{{ item }}", rules=[RULE])),
        [],
    ),
    "an iterator over an HTTP request": (
        loop(node("a", "http_request", url="https://example.com")),
        [("effect_before_answer", "a")],
    ),
    "an iterator over a call": (
        loop(node("a", "trigger_workflow", **CALL)),
        [("effect_before_answer", "a")],
    ),
    "a delay in an iterator": (
        loop(node("a", "delay", duration=1)),
        [("delay_before_answer", "a")],
    ),
    "an iterator in an iterator over an e-mail": (
        {
            **(
                inner := loop(
                    node("inner", "iterator", items=[1]),
                )
            ),
            "nodes": [*inner["nodes"], node("a", "send_email", to="a@example.com", text="Hi")],
            "edges": [*inner["edges"], {"source": "inner", "port": "item", "target": "a"}],
        },
        [("effect_before_answer", "a")],
    ),
    "an effect outside of the iterator": (
        called(
            node("a", "http_request", url="https://example.com"),
            node("b", "respond"),
            "start -> a",
            "a -> b",
        ),
        [],
    ),
    "a delay where nobody waits": (graph(node("a", "delay", duration=1), "start -> a"), []),
}


@pytest.mark.parametrize(("drawn", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_nothing_holds_up_an_answer(drawn: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    errors = check_graph(Graph.from_json(drawn)).errors
    assert [(problem.code, problem.node) for problem in errors] == expected
    assert all(problem.field == "type" for problem in errors)


def test_an_api_trigger_without_an_answer_is_warned_of() -> None:
    findings = check_graph(Graph.from_json(called(node("a"), "start -> a")))
    assert not findings.errors
    assert [(warning.code, warning.node) for warning in findings.warnings] == [
        ("no_answer", "start")
    ]
