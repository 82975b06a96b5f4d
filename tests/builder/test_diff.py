"""What differs between two graphs: a table of changes and what is said about each."""

from __future__ import annotations

from typing import Any

import pytest

from builder.comparison import together
from builder.diff import FieldChange, GraphDiff, compare
from builder.drawing import draw
from workflows.graph import Graph

TEXT = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight"


def node(node_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"id": node_id, "type": "text_transform", "config": {"template": "Hi"}, **more}


def graph(*nodes: dict[str, Any], edges: str = "") -> dict[str, Any]:
    """`edges`: "a>b a:true>c"."""
    found = []
    for text in edges.split():
        source, target = text.split(">")
        source, _, port = source.partition(":")
        found.append({"source": source, "port": port or "default", "target": target})
    return {"nodes": list(nodes), "edges": found}


def told(diff: GraphDiff) -> list[str]:
    """The whole diff in short lines."""
    lines = []
    for each in diff.nodes:
        lines.append(f"{each.mark} {each.id}")
        lines += [f"  {field.path}: {field.old} > {field.new}" for field in each.fields]
    lines += [f"+ {source}:{port}>{target}" for source, port, target in diff.added_edges]
    return lines + [f"- {source}:{port}>{target}" for source, port, target in diff.removed_edges]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(graph(), graph(), [], id="empty"),
        pytest.param(graph(node()), graph(node()), [], id="same"),
        pytest.param(
            graph(node(position={"x": 1, "y": 2})),
            graph(node(position={"x": 300, "y": 2})),
            [],
            id="moved only",
        ),
        pytest.param(
            graph(node()),
            graph(
                node(
                    name="",
                    continue_on_error=False,
                    retry=None,
                    on_interrupt=None,
                    notes="",
                    position={"x": 0, "y": 0},
                )
            ),
            [],
            id="defaults written out",
        ),
        pytest.param(
            graph(node(retry={"max_attempts": 3})),
            graph(
                node(
                    retry={
                        "max_attempts": 3,
                        "wait_seconds": 1.0,
                        "backoff": "fixed",
                        "max_wait_seconds": 300,
                    }
                )
            ),
            [],
            id="defaults of retry written out",
        ),
        pytest.param(
            graph(node("a"), node("b")), graph(node("b"), node("a")), [], id="another order"
        ),
        pytest.param(graph(), graph(node()), ["added a"], id="added"),
        pytest.param(graph(node()), graph(), ["removed a"], id="removed"),
        pytest.param(
            graph(node("a"), node("b"), edges="a>b"),
            graph(node("a"), node("c"), edges="a>c"),
            ["added c", "removed b", "+ a:default>c", "- a:default>b"],
            id="replaced",
        ),
        pytest.param(
            graph(node()),
            graph(node(name="Greet")),
            ["changed a", "  name:  > Greet"],
            id="name",
        ),
        pytest.param(
            graph(node()),
            graph(node(type="generate", config={"kind": "uuid"})),
            [
                "changed a",
                "  type: text_transform > generate",
                "  config.template: Hi > None",
                "  config.kind: None > uuid",
            ],
            id="another type",
        ),
        pytest.param(
            graph(node(config={"n": 1, "on": True})),
            graph(node(config={"n": 1.0, "on": 1})),
            ["changed a", "  config.on: true > 1"],
            id="1 and 1.0 are the same, true and 1 are not",
        ),
        pytest.param(
            graph(node(config={"rules": [{"left": "x"}, {"left": "y"}]})),
            graph(node(config={"rules": [{"left": "x"}, {"left": "z"}]})),
            ["changed a", "  config.rules[1].left: y > z"],
            id="deep in a list",
        ),
        pytest.param(
            graph(node(config={"to": ["a"]})),
            graph(node(config={"to": ["a", "b"]})),
            ["changed a", '  config.to: [\n  "a"\n] > [\n  "a",\n  "b"\n]'],
            id="a longer list",
        ),
        pytest.param(
            graph(node(retry=None)),
            graph(node(retry={"max_attempts": 2})),
            [
                "changed a",
                '  retry: null > {\n  "max_attempts": 2,\n  "wait_seconds": 1,\n'
                '  "backoff": "fixed",\n  "max_wait_seconds": 300\n}',
            ],
            id="retry switched on",
        ),
        pytest.param(
            graph(node("a"), node("b"), edges="a>b"),
            graph(node("a"), node("b"), edges="a:error>b"),
            ["+ a:error>b", "- a:default>b"],
            id="another port",
        ),
    ],
)
def test_what_differs(old: Any, new: Any, expected: list[str]) -> None:
    diff = compare(old, new)
    assert told(diff) == expected
    assert diff.is_empty == (not expected)


def test_the_other_way_round_everything_is_opposite() -> None:
    old, new = graph(node("a"), node("b")), graph(node("b", name="B"), node("c"))
    there, back = compare(old, new), compare(new, old)
    assert (there.added, there.removed, there.changed) == (1, 1, 1)
    assert {each.id: each.mark for each in back.nodes} == {
        "a": "added",
        "b": "changed",
        "c": "removed",
    }


def lines_of(old: str, new: str) -> list[str]:
    before, after = graph(node(notes=old)), graph(node(notes=new))
    (field,) = compare(before, after).nodes[0].fields
    return [f"{line.mark}:{line.text}" for line in field.lines]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("short", "other", [], id="short values need no lines"),
        pytest.param(
            TEXT,
            TEXT.replace("four", "4"),
            [
                "cut:", ":two", ":three", "removed:four", "added:4", ":five", ":six", "cut:"
            ],
            id="with the lines around",
        ),
        pytest.param("a\nb", "", ["removed:a", "removed:b"], id="emptied"),
        pytest.param("x" * 61, "y", [f"removed:{'x' * 61}", "added:y"], id="one long line"),
        pytest.param(
            "a\n" * 3_000,
            "b\n" * 2_500,
            ["removed:3,000 lines", "added:2,500 lines"],
            id="too long to be compared",
        ),
    ],
)  # fmt: skip
def test_long_texts_are_compared_line_by_line(old: str, new: str, expected: list[str]) -> None:
    assert lines_of(old, new) == expected


def test_a_field_that_is_new_or_gone_is_told_from_an_empty_one() -> None:
    before, after = graph(node(config={})), graph(node(config={"template": ""}))
    assert compare(before, after).nodes[0].fields == (FieldChange("config.template", None, ""),)


# ---------------------------------------------------------------- in one picture


def at(name: str, x: float, y: float) -> dict[str, Any]:
    return node(name, position={"x": x, "y": y})


def drawn(old: Any, new: Any) -> Any:
    before, after = Graph.from_json(old), Graph.from_json(new)
    comparison = together(before, after, compare(old, new))
    return draw(comparison.graph, marks=comparison.marks)


def test_both_are_drawn_in_one_picture_with_marks() -> None:
    old = graph(node("a"), node("b"), node("c"), edges="a>b b>c")
    new = graph(node("a", name="A"), node("c"), node("d"), edges="a>c c>d")
    picture = drawn(old, new)
    assert {card.id: card.mark for card in picture.cards} == {
        "a": "changed",
        "b": "removed",
        "c": "",
        "d": "added",
    }
    assert [line.mark for line in picture.lines] == ["added", "added", "removed", "removed"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            graph(at("a", 0, 0), at("b", 300, 0)),
            graph(at("a", 0, 0), at("c", 310, 20), at("d", 300, 90)),
            id="where it stood is something else now",
        ),
        pytest.param(
            graph(node("a"), node("b"), edges="a>b"),
            graph(at("a", 0, 0), at("c", 300, 0)),
            id="the old one was never placed",
        ),
        pytest.param(
            graph(at("a", 0, 0), at("b", 300, 0), at("x", 300, 0)),
            graph(node("a"), node("c"), edges="a>c"),
            id="the new one was never placed",
        ),
        pytest.param(
            graph(at("a", 0, 0), at("b", 300, 90)),
            graph(
                at("a", 0, 0),
                {
                    "id": "c",
                    "type": "switch",
                    "position": {"x": 300, "y": 0},
                    "config": {"cases": [{"port": f"p{n}"} for n in range(6)]},
                },
            ),
            id="below a tall card",
        ),
        pytest.param(
            graph(at("a", 0, 0), at("b", 300, 0), at("c", 300, 10)),
            graph(at("a", 0, 0), at("d", 300, 5)),
            id="two are gone",
        ),
    ],
)
def test_no_card_covers_another(old: Any, new: Any) -> None:
    cards = drawn(old, new).cards
    for place, one in enumerate(cards):
        for other in cards[place + 1 :]:
            apart_x = abs(one.x - other.x) >= one.width
            apart_y = one.y + one.height <= other.y or other.y + other.height <= one.y
            assert apart_x or apart_y, (one.id, other.id)


def test_a_circle_that_only_the_two_together_have_is_drawn() -> None:
    old, new = graph(node("a"), node("b"), edges="a>b"), graph(node("a"), node("b"), edges="b>a")
    assert [line.mark for line in drawn(old, new).lines] == ["added", "removed"]
