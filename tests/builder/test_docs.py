"""The documentation: made from the node types alone, templates tried in the page."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape
from rest_framework import serializers

from builder import docs_views, reference
from builder.json_input import pretty
from builder.reference import describe, outcome_of, result_of_example
from builder.try_template import LONGEST_DATA, LONGEST_SHOWN, Trial, try_template
from tests.visitors import text_of
from workflows.compiled import CompiledConfig
from workflows.errors import NotFoundError
from workflows.models import Secret
from workflows.node_type import (
    Call,
    Context,
    End,
    Json,
    NodeConfig,
    NodeType,
    Output,
    Result,
    TemplateField,
    Wait,
)
from workflows.nodes import registry
from workflows.templating import FILTERS
from workflows.templating.reference import RULES, TAGS, TRY_DATA
from workflows.vault import set_secret

pytestmark = pytest.mark.django_db

TRY = "/docs/templates/"
HTMX = {"HX-Request": "true"}


class Row(NodeConfig):
    name = serializers.CharField(label="Row name", max_length=7)


class Newcomer(NodeType):
    """Does what no node type did before. Nobody wrote a page for it."""

    type = "newcomer.type"
    label = "Newcomer <b>"
    category: ClassVar = "action"
    icon = "no-such-icon"
    keywords = ("novelty",)
    effect = "outside"
    sends_idempotency_key = False
    example: ClassVar[dict[str, Json]] = {"greeting": "Hi {{ trigger.name }}"}
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"name": "<Ada>"}}
    example_result = Output({"said": "Hi <Ada>"}, port="left")
    ports = ("left", "default")

    class Config(NodeConfig):
        only_for = {"rows": ("mode", ("many",))}
        greeting = TemplateField(label="Greeting", help_text="What is said.")
        mode = serializers.ChoiceField([("one", "Just one"), ("many", "Many")], default="one")
        rows = serializers.ListField(child=Row(), max_length=3, required=False)

    def execute(self, config: dict[str, Json], context: Context) -> Result:
        return Output({"said": config["greeting"]}, port="left")


@pytest.fixture
def newcomer(monkeypatch: pytest.MonkeyPatch) -> Newcomer:
    """A plug-in that was installed just now."""
    made = Newcomer()
    types = {**registry(), made.type: made}
    monkeypatch.setattr(reference, "registry", lambda: types)
    reference.described.cache_clear()
    return made


# ---------------------------------------------------------------- node types


def test_the_index_lists_every_node_type(viewer: Client) -> None:
    for address in ("/docs/", "/docs/nodes/"):
        page = viewer.get(address).content.decode()
        for node_type in registry().values():
            assert f'href="/docs/nodes/{node_type.type}/"' in page
            assert escape(node_type.label) in page


@pytest.mark.parametrize("node_type", registry().values(), ids=registry())
def test_a_page_says_everything_about_its_type(viewer: Client, node_type: NodeType) -> None:
    answer = viewer.get(f"/docs/nodes/{node_type.type}/")
    page, text = answer.content.decode(), text_of(answer)
    assert " ".join(str(type(node_type).__doc__).split()) in text
    for name, field in node_type.Config().fields.items():
        assert f"<code>{name}</code>" in page
        assert str(field.label) in text
        if field.help_text:
            assert " ".join(str(field.help_text).split()) in text
    for port in node_type.ports_for(node_type.example):
        assert port in text
    assert escape(pretty(node_type.example)) in page
    result = result_of_example(node_type)
    assert result is not None
    sentence, output = outcome_of(result)
    assert sentence in text
    assert isinstance(result, End) or escape(pretty(output)) in page


def test_the_example_of_an_http_request_hides_its_secret(viewer: Client) -> None:
    page = viewer.get("/docs/nodes/http_request/").content.decode()
    assert escape('"value": "Bearer •••"') in page
    assert "a secret of the vault" not in page


@pytest.mark.parametrize("name", registry())
def test_no_template_of_an_example_finds_nothing(name: str) -> None:
    """What an example shows is whole: nothing in it is unknown."""
    node_type = registry()[name]
    shown = describe(node_type).example
    assert shown is not None
    if shown.input is not None:
        config = CompiledConfig.compile(node_type.Config, node_type.example)
        assert not config.resolve(shown.data, masked=True).warnings


def test_a_new_node_type_needs_no_page_work(viewer: Client, newcomer: Newcomer) -> None:
    page = viewer.get("/docs/nodes/newcomer.type/")
    assert page.status_code == 200
    text = text_of(page)
    for part in (
        "Newcomer <b>",
        "Does what no node type did before.",
        "Greeting greeting Required Template What is said.",
        'Mode mode Choice Default: "one" one Just one many Many',
        "at most 3 rows Only where mode is many .",
        "Each row of Rows",
        "Row name name Required Text at most 7 characters",
        '"said": "Hi <Ada>"',
        "Output at the port left",
        "unless “When interrupted” says to try again",
    ):
        assert part in text, part
    assert "Newcomer <b>" not in page.content.decode()
    assert "newcomer.type" in viewer.get("/docs/?q=novelty").content.decode()


def test_an_example_that_can_not_be_shown_breaks_no_page(
    viewer: Client, newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Newcomer, "example", {"greeting": "{% broken"})
    page = viewer.get("/docs/nodes/newcomer.type/")
    assert page.status_code == 200
    assert "Example" not in text_of(page)


def test_a_type_that_is_not_installed_has_no_page(viewer: Client) -> None:
    assert viewer.get("/docs/nodes/no_such_type/").status_code == 404
    with pytest.raises(NotFoundError):
        reference.node_reference("no_such_type")


SEARCHES = {
    "by label": ("for each", {"iterator"}, {"http_request"}),
    "by keyword": ("WEBHOOK api", {"http_request"}, {"delay"}),
    "by type": ("json_parser", {"json_parser"}, {"validate"}),
    "nothing": ("zzz", set(), {"delay", "iterator"}),
}


@pytest.mark.parametrize(("q", "found", "left_out"), SEARCHES.values(), ids=SEARCHES)
def test_search(viewer: Client, q: str, found: set[str], left_out: set[str]) -> None:
    page = viewer.get("/docs/", {"q": q}).content.decode()
    for name in found:
        assert f"/docs/nodes/{name}/" in page
    for name in left_out:
        assert f"/docs/nodes/{name}/" not in page
    assert ("Nothing is called" in page) is not bool(found)


def test_search_finds_filters_and_tags(viewer: Client) -> None:
    page = viewer.get("/docs/?q=hmac").content.decode()
    assert "/docs/templates/#filter-hmac_sha256" in page
    assert "#tag-tablerow" in viewer.get("/docs/?q=tablerow").content.decode()
    assert "#filter-" not in viewer.get("/docs/nodes/?q=hmac").content.decode()
    assert "Nothing is called “&lt;i&gt;”" in viewer.get("/docs/?q=<i>").content.decode()


# ---------------------------------------------------------------- help in the builder


@pytest.mark.parametrize("node_type", registry().values(), ids=registry())
def test_the_help_of_a_node_stands_alone(node_type: NodeType) -> None:
    page = render_to_string("docs/_node_help.html", {"node": describe(node_type)})
    assert f'href="/docs/nodes/{node_type.type}/"' in page
    for field in node_type.Config().fields.values():
        assert escape(str(field.label)) in page


OUTCOMES: dict[str, tuple[Result, str, set[str]]] = {
    "wait": (Wait(5), "after 5 s", {"waited_seconds", "resumed_at"}),
    "call": (Call("x", {}), "at once", {"run_id"}),
    "call and wait": (Call("x", {}, wait=True), "has ended", {"run_id", "status", "output"}),
}


@pytest.mark.parametrize(("result", "says", "keys"), OUTCOMES.values(), ids=OUTCOMES)
def test_what_the_engine_makes_of_a_result(result: Result, says: str, keys: set[str]) -> None:
    sentence, output = outcome_of(result)
    assert says in sentence
    assert set(output) == keys


def test_the_end_of_a_run_has_no_output() -> None:
    assert outcome_of(End("completed")) == ("The run ends as completed.", None)


# ---------------------------------------------------------------- the template language


def test_the_language_is_there_in_full(viewer: Client) -> None:
    page = viewer.get(TRY).content.decode()
    for name, doc in FILTERS.items():
        assert f'id="filter-{name}"' in page
        assert escape(doc.example) in page
    for tag in TAGS:
        assert f'id="tag-{tag.name}"' in page
    for rule in RULES:
        assert escape(rule.title) in page
    assert "`" not in text_of(viewer.get(TRY)).replace("(`...`", "")


def test_arguments_of_a_filter_are_shown_as_they_are_written() -> None:
    shown = {
        entry.name: entry for _, _, group in docs_views.language()["groups"] for entry in group
    }
    assert set(shown) == set(FILTERS)
    assert shown["truncate"].usage == 'text | truncate: length = 50, end = "..."'
    assert shown["where"].usage == "list | where: key, [value]"
    assert shown["default"].usage == 'value | default: replacement = "", allow_false: false'
    assert shown["upcase"].usage == "text | upcase"
    assert shown["carbon_condition"].usage.endswith("[last], [timezone: …]")
    assert (shown["plus"].example.value, shown["plus"].example.kind) == ("7", "number")


ADA = '{"user": {"name": "Ada", "tags": ["x", "y"]}}'
TRIALS: dict[str, tuple[str, str, Trial]] = {
    "text": ("Hi {{ user.name }}", ADA, Trial("Hi Ada", "text")),
    "raw list": ("{{ user.tags }}", ADA, Trial('[\n  "x",\n  "y"\n]', "list of 2")),
    "raw object": (
        "{{ user }}",
        '{"user": {"a": 1}}',
        Trial('{\n  "a": 1\n}', "object with 1 key"),
    ),
    "number": ("{{ user.tags.size }}", ADA, Trial("2", "number")),
    "boolean": ("{{ user.tags | has: 'x' }}", ADA, Trial("false", "boolean")),
    "nothing": ("{{ user.note }}", '{"user": {"note": null}}', Trial("null", "nothing")),
    "unknown": (
        "Hi {{ user.nme }}",
        ADA,
        Trial("Hi ", "text", warnings=("user.nme is unknown: did you mean user.name?",)),
    ),
    "no data": ("{{ 1 | plus: 1 }}", "", Trial("2", "number")),
    "no template": ("", "", Trial("", "text")),
}


@pytest.mark.parametrize(("template", "data", "expected"), TRIALS.values(), ids=TRIALS)
def test_trying(template: str, data: str, expected: Trial) -> None:
    assert try_template(template, data) == expected


FAILURES = {
    "no end": ("{% if a %}", "{}", "endif"),
    "unknown tag": ("{% include 'x' %}", "{}", "There is no tag 'include'"),
    "unknown filter": ("{{ 1 | nope }}", "{}", "nope"),
    "too long": ("x" * 30_000 + "{{ 1 }}", "{}", "at most 20,000 characters"),
    "endless": (
        "{% for a in (1..10000) %}{% for b in (1..10000) %}x{% endfor %}{% endfor %}",
        "{}",
        "passes",
    ),
    "no JSON": ("{{ a }}", '{"a": }', "This is no JSON"),
    "no object": ("{{ a }}", "[1]", "The data is an object"),
    "deep data": ("{{ a }}", '{"a":' + "[" * 500 + "]" * 500 + "}", "nested"),
    "deep result": (
        "{{ t | parse_json }}",
        json.dumps({"t": "[" * 300 + "]" * 300}),
        "nested more than 100",
    ),
    "the whole vault": ("{{ vault | json }}", "{}", "one by one"),
    "too much data": ("{{ a }}", '{"a": "' + "x" * LONGEST_DATA + '"}', "more than 100,000"),
    "unknown secret": ("{{ vault.no_such_secret }}", "{}", "no_such_secret"),
}


@pytest.mark.parametrize(("template", "data", "says"), FAILURES.values(), ids=FAILURES)
def test_what_can_not_be_resolved_says_why(template: str, data: str, says: str) -> None:
    trial = try_template(template, data)
    assert says in trial.error
    assert not trial.text


def test_long_results_are_cut() -> None:
    trial = try_template("{{ a }}", json.dumps({"a": "x" * (LONGEST_SHOWN + 5)}))
    assert (len(trial.text), trial.cut) == (LONGEST_SHOWN, 5)


SECRET = "the-secret-value-itself"
READERS = (
    "{{ vault.the_token }}",
    "a {{ vault.the_token | upcase }} b",
    "{{ vault.the_token | base64_encode }}",
    "{{ vault.the_token | size }}",
    "{% assign t = vault.the_token %}{{ t }}",
    "{% if vault.the_token contains 'secret' %}yes{% else %}no{% endif %}",
    '{{ vault["the_token"] | split: "" | join: "-" }}',
)


@pytest.mark.parametrize("template", READERS)
def test_no_secret_ever_shows(template: str) -> None:
    set_secret(name="the_token", value=SECRET)
    trial = try_template(template, "{}")
    shown = trial.text + trial.error + "".join(trial.warnings)
    assert "•••" in shown
    for form in (SECRET, SECRET.upper(), "yes", str(len(SECRET)), "-".join(SECRET)):
        assert form not in shown


def test_a_secret_that_has_expired_is_told() -> None:
    set_secret(name="the_token", value=SECRET)
    Secret.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assert "the_token" in try_template("{{ vault.the_token }}", "{}").error


def test_made_up_secrets_are_masked_too() -> None:
    assert try_template("{{ vault.mine }}", '{"vault": {"mine": "abc"}}').text == "•••"
    assert try_template("{{ 1 }}", '{"vault": 5}').text == "1"


def test_trying_in_the_page(viewer: Client) -> None:
    sent = {"template": "<i>{{ user.name }}</i>", "data": '{"user": {"name": "<Ada>"}}'}
    piece = viewer.post(TRY, sent, headers=HTMX)
    assert "<html" not in piece.content.decode()
    assert "&lt;i&gt;&lt;Ada&gt;&lt;/i&gt;" in piece.content.decode()
    whole = viewer.post(TRY, sent).content.decode()
    assert "&lt;i&gt;{{ user.name }}&lt;/i&gt;</textarea>" in whole
    assert "&lt;i&gt;&lt;Ada&gt;&lt;/i&gt;</pre>" in whole


def test_a_link_to_an_example_works_without_script(viewer: Client) -> None:
    page = viewer.get(TRY, {"template": "{{ users | map: 'name' }}"}).content.decode()
    assert escape(pretty(["Ada", "Bob"])) in page


def test_the_page_begins_with_an_example(viewer: Client) -> None:
    assert "Order 42: Lamp, Bulb" in text_of(viewer.get(TRY))
    assert escape(pretty(dict(TRY_DATA))) in viewer.get(TRY).content.decode()


def test_trying_stores_nothing(viewer: Client) -> None:
    """Nothing that is asked of the database depends on what is tried, and all of it is reading."""
    with CaptureQueriesContext(connection) as seen:
        viewer.post(TRY, {"template": "{{ 1 }}", "data": "{}"}, headers=HTMX)
    assert len(seen) <= 5
    assert all(query["sql"].startswith("SELECT") for query in seen.captured_queries)


def test_docs_are_in_the_menu(viewer: Client) -> None:
    assert 'href="/docs/"' in viewer.get("/").content.decode()
