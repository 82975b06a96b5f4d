"""Names in templates: what is broken is found at its field, what is sound raises no alarm."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.workflows.broken_templates import BROKEN, Broken, broken_graph
from tests.workflows.random_references import Drawing, Reference
from workflows.graph import Graph
from workflows.validation import Findings, check_graph, check_node

MUTATIONS = (
    Drawing.without_a_node,
    Drawing.with_another_id,
    Drawing.without_an_edge,
    Drawing.with_a_moved_edge,
)
CODES = {"unknown_variable", "outside_iterator", "may_be_missing"}
SOUND = (
    "{{ order.body.id | default: paid.body.id }}",
    "{% assign item = order.body %}{{ item.id }}",
    "{% for index in order.body.lines %}{{ index }}{{ forloop.index }}{% endfor %}",
    "{% tablerow row in order.body %}{{ row }}{{ tablerowloop.col }}{% endtablerow %}",
    "{% capture nobody %}x{% endcapture %}{{ nobody }}",
    "{% increment loop %}{% decrement usr %}{{ usr }}",
    "{% raw %}{{ nobody }}{% endraw %}{% comment %}{{ nobody }}{% endcomment %}",
    "{{ 'nobody' | append: \"{ nobody\" }}",
    "{% cycle 'a', 'b' %}{% if paid == nil %}{% endif %}{{ now }}{{ today }}",
    "{{ order.item }}{{ order['nobody'] }}{{ run.id }}{{ workflow.name }}{{ vault.any_name }}",
    "{% liquid\n assign total = 1\n echo total\n # {{ nobody }}\n%}",
    "{% for line in order.body.lines limit: 2 offset: 1 reversed %}{{ line.text }}{% endfor %}",
)


@pytest.fixture(scope="module")
def broken() -> Graph:
    return Graph.from_json(broken_graph())


@pytest.fixture(scope="module")
def findings(broken: Graph) -> Findings:
    return check_graph(broken)


def test_there_are_enough_of_them() -> None:
    assert len({each.name for each in BROKEN}) == len(BROKEN) >= 30


@pytest.mark.parametrize("each", [e for e in BROKEN if e.level != "hint"], ids=lambda e: e.name)
def test_a_broken_template_is_found_at_its_field(each: Broken, findings: Findings) -> None:
    found = findings.errors if each.level == "error" else findings.warnings
    told = [(p.field, p.message) for p in found if p.node == each.name]
    assert [field for field, _ in told] == [each.field]
    assert each.part in told[0][1]


def test_one_node_is_told_the_same_as_the_whole_graph(broken: Graph, findings: Findings) -> None:
    for each in BROKEN:
        alone = check_node(broken, each.name)
        whole = [p for p in (*findings.errors, *findings.warnings) if p.node == each.name]
        assert [*alone.errors, *alone.warnings] == whole


def test_the_nodes_around_are_sound(findings: Findings) -> None:
    broken = {each.name for each in BROKEN}
    assert {p.node for p in (*findings.errors, *findings.warnings)} <= broken


@pytest.mark.parametrize("template", SOUND)
def test_names_that_liquid_makes_itself_raise_no_alarm(template: str) -> None:
    drawn = broken_graph()
    drawn["nodes"] = [
        {**node, "config": {"template": template}} if node["id"] == "last" else node
        for node in drawn["nodes"]
    ]
    assert not check_node(Graph.from_json(drawn), "last").warnings


def test_a_filter_knows_its_item() -> None:
    drawn = broken_graph()
    rules = [{"kind": "string", "left": "{{ item.a }} {{ itm }}", "operator": "is_empty"}]
    config = {"items": "{{ order.body }}", "rules": rules}
    drawn["nodes"].append({"id": "some", "type": "array_filter", "config": config})
    drawn["edges"].append({"source": "join", "port": "default", "target": "some"})
    told = check_node(Graph.from_json(drawn), "some").warnings
    assert [(p.field, p.code) for p in told] == [("config.rules[0].left", "unknown_variable")]


# ---------------------------------------------------------------- mutations


def told(drawing: Drawing) -> set[Reference]:
    findings = check_graph(drawing.graph)
    return {
        Reference(p.node, p.field, p.message.split("'")[1], p.code)
        for p in findings.warnings
        if p.code in CODES
    }


@pytest.mark.parametrize("first", range(0, 100, 20))
def test_dangling_references_are_found(first: int) -> None:
    """A random workflow with sound references raises no alarm. Then nodes are deleted, given other
    ids, edges taken away and moved: just what is no longer sound is found, where it stands."""
    codes: Counter[str] = Counter()
    for seed in range(first, first + 20):
        random = Random(seed)
        drawing = Drawing.random(random)
        assert told(drawing) == drawing.dangling() == set(), drawing
        for change in MUTATIONS * 2:
            changed = change(drawing, random)
            wanted = changed.dangling()
            assert told(changed) == wanted, changed
            codes.update(found.code for found in wanted)
    assert codes["unknown_variable"] > 20 and codes["may_be_missing"] > 2
