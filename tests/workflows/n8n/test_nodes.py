"""Single nodes of n8n: what they become, what is said, and when they become a placeholder."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.n8n.test_expressions import node
from tests.workflows.templating.render import render
from workflows.graph import Graph
from workflows.n8n import convert
from workflows.n8n.names import ids_for
from workflows.validation import check_graph

HOOK = node("Hook", "webhook", {"httpMethod": "POST", "path": "x"}, 2)


def link(*targets: str) -> dict[str, Any]:
    return {"main": [[{"node": name, "type": "main", "index": 0}] for name in targets]}


def converted(made: dict[str, Any], **settings: Any) -> tuple[dict[str, Any], list[str]]:
    """The node behind a webhook, or as the trigger, and its notes."""
    is_trigger = made["type"].rsplit(".")[-1] in (
        *("scheduleTrigger", "cron", "interval", "webhook", "executeWorkflowTrigger"),
    )
    document = {
        "nodes": [made] if is_trigger else [HOOK, made],
        "connections": {} if is_trigger else {"Hook": link(made["name"])},
        "settings": settings,
    }
    found = convert(document)
    notes = [note.message for note in found.notes if note.node != "hook"]
    return found.graph["nodes"][-1], notes


# ---------------------------------------------------------------- triggers


def every(**rule: Any) -> dict[str, Any]:
    return node("S", "scheduleTrigger", {"rule": {"interval": [rule]}}, 1.2)


def at(**time: Any) -> dict[str, Any]:
    return node("S", "cron", {"triggerTimes": {"item": [time]}}, 1)


SCHEDULES = {
    "seconds": (every(field="seconds"), "interval", "30 seconds"),
    "minutes": (every(field="minutes", minutesInterval=10), "interval", "10 minutes"),
    "each hour": (every(field="hours", triggerAtMinute=5), "cron", "5 * * * *"),
    "hours": (every(field="hours", hoursInterval=6), "cron", "0 */6 * * *"),
    "days": (every(), "daily", "00:00"),
    "some days": (every(field="days", daysInterval=3, triggerAtHour=7), "cron", "0 7 */3 * *"),
    "week": (every(field="weeks", triggerAtDay=[1], triggerAtHour=9), "weekly", "mon 09:00"),
    "weekdays": (every(field="weeks", triggerAtDay=[1, 3]), "cron", "0 0 * * 1,3"),
    "month": (every(field="months", triggerAtDayOfMonth=2), "monthly", "2 00:00"),
    "31st": (every(field="months", triggerAtDayOfMonth=31), "cron", "0 0 31 * *"),
    "cron": (every(field="cronExpression", expression="0 9 * * 1-5"), "cron", "0 9 * * 1-5"),
    "six parts": (every(field="cronExpression", expression="0 0 9 * * 1"), "cron", "0 9 * * 1"),
    "old minute": (at(mode="everyMinute"), "cron", "* * * * *"),
    "old hour": (at(mode="everyHour", minute=15), "cron", "15 * * * *"),
    "old day": (at(), "daily", "14:00"),
    "old week": (at(mode="everyWeek", weekday="0", hour=8), "weekly", "sun 08:00"),
    "old month": (at(mode="everyMonth", dayOfMonth=3, hour=8), "monthly", "3 08:00"),
    "old x": (at(mode="everyX", value=2, unit="hours"), "interval", "2 hours"),
    "old custom": (at(mode="custom", cronExpression="0 1 * * *"), "cron", "0 1 * * *"),
    "old interval": (
        node("S", "interval", {"interval": 5, "unit": "minutes"}),
        "interval",
        "5 minutes",
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name: str) -> None:
    made, kind, value = SCHEDULES[name]
    found, notes = converted(made, timezone="Europe/Oslo")
    assert found["type"] == "schedule_trigger"
    assert found["config"] == {"kind": kind, "value": value, "timezone": "Europe/Oslo"}
    assert notes == []
    told = converted(made)[1]
    assert [("UTC" in note) for note in told] == ([] if kind == "interval" else [True])


REFUSED = {
    "two rules": (
        node("S", "scheduleTrigger", {"rule": {"interval": [{}, {}]}}),
        "has one rule",
    ),
    "every second week": (every(field="weeks", weeksInterval=2), "every 2 weeks"),
    "seconds in cron": (every(field="cronExpression", expression="5 * * * * *"), "no seconds"),
    "HEAD": (node("H", "webhook", {"httpMethod": "HEAD"}), "does not take HEAD"),
    "OPTIONS": (node("R", "httpRequest", {"method": "OPTIONS"}, 4), "does not send OPTIONS"),
    "a file": (
        node("R", "httpRequest", {"sendBody": True, "contentType": "binaryData"}, 4),
        "binaryData has no match",
    ),
    "an answer as file": (
        node(
            "R",
            "httpRequest",
            {"options": {"response": {"response": {"responseFormat": "file"}}}},
            4,
        ),
        "a file",
    ),
    "no condition": (node("I", "if", {}, 2), "it has no condition"),
    "not in a group": (
        node(
            "I",
            "if",
            {
                "conditions": {
                    "conditions": [
                        {
                            "leftValue": "a",
                            "rightValue": "b",
                            "operator": {"type": "string", "operation": op},
                        }
                        for op in ("equals", "notRegex")
                    ]
                }
            },
            2,
        ),
        "says not",
    ),
    "flags": (
        node(
            "I",
            "if",
            {"conditions": {"string": [{"value1": "a", "operation": "regex", "value2": "/a/s"}]}},
            1,
        ),
        "flags s",
    ),
    "all outputs": (
        node(
            "S", "switch", {"rules": {"values": [{}]}, "options": {"allMatchingOutputs": True}}, 3
        ),
        "all outputs",
    ),
    "selected fields": (
        node("F", "set", {"includeOtherFields": True, "include": "selected"}, 3.4),
        "selected fields",
    ),
    "no field": (node("F", "set", {"assignments": {"assignments": []}}, 3.4), "it sets no field"),
    "computed name": (
        node(
            "F", "set", {"assignments": {"assignments": [{"name": "={{ 1 }}", "value": "x"}]}}, 3.4
        ),
        "is computed",
    ),
    "a date to wait for": (node("W", "wait", {"resume": "specificTime"}, 1.1), "specificTime"),
    "a workflow from a file": (node("E", "executeWorkflow", {"source": "localFile"}), "localFile"),
    "a computed workflow": (
        node("E", "executeWorkflow", {"workflowId": "={{ $json.id }}"}),
        "computed",
    ),
    "an answer": (node("A", "respondToWebhook", {}), "answers 202"),
    "a merge": (node("M", "merge", {"mode": "combineBySql"}, 3), "combineBySql"),
    "another package": (
        {"name": "X", "type": "@acme/n8n-nodes-thing.doIt", "parameters": {}},
        "no match here",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_placeholders(name: str) -> None:
    made, reason = REFUSED[name]
    found, notes = converted(made)
    assert found["type"].startswith("n8n.")
    assert len(found["type"]) <= 40
    assert found["config"] == {"original": made}
    assert any(reason in note for note in notes)


# ---------------------------------------------------------------- HTTP requests


def request(version: float = 4.2, **parameters: Any) -> dict[str, Any]:
    return node("R", "httpRequest", {"url": "https://a.example/", **parameters}, version)


BASE = {
    "method": "GET",
    "url": "https://a.example/",
    "timeout_seconds": 300,
    "expected_status": "200-299",
}
REQUESTS = {
    "plain": (request(), {}),
    "raw": (
        request(
            method="POST", sendBody=True, contentType="raw", rawContentType="text/csv", body="a,b"
        ),
        {
            "method": "POST",
            "body_type": "text",
            "body": "a,b",
            "headers": [{"name": "Content-Type", "value": "text/csv"}],
        },
    ),
    "form": (
        request(
            method="PUT",
            sendBody=True,
            contentType="form-urlencoded",
            bodyParameters={"parameters": [{"name": "a", "value": "={{ $json.body.a }}"}]},
        ),
        {"method": "PUT", "body_type": "form", "body": {"a": "{{ trigger.body.a }}"}},
    ),
    "query and headers as JSON": (
        request(
            sendQuery=True,
            specifyQuery="json",
            jsonQuery='={"q": {{ $json.body.q }}}',
            sendHeaders=True,
            specifyHeaders="json",
            jsonHeaders='{"X-A": "b"}',
        ),
        {
            "query": [{"name": "q", "value": "{{ trigger.body.q }}"}],
            "headers": [{"name": "X-A", "value": "b"}],
        },
    ),
    "not sent": (
        request(sendQuery=False, queryParameters={"parameters": [{"name": "q", "value": "1"}]}),
        {},
    ),
    "options": (
        request(
            options={
                "timeout": 1500,
                "redirect": {"redirect": {"followRedirects": False}},
                "response": {"response": {"neverError": True}},
            }
        ),
        {"timeout_seconds": 1.5, "follow_redirects": False, "expected_status": "100-599"},
    ),
    "old parameters": (
        request(
            1,
            requestMethod="POST",
            queryParametersUi={"parameter": [{"name": "q", "value": "1"}]},
            headerParametersUi={"parameter": [{"name": "X-A", "value": "b"}]},
            bodyParametersUi={"parameter": [{"name": "c", "value": "d"}]},
            options={"followRedirect": False, "timeout": 2000},
        ),
        {
            "method": "POST",
            "query": [{"name": "q", "value": "1"}],
            "headers": [{"name": "X-A", "value": "b"}],
            "body_type": "json",
            "body": {"c": "d"},
            "follow_redirects": False,
            "timeout_seconds": 2,
            "expected_status": "200-399",
        },
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_http_requests(name: str) -> None:
    made, config = REQUESTS[name]
    found, notes = converted(made)
    assert (found["type"], found["config"]) == ("http_request", BASE | config)
    assert notes == []


# ---------------------------------------------------------------- conditions


def new(kind: str, operation: str, right: Any = "r") -> dict[str, Any]:
    row = {
        "leftValue": "l",
        "rightValue": right,
        "operator": {"type": kind, "operation": operation},
    }
    return node("I", "if", {"conditions": {"conditions": [row], "combinator": "and"}}, 2)


CONDITIONS = [
    (
        "string",
        "notContains",
        "r",
        "string_condition",
        {"operator": "not_contains", "right": "r"},
        0,
    ),
    ("string", "notEndsWith", "r", "string_condition", {"operator": "ends_with", "right": "r"}, 1),
    (
        "string",
        "notRegex",
        "/r/i",
        "string_condition",
        {"operator": "matches", "right": "r", "case_sensitive": False},
        1,
    ),
    ("string", "empty", "", "string_condition", {"operator": "is_empty"}, 0),
    ("number", "lte", 5, "number_condition", {"operator": "less_or_equal", "right": 5}, 0),
    (
        "dateTime",
        "afterOrEquals",
        "2026-01-01",
        "date_condition",
        {"operator": "before", "right": "2026-01-01"},
        1,
    ),
    (
        "dateTime",
        "equals",
        "2026-01-01",
        "date_condition",
        {"operator": "between", "right": "2026-01-01", "right2": "2026-01-01"},
        0,
    ),
    ("boolean", "notEquals", True, "boolean_condition", {"operator": "is_false"}, 0),
    ("boolean", "false", "", "boolean_condition", {"operator": "is_false"}, 0),
    ("array", "lengthGte", 2, "array_condition", {"operator": "length_less_than", "right": 2}, 1),
    ("object", "notEmpty", "", "string_condition", {"operator": "is_not_empty"}, 0),
]


@pytest.mark.parametrize(("kind", "operation", "right", "wanted", "config", "turned"), CONDITIONS)
def test_conditions(
    kind: str, operation: str, right: Any, wanted: str, config: dict[str, Any], turned: bool
) -> None:
    document = {
        "nodes": [
            HOOK,
            new(kind, operation, right),
            node("A", "noOp", {}),
            node("B", "wait", {}, 1.1),
        ],
        "connections": {"Hook": link("I"), "I": link("A", "B")},
    }
    found = convert(document)
    made = found.graph["nodes"][1]
    left = "value" if wanted == "boolean_condition" else "left"
    assert (made["type"], made["config"]) == (wanted, {left: "l", **config})
    assert found.graph["edges"][-1]["port"] == ("true" if turned else "false")


# ---------------------------------------------------------------- what all nodes have


def test_retries_and_errors() -> None:
    made = request() | {"retryOnFail": True, "maxTries": 99, "waitBetweenTries": 250}
    document = {
        "nodes": [HOOK, made | {"continueOnFail": True}, node("Next", "wait", {"amount": 1}, 1.1)],
        "connections": {"Hook": link("R"), "R": link("Next")},
    }
    found = convert(document)
    step = found.graph["nodes"][1]
    assert step["retry"] == {"max_attempts": 10, "wait_seconds": 0.25}
    assert step["continue_on_error"] is True
    ports = [edge["port"] for edge in found.graph["edges"] if edge["source"] == "r"]
    assert ports == ["default", "error"]
    assert check_graph(Graph.from_json(found.graph)).errors == ()


def test_ids() -> None:
    names = [
        "Set",
        "set",
        "SET ",
        "If",
        "item",
        "vault",
        "9 lives",
        "名前",
        "Ünï",
        "x" * 99,
        "now",
        "",
    ]
    assert list(ids_for(names).values()) == [
        *("set", "set_2", "set_3", "if_node", "item_node", "vault_node", "node_9_lives", "node"),
        *("uni", "x" * 64, "now_node", "node_2"),
    ]


def test_a_chosen_branch_gives_its_data() -> None:
    """A Merge that waits for both and hands on one of them."""
    fields = {"assignments": {"assignments": [{"name": "x", "value": "={{ $json.ok }}"}]}}
    document = {
        "nodes": [
            HOOK,
            request(),
            node("W", "wait", {"amount": 1}, 1.1),
            node("M", "merge", {"mode": "chooseBranch", "useDataOfInput": 2}, 3),
            node("S", "set", fields),
        ],
        "connections": {
            "Hook": {"main": [[{"node": "R", "index": 0}, {"node": "W", "index": 0}]]},
            "W": {"main": [[{"node": "M", "type": "main", "index": 0}]]},
            "R": {"main": [[{"node": "M", "type": "main", "index": 1}]]},
            "M": link("S"),
        },
    }
    found = convert(document)
    value = found.graph["nodes"][-1]["config"]["mappings"][0]["value"]
    assert value == '{{ r.body.ok | append: "" }}'
    assert {(e["source"], e["target"]) for e in found.graph["edges"]} >= {("r", "s"), ("w", "s")}


def meeting(first: str) -> dict[str, Any]:
    """Two branches behind this node meet at C, which asks for x."""
    fields = {"assignments": {"assignments": [{"name": "x", "value": "={{ $json.x }}"}]}}
    return {
        "nodes": [
            HOOK,
            new("string", "equals") if first == "if" else node("I", "wait", {"amount": 1}, 1.1),
            node("A", "set", fields),
            node("B", "set", fields),
            node("C", "set", fields),
        ],
        "connections": {
            "Hook": link("I"),
            "I": {"main": [[{"node": "A"}], [{"node": "B"}]]}
            if first == "if"
            else {"main": [[{"node": "A"}, {"node": "B"}]]},
            "A": link("C"),
            "B": link("C"),
        },
    }


def test_of_two_branches_the_one_that_ran_is_read() -> None:
    found = convert(meeting("if"))
    value = found.graph["nodes"][-1]["config"]["mappings"][0]["value"]
    assert value == '{{ a.x | default: b.x, allow_false: true | append: "" }}'
    assert [n.message[:30] for n in found.notes if n.node == "c"] == [
        "Several branches lead here, an"
    ]
    assert render(value, {"b": {"x": False}}) == "false"


def test_branches_that_both_run_are_told() -> None:
    notes = {note.node: note.message for note in convert(meeting("wait")).notes}
    assert "several nodes lead here" in notes["c"]
