"""What the templates of a node can see, and with which values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from builder.checking import check_settings, preview, trial_context
from builder.outline import ITEMS, KEYS, outline
from builder.samples import pin_sample
from builder.variables import Source, context_of, sources_for
from tests.runs.driver import graph, node, run
from tests.runs.records import NOON, run_of, step_of
from workflows.graph import Graph
from workflows.models import Workflow
from workflows.vault import set_secret

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

DRAWN = graph(
    node("ask", "boolean_condition", value="{{ trigger.ok }}"),
    node("yes", "http_request", url="https://a.example"),
    node("no", "text_transform", template="no"),
    node("meet", "text_transform", template="meet"),
    node("each", "iterator", items="{{ trigger.rows }}"),
    node("inner", "iterator", items="{{ item.cells }}"),
    node("leaf", "text_transform", template="{{ item }} {{ loop.parent.index }}"),
    node("after", "array_filter", items="{{ each.items }}", rules=[]),
    "start -> ask",
    "ask:true -> yes",
    "ask:false -> no",
    "yes -> meet",
    "no -> meet",
    "meet -> each",
    "each:item -> inner",
    "inner:item -> leaf",
    "each -> after",
)
ROWS = {"ok": True, "rows": [{"cells": ["a", "b"]}, {"cells": []}]}


def workflow_of(drawn: Any = DRAWN) -> Workflow:
    workflow = Workflow.objects.create(
        name="Drawn", draft=drawn, webhook_hash="a", webhook_token="b"
    )
    workflow.published = workflow.versions.create(number=1, graph=drawn)
    workflow.save()
    return workflow


def sources(workflow: Workflow, node_id: str, **more: Any) -> dict[str, Source]:
    found = sources_for(workflow, Graph.from_json(workflow.draft), node_id, **more)
    return {each.root: each for each in found}


def test_behind_the_port_error_a_node_has_what_a_failure_puts_out() -> None:
    drawn = graph(
        node("call", "http_request", url="https://a.example"),
        *(node(each, "text_transform", template="x") for each in ("well", "tell", "both")),
        "start -> call",
        "call -> well",
        "call:error -> tell",
        "well -> both",
        "tell -> both",
    )
    workflow = workflow_of(drawn)
    known = {name: sources(workflow, name)["call"].value for name in ("well", "tell", "both")}
    assert set(known["tell"]) == {"error", "message", "code"}
    assert known["well"] == known["both"] and known["well"]["status"] == 201
    pin_sample(workflow=workflow, node_id="call", output={"mine": 1})
    assert sources(workflow, "tell")["call"].value == {"mine": 1}


@pytest.mark.parametrize(
    ("node_id", "roots", "missing"),
    [
        ("ask", "trigger start run workflow", ""),
        ("meet", "trigger start ask yes no run workflow", "yes no"),
        ("each", "trigger start ask yes no meet run workflow", "yes no"),
        ("inner", "trigger start ask yes no meet item index loop run workflow", "yes no"),
        ("after", "trigger start ask yes no meet each item run workflow", "yes no"),
        ("start", "trigger run workflow", ""),
    ],
)
def test_what_comes_before(node_id: str, roots: str, missing: str) -> None:
    found = sources(workflow_of(), node_id)
    assert list(found) == roots.split()
    assert [each.root for each in found.values() if each.warning] == missing.split()


def test_values_are_of_a_sample_then_a_run_then_an_example() -> None:
    workflow = workflow_of()
    found = sources(workflow, "each")
    assert (found["yes"].origin, found["yes"].value["status"]) == ("example", 201)
    old = run_of(workflow)
    step_of(old, "yes", node_type="http_request", output={"status": 500})
    new = run_of(workflow, at=NOON + timedelta(minutes=1))
    step_of(new, "yes", node_type="http_request", output={"status": 204})
    step_of(new, "no", "failed", node_type="text_transform")
    step_of(new, "meet", node_type="json_parser", output={"of": "another type"})
    found = sources(workflow, "each")
    assert (found["yes"].origin, found["yes"].value, found["yes"].run) == (
        "run",
        {"status": 204},
        new.pk,
    )
    assert found["no"].origin == found["meet"].origin == "example"
    pin_sample(workflow=workflow, node_id="yes", output=[1])
    pin_sample(workflow=workflow, node_id="start", output={"a": 1})
    found = sources(workflow, "each")
    assert (found["yes"].origin, found["yes"].value) == ("pinned", [1])
    assert found["trigger"].value == found["start"].value == {"a": 1}


def test_the_sample_payload_of_a_manual_trigger_is_known() -> None:
    drawn = graph(node("a", "text_transform", template="x"), "start -> a")
    drawn["nodes"][0] = {**drawn["nodes"][0], "config": {"sample": {"n": 1}}}
    found = sources(workflow_of(drawn), "a")
    assert (found["trigger"].origin, found["trigger"].value) == ("sample", {"n": 1})


def test_items_of_loops_are_those_of_the_known_lists() -> None:
    workflow = workflow_of()
    pin_sample(workflow=workflow, node_id="start", output=ROWS)
    assert sources(workflow, "inner")["item"].value == {"cells": ["a", "b"]}
    found = sources(workflow, "leaf", roots={"item", "loop"})
    assert found["item"].value == "a"
    assert found["loop"].value["length"] == 2
    assert found["loop"].value["parent"]["length"] == 2
    pin_sample(workflow=workflow, node_id="start", output={"rows": "no list"})
    assert sources(workflow, "leaf")["item"].origin == ""


def test_of_iterations_the_first_counts() -> None:
    drawn = graph(
        node("each", "iterator", items=[1, 2, 3]),
        node("a", value="{{ item }}"),
        node("b", value="{{ a }}"),
        "start -> each",
        "each:item -> a",
        "a -> b",
    )
    ran = run(drawn)
    found = sources_for(ran.workflow, Graph.from_json(drawn), "b")
    assert {each.root: each.value for each in found}["a"] == 1


def test_secrets_have_names_only() -> None:
    set_secret(name="token", value="value of it")
    found = sources(workflow_of(), "meet")
    assert found["vault.token"].value is None
    assert context_of(list(found.values()))["vault"] == {"token": ""}


def test_the_number_of_queries_does_not_grow_with_the_nodes() -> None:
    def queries(count: int) -> int:
        names = [f"n{n}" for n in range(count)]
        drawn = graph(
            *(node(name, "text_transform", template="x") for name in names),
            *(f"{a} -> {b}" for a, b in zip(["start", *names], names, strict=False)),
        )
        workflow = Workflow.objects.create(
            name="n", draft=drawn, webhook_hash=str(count), webhook_token="b"
        )
        with CaptureQueriesContext(
            connection,
        ) as captured:
            sources_for(workflow, Graph.from_json(drawn), names[-1])
        return len(captured)

    assert queries(3) == queries(60) <= 6


# ---------------------------------------------------------------- previews, hints, trials


@pytest.fixture
def ordered() -> Workflow:
    set_secret(name="token", value="value of it")
    drawn = graph(
        node("say", "text_transform", template="{{ start.user.nam }} {{ start.a | default: 1 }}"),
        node("late", "http_request", url="https://{{ vault.tokn }}/{{ say.text }}"),
        "start -> say",
        "say -> late",
    )
    workflow = workflow_of(drawn)
    pin_sample(workflow=workflow, node_id="start", output={"user": {"name": "Ada"}, "n": 2.5})
    return workflow


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("{{ start.user.name }}", "text", "Ada"),
        ("{{ start.n }}", "number", "2.5"),
        ("{{ start.user }}", "object", '{\n  "name": "Ada"\n}'),
        ("{{ trigger.user.name | upcase }}!", "text", "ADA!"),
        ("{{ start.nothing }}", "nothing", "null"),
        ({"a": ["{{ start.n }}"]}, "object", '{\n  "a": [\n    2.5\n  ]\n}'),
        ("{{ vault.token | size }}", "text", "•••"),
        ("Bearer {{ vault.token }}", "text", "Bearer •••"),
    ],
)
def test_a_preview_is_the_value_with_its_kind(
    ordered: Workflow, value: Any, kind: str, text: str
) -> None:
    made = preview(ordered, Graph.from_json(ordered.draft), "late", value)
    assert (made["kind"], made["text"]) == (kind, text)


def test_a_preview_says_what_went_wrong_within_the_limits(ordered: Workflow) -> None:
    drawn = Graph.from_json(ordered.draft)
    assert "no filter" in preview(ordered, drawn, "late", "{{ start | nope }}")["error"]
    endless = "{% for a in (1..10000) %}{% for b in (1..10000) %}x{% endfor %}{% endfor %}"
    assert "20,000" in preview(ordered, drawn, "late", endless)["error"]
    made = preview(ordered, drawn, "late", "<b>{{ start.user.name }}</b>", is_html=True)
    assert made["text"] == "<b>Ada</b>"


def test_a_preview_tells_of_unknown_names_while_other_settings_are_wrong(ordered: Workflow) -> None:
    draft = ordered.draft
    told = preview(ordered, Graph.from_json(draft), "late", "{{ ghost.x }}")["warnings"]
    assert not told, "check_settings says it"
    nodes = [node | {"config": {}} if node["id"] == "late" else node for node in draft["nodes"]]
    bare = Graph.from_json(draft | {"nodes": nodes})
    assert "ghost" in preview(ordered, bare, "late", "{{ ghost.x }}")["warnings"][0]


def test_what_the_known_data_has_not_is_a_hint(ordered: Workflow) -> None:
    drawn = Graph.from_json(ordered.draft)
    found = check_settings(ordered, drawn, "say")
    assert not found.findings.errors and not found.findings.warnings
    assert [(p.code, p.field) for p in found.hints] == [("unknown_path", "config.template")]
    assert "did you mean start.user.name?" in found.hints[0].message
    (hint,) = check_settings(ordered, drawn, "late").hints
    assert hint.code == "unknown_secret" and "'vault.token'" in hint.message


def test_a_node_is_tried_with_what_it_reads(ordered: Workflow) -> None:
    drawn = Graph.from_json(ordered.draft)
    made = trial_context(ordered, drawn, "say")
    assert made == {"context": {"start": {"user": {"name": "Ada"}, "n": 2.5}}, "missing": []}
    assert trial_context(ordered, drawn, "start")["context"] == {
        "trigger": {"user": {"name": "Ada"}, "n": 2.5}
    }


# ---------------------------------------------------------------- outlines


def test_an_outline_has_kinds_and_what_fits() -> None:
    made = outline({"a": [1, None, True], "b": "x" * 500})
    assert made["kind"] == "object" and made["count"] == 2
    assert made["children"][0] == [
        "a",
        {
            "kind": "list",
            "count": 3,
            "children": [
                [0, {"kind": "number", "text": "1"}],
                [1, {"kind": "nothing", "text": "null"}],
                [2, {"kind": "yes or no", "text": "true"}],
            ],
        },
    ]
    assert made["children"][1][1]["cut"] and len(made["children"][1][1]["text"]) == 200


@pytest.mark.parametrize(
    ("value", "shown"),
    [([0] * 1000, ITEMS), ({str(n): n for n in range(1000)}, KEYS)],
    ids=["a list", "an object"],
)
def test_an_outline_is_cut(value: Any, shown: int) -> None:
    made = outline(value)
    assert (made["count"], len(made["children"]), made["cut"]) == (1000, shown, True)


def test_an_outline_of_anything_is_small() -> None:
    wide: Any = "x"
    for _ in range(30):
        wide = {str(n): wide for n in range(40)}
    assert len(str(outline(wide))) < 300_000
