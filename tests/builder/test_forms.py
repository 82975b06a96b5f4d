"""Forms made from node types: every kind of field, and every type's example there and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, cast

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page
from rest_framework import serializers

from builder.forms import Choices, FormField, config_fields, failure_fields, kinds_in
from builder.reference import described
from tests.browser.builder.side import Side
from tests.visitors import client_of
from workflows import services
from workflows.models import Role, Version, Workflow
from workflows.node_type import JsonTemplateField, NodeConfig, NodeType, TemplateField
from workflows.nodes import registry
from workflows.palette import node_types

pytestmark = pytest.mark.django_db

TYPES = sorted(registry())


class Row(NodeConfig):
    name = serializers.CharField()
    value = TemplateField(default="")


class Plugin(NodeType):
    type = "plugin"
    label = "Plug-in"
    category: ClassVar = "action"
    icon = "bug"

    class Config(NodeConfig):
        only_for: ClassVar = {"many": ("how", ("list",))}

        text_of_it = serializers.CharField(help_text="Some text.")
        note = serializers.CharField(style={"base_template": "textarea.html"}, default="")
        template = TemplateField(default="a")
        body = JsonTemplateField(required=False)
        anything = serializers.JSONField(required=False)
        count = serializers.IntegerField(default=3)
        share = serializers.FloatField(allow_null=True, default=None)
        switch = serializers.BooleanField(default=True)
        how = serializers.ChoiceField([("one", "Just one"), ("list", "A list")])
        many = serializers.ListField(child=serializers.CharField(), required=False)
        some = serializers.ListField(child=serializers.ChoiceField(["a", "b"]), required=False)
        rows = Row(many=True, required=False)
        by_name = serializers.DictField(child=serializers.IntegerField(), required=False)
        within = Row(required=False)


def fields() -> dict[str, FormField]:
    return {each.name: each for each in config_fields(Plugin(), Choices())}


@pytest.mark.parametrize(
    ("name", "kind"),
    {
        "text_of_it": "text",
        "note": "text",
        "template": "template",
        "body": "json",
        "anything": "json",
        "count": "number",
        "share": "number",
        "switch": "switch",
        "how": "choice",
        "many": "list",
        "rows": "list",
        "some": "set",
        "by_name": "map",
        "within": "object",
    }.items(),
)
def test_each_kind_of_field(name: str, kind: str) -> None:
    assert fields()[name].kind == kind


def test_what_a_field_says_about_itself() -> None:
    made = fields()
    assert (made["text_of_it"].label, made["text_of_it"].help) == ("Text of it", "Some text.")
    assert made["text_of_it"].required and not made["note"].required
    assert made["note"].is_multiline and not made["text_of_it"].is_multiline
    assert (made["template"].placeholder, made["count"].placeholder) == ("a", "3")
    assert [(o.value, o.label) for o in made["how"].options] == [
        ('"one"', "Just one"),
        ('"list"', "A list"),
    ]
    assert made["many"].only_for == '{"how": ["list"]}'
    assert made["anything"].is_strict and not made["body"].is_strict
    assert made["rows"].is_row


def test_ports_are_taken_over_late() -> None:
    (cases,) = (each for each in config_fields(registry()["switch"], Choices()) if each.fields)
    assert [each.name for each in cases.fields if each.is_late] == ["port"]


def test_every_kind_has_a_template_that_draws_it() -> None:
    client = client_of(Role.VIEWER)
    workflow = services.create_workflow(name="Any", graph={"nodes": [], "edges": []})
    for kind in TYPES:
        answer = client.get(f"/workflows/{workflow.pk}/forms/{kind}/")
        assert answer.status_code == 200, kind
        drawn = answer.content.decode()
        for each in config_fields(registry()[kind], Choices()):
            assert f'data-field="{each.name}"' in drawn, (kind, each.name)
            assert each.label in drawn or "&" in drawn
    assert {"rules", "vault", "workflow"} <= set().union(
        *(kinds_in(config_fields(each, Choices())) for each in registry().values())
    )


def test_what_can_be_done_about_failures() -> None:
    found = {
        kind: [each.name for each in failure_fields(registry()[kind])]
        for kind in ("manual_trigger", "text_transform", "send_email")
    }
    assert found == {
        "manual_trigger": [],
        "text_transform": ["continue_on_error", "retry"],
        "send_email": ["continue_on_error", "retry", "on_interrupt"],
    }


def test_secrets_and_workflows_are_offered() -> None:
    client: Client = client_of(Role.VIEWER)
    called = services.create_workflow(
        name="Callee & co",
        graph={"nodes": [{"id": "start", "type": "workflow_trigger"}], "edges": []},
    )
    other = services.create_workflow(name="Not called", graph={"nodes": [], "edges": []})
    drawn = client.get(f"/workflows/{other.pk}/forms/trigger_workflow/").content.decode()
    assert "Callee &amp; co" in drawn and str(called.pk) in drawn
    assert "Not called" not in drawn
    assert client.get(f"/workflows/{other.pk}/forms/nothing/").status_code == 404


@pytest.mark.both_databases
def test_workflows_to_start_are_offered_by_what_starts_them() -> None:
    def drawn(trigger: str, **config: Any) -> dict[str, Any]:
        return {"nodes": [{"id": "start", "type": trigger, "config": config}], "edges": []}

    def named(name: str, graph: Any, published: Any = None) -> Workflow:
        workflow = services.create_workflow(name=name, graph=graph)
        if published:
            version = Version.objects.create(workflow=workflow, number=1, graph=published)
            Workflow.objects.filter(pk=workflow.pk).update(published=version)
        return workflow

    called, by_hand = drawn("workflow_trigger"), drawn("manual_trigger")
    caller = named("Itself", called)
    named("B is published as one", by_hand, called)
    named("A is drawn as one", called)
    named("Is not published as one", called, by_hand)
    named("Says it in a text", drawn("manual_trigger", sample='{"type":"workflow_trigger"}'))
    services.delete_workflow(workflow=named("Deleted", called))
    found = field_of(client_of(Role.VIEWER), caller)
    assert found == ["Choose a workflow…", "A is drawn as one", "B is published as one"]


def field_of(client: Client, workflow: Workflow) -> list[str]:
    answer = client.get(f"/workflows/{workflow.pk}/forms/trigger_workflow/").content.decode()
    drawn = answer.split('data-field="workflow"')[1].split("</select>")[0]
    return re.findall("<option[^>]*>([^<]+)<", drawn)


@pytest.mark.both_databases
def test_hundreds_of_workflows_are_offered_without_reading_their_graphs(
    django_assert_num_queries: Any,
) -> None:
    client, caller = client_of(Role.VIEWER), services.create_workflow(name="Caller")
    graph = {"nodes": [{"id": "start", "type": "workflow_trigger"}], "edges": []}
    rows = [
        Workflow(name=f"Number {number}", draft=graph, webhook_hash=number, webhook_token="-")
        for number in range(500)
    ]
    field_of(client, caller)
    with django_assert_num_queries(5) as few:
        field_of(client, caller)
    Workflow.objects.bulk_create(rows)
    with django_assert_num_queries(len(few)) as many:
        assert len(field_of(client, caller)) == 501
    [looked] = [each["sql"] for each in many if '"workflows_workflow"."name"' in each["sql"]][1:]
    assert '"draft"' not in looked.split("FROM")[0] and '"graph"' not in looked.split("FROM")[0]


# ---------------------------------------------------------------- there and back


@pytest.fixture
def home(live_server: Any) -> Iterator[str]:
    cache.clear()
    yield str(live_server.url).replace("localhost", "127.0.0.1")


ODD: dict[str, dict[str, Any]] = {
    "http_request": {"method": "TRACE", "url": 5, "headers": "{{ order.headers }}", "old": [1]},
    "switch": {"value": None, "cases": [{"port": "a", "operator": "equals", "right": "5"}]},
    "logical_group": {"combinator": "or", "rules": [{"kind": "new", "left": 1}]},
    "string_transform": {"input": "x", "operations": [{"op": "split", "separator": ""}]},
    "delay": {"duration": True, "unit": "hours"},
    "manual_trigger": {"sample": [1, {"a": "b"}, None]},
    "generate": {"kind": "password", "length": "many"},
}


WHOLE = {
    "text_of_it": "a",
    "template": "",
    "body": {"a": ["{{ b }}", 5, None]},
    "anything": "bare",
    "count": 0,
    "share": 0.25,
    "switch": False,
    "how": "list",
    "many": ["x", ""],
    "some": ["b", "a"],
    "rows": [{"name": "n", "value": 7}, {"name": "m"}],
    "by_name": {"one": 1, "two words": -2},
    "within": {"name": "in", "value": [1]},
}


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A node type that nobody has heard of, as if it were installed."""
    monkeypatch.setitem(cast("dict[str, NodeType]", registry()), "plugin", Plugin())
    node_types.cache_clear()
    described.cache_clear()
    yield
    node_types.cache_clear()
    described.cache_clear()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_every_example_there_and_back(page: Page, home: str, plugin: None) -> None:
    """Config -> form -> config, for each type and for configs of another form than usual; and what
    is shown can be written once more without changing anything."""
    nodes = [{"id": kind, "type": kind, "config": registry()[kind].example} for kind in TYPES]
    nodes += [{"id": f"{kind}_odd", "type": kind, "config": odd} for kind, odd in ODD.items()]
    nodes.append({"id": "whole", "type": "plugin", "config": WHOLE})
    workflow = services.create_workflow(name="Types", graph={"nodes": nodes, "edges": []})
    side = Side(page, home, workflow)
    read, rewritten = {}, {}
    for node in nodes:
        side.choose(node["id"], event="ready")
        read[node["id"]] = side.js("panel.form.readConfig()")
        side.js(
            "[...document.querySelectorAll('#side-node .node-form [data-config] [data-control]')]"
            ".filter((each) => !each.matches('select, [type=checkbox]'))"
            ".forEach((each) => each.dispatchEvent(new Event('input', {bubbles: true})))"
        )
        rewritten[node["id"]] = side.config(node["id"])
    wanted = {node["id"]: node["config"] for node in nodes}
    assert rewritten == wanted
    unknown = {"http_request_odd": {"old"}, "switch_odd": {"value"}}
    for node_id, config in wanted.items():
        left_out = unknown.get(node_id, set())
        assert read[node_id] == {k: v for k, v in config.items() if k not in left_out}
    change_a_map(side)


def change_a_map(side: Side) -> None:
    by_name = side.field("config.by_name").first
    by_name.get_by_role("button", name="Add to by name").click()
    by_name.get_by_label("Name", exact=True).last.fill("three")
    by_name.get_by_label("Name", exact=True).last.press("Tab")
    side.control("config.by_name.three").fill("3")
    assert side.config("whole")["by_name"] == {"one": 1, "two words": -2, "three": 3}
    by_name.get_by_role("button", name="Move up").last.click()
    by_name.get_by_role("button", name="Remove").first.click()
    by_name.get_by_label("Name", exact=True).first.fill("two words")
    by_name.get_by_label("Name", exact=True).first.press("Tab")
    assert list(side.config("whole")["by_name"]) == ["three", "two words"]
    assert by_name.get_by_text("a name of its own").is_visible()
