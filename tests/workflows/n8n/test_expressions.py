"""What n8n computes, in Liquid: where it means the same, else as it was with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.templating.render import render
from workflows.n8n import convert

PAYLOAD = {
    "a": {"b c": "Spaced", "d-e": 1, "list": [3, 4]},
    "name": " Ada ",
    "n": 7,
    "obj": {"k": None},
}


def node(
    name: str, kind: str, parameters: Any, version: float = 3.4, **more: Any
) -> dict[str, Any]:
    kind = f"n8n-nodes-base.{kind}"
    return {"name": name, "type": kind, "typeVersion": version, "parameters": parameters, **more}


def assigned(value: Any, kind: str) -> dict[str, Any]:
    return {"assignments": {"assignments": [{"name": "x", "value": value, "type": kind}]}}


def converted(value: Any, kind: str = "string") -> tuple[Any, list[str]]:
    """A field of a Set node behind a manual trigger, and what is said about it."""
    made = convert(
        {
            "nodes": [
                node("Go", "manualTrigger", {}),
                node("Set", "set", assigned(value, kind)),
                node("Later", "set", assigned("y", "string")),
            ],
            "connections": {
                "Go": {"main": [[{"node": "Set", "type": "main", "index": 0}]]},
                "Set": {"main": [[{"node": "Later", "type": "main", "index": 0}]]},
            },
            "settings": {"timezone": "Europe/Oslo"},
        }
    )
    config = made.graph["nodes"][1]["config"]
    field = config["template"]["x"] if "template" in config else config["mappings"][0]["value"]
    return field, [note.message for note in made.notes if note.node == "set"]


SAME: list[tuple[str, str, Any]] = [
    ("={{ $json.n }}", "number", 7),
    ("={{ $json.n }}", "string", "7"),
    ("={{ $json['n'] }}", "number", 7),
    ('={{$json["a"]["b c"]}}', "string", "Spaced"),
    ("={{ $json.a['d-e'] }}", "number", 1),
    ("={{ $json.a?.list?.[1] }}", "number", 4),
    ("={{ $json.a.list }}", "array", [3, 4]),
    ("={{ $json.obj }}", "object", {"k": None}),
    ("={{ $json }}", "object", PAYLOAD),
    ("={{ $input.item.json.n }}", "number", 7),
    ("={{ $input.first().json.n }}", "number", 7),
    ("={{ $input.last().json.n }}", "number", 7),
    ("={{ $('Go').item.json.n }}", "number", 7),
    ("={{ $('Go').first().json['n'] }}", "number", 7),
    ('={{ $("Go").last().json.n }}', "number", 7),
    ('={{ $node["Go"].json["n"] }}', "number", 7),
    ("={{ $node.Go.json.n }}", "number", 7),
    ("={{ $items('Go')[0].json.n }}", "number", 7),
    ("={{ $json.name.trim().toUpperCase() }}", "string", "ADA"),
    ("={{ $json.name.toLowerCase() + '!' }}", "string", " ada !"),
    ("={{ $json.name.length }}", "number", 5),
    ("={{ 'a' + $json.n + \"b\" }}", "string", "a7b"),
    ("={{ `${$json.n}-${$json.a.list[0]}` }}", "string", "7-3"),
    ("={{ $json.n * 2 - 1 }}", "number", 13),
    ("={{ 1 + 2 }}", "number", 3),
    ("={{ $json.a.list.length + 1 }}", "number", 3),
    ("={{ $json.a.list.join('-') }}", "string", "3-4"),
    ("={{ $json.a.list.join() }}", "string", "3,4"),
    ("={{ 'a-b-c'.replace('-', '+') }}", "string", "a+b-c"),
    ("={{ 'a-b-c'.replaceAll('-', '+') }}", "string", "a+b+c"),
    ("={{ 'abcdef'.slice(1, 3) }}", "string", "bc"),
    ("={{ String($json.n) }}", "string", "7"),
    ("={{ $json.n.toString() }}", "string", "7"),
    ("={{ 'it\\'s' }}", "string", "it's"),
    ("={{ true }}", "boolean", True),
    ("={{ -1.5 }}", "number", -1.5),
    ("={{ [1, $json.n, { a: $json.name }] }}", "array", [1, 7, {"a": " Ada "}]),
    ('={{ { "a": { b: [$json.n] } } }}', "object", {"a": {"b": [7]}}),
    ("={{ JSON.stringify($json.obj) }}", "object", {"k": None}),
    (
        '={"n": {{ $json.n }}, "t": "{{ $json.n }}", "u": "<{{ $json.n }}>"}',
        "object",
        {"n": 7, "t": "7", "u": "<7>"},
    ),
    ("=Hello {{ $json.name }}, {{ $json.n }}!", "string", "Hello  Ada , 7!"),
    ("={{$json.n}}{{$json.n}}", "string", "77"),
    ("={ {{ $json.n }} }", "string", "{ 7 }"),
    ("=plain", "string", "plain"),
    ("plain {{ not code }}", "string", "plain {{ not code }}"),
    ("{% if %} {{ x", "string", "{% if %} {{ x"),
    ("{% endraw %}{{ x }}", "string", "{% endraw %}{{ x }}"),
    ("5", "number", 5),
    ("2.5", "number", 2.5),
    ("true", "boolean", True),
    ('["a", {"b": "{{ c }}"}]', "array", ["a", {"b": "{{ c }}"}]),
]


@pytest.mark.parametrize(("written", "kind", "meant"), SAME)
def test_it_means_the_same(written: str, kind: str, meant: Any) -> None:
    field, notes = converted(written, kind)
    assert notes == []
    assert render(field, {"trigger": PAYLOAD}) == meant


DATES = [
    ("={{ $now }}", '{{ now | append: "" }}'),
    ("={{ $now.toISO() }}", "{{ now }}"),
    ("={{ $today.toISODate() }}", '{{ today | date: "%Y-%m-%d", "Europe/Oslo" }}'),
    (
        "={{ $now.minus({ days: 1, hours: 2 }).toFormat(\"dd.MM.yyyy 'at' HH:mm\") }}",
        '{{ now | carbon_date: "-1 days, -2 hours", "Europe/Oslo" '
        '| date: "%d.%m.%Y at %H:%M", "Europe/Oslo" }}',
    ),
    (
        "={{ $now.plus(1, 'week').format('yyyy-MM-dd') }}",
        '{{ now | carbon_date: "+1 weeks", "Europe/Oslo" | date: "%Y-%m-%d", "Europe/Oslo" }}',
    ),
    ("={{ $workflow.name }} {{ $execution.id }}", "{{ workflow.name }} {{ run.id }}"),
]


@pytest.mark.parametrize(("written", "liquid"), DATES)
def test_dates_and_names(written: str, liquid: str) -> None:
    assert converted(written) == (liquid, [])
    render(liquid, {"workflow": {"name": "x"}, "run": {"id": "y"}})


KEPT: dict[str, str] = {
    "={{ $json.a ? 1 : 2 }}": "'?' has no match here",
    "={{ $json.a && 1 }}": "'&&' has no match here",
    "={{ $json.a || 'x' }}": "'||' has no match here",
    "={{ $json.a ?? 'x' }}": "'??' has no match here",
    "={{ $json.n > 1 }}": "'>' has no match here",
    "={{ !$json.a }}": "'!' has no match here",
    "={{ $json.n / 2 }}": "'/' has no match here",
    "={{ $json.n + $json.m }}": "which of them is not known",
    "={{ $json.list.map(x => x.id) }}": "'=>' has no match here",
    "={{ $json[$json.key] }}": "a key in brackets is computed",
    "={{ $json.list[-1] }}": "a negative key",
    "={{ new Date() }}": "'new' is code",
    "={{ function() {} }}": "'function' is code",
    "={{ Math.max(1, 2) }}": "Math.max(...) has no match here",
    "={{ $json.name.split(',') }}": ".split(...) has no match here",
    "={{ $json.name.replace(/a/g, 'b') }}": "has no match here",
    "={{ $json.n.toFixed(2) }}": ".toFixed(...) has no match here",
    "={{ foo }}": "foo is not known here",
    "={{ $input.all() }}": "a list of items",
    "={{ $input.item }}": "the item as a whole",
    "={{ $('Go').all()[1].json.n }}": "there is only one item here",
    "={{ $('Go') }}": "the item as a whole",
    "={{ $('Later').item.json.x }}": "'Later' does not come before this node",
    "={{ $('Set').item.json.x }}": "'Set' does not come before this node",
    "={{ $('Nobody').item.json.x }}": "there is no node 'Nobody'",
    "={{ $('Go').params.x }}": "'params' has no match here",
    "={{ $('Go').context.noItemsLeft }}": "'context' has no match here",
    "={{ $node[$json.x].json }}": "a key in brackets is computed",
    "={{ $env.HOME }}": "$env has no match here",
    "={{ $vars.x }}": "$vars has no match here",
    "={{ $itemIndex }}": "$itemIndex has no match here",
    "={{ $runIndex }}": "$runIndex has no match here",
    "={{ $binary.data }}": "$binary has no match here",
    "={{ $now.toFormat('QQQ') }}": "'QQQ' of a date has no match here",
    "={{ $now.weekday }}": "'weekday' has no match here",
    "={{ JSON.stringify($json) }}": "JSON as a text has no match here",
    "=x {{ { a: 1 } }}": "an object or a list stands within a text",
    "={{ $json.a": "an expression is not closed",
    "={{ }}": "it ends too early",
    "={{ 'a\" }}": "an expression is not closed",
    "={{ $json['}}'] }}": "brackets that mean something here",
    "={{ 'a\"b\\'c'.trim() }}": "both kinds of quotes",
}


@pytest.mark.parametrize(("written", "reason"), KEPT.items())
def test_it_is_kept_and_told(written: str, reason: str) -> None:
    field, notes = converted(written)
    assert field == written
    assert [reason in note for note in notes] == [True]
    assert notes[0].startswith("x was left as it is in n8n, because")
