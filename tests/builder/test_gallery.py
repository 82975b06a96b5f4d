"""The templates: complete documents, installed from their page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lucide.templatetags.lucide import lucide
from pytest_django import Settings

from builder.gallery import (
    RECEIVER,
    Template,
    categories,
    find_templates,
    install_template,
    templates,
)
from builder.panels import sample_payload
from tests.visitors import client_of, text_of
from workflows import services, vault
from workflows.compiled import trigger_in
from workflows.errors import ConflictError, NotFoundError
from workflows.graph import Graph
from workflows.models import Role, Secret, Workflow

pytestmark = pytest.mark.django_db

SLUGS = [template.slug for template in templates()]


def sample_of(workflow: Workflow) -> Any:
    """What the button Run offers."""
    assert workflow.published is not None
    return sample_payload(trigger_in(Graph.from_json(workflow.published.graph)))


# ---------------------------------------------------------------- all of them


def test_they_are_enough_and_each_has_its_place() -> None:
    assert len(templates()) >= 12
    assert len({template.name for template in templates()}) == len(templates())
    assert len({template.order for template in templates()}) == len(templates())
    assert 3 <= sum(template.featured for template in templates()) <= 4
    assert categories() == ("Messages", "Data", "APIs", "Control")
    wanted = {"manual", "webhook", "schedule", "api", "event"}
    assert {template.trigger.type for template in templates()} == {f"{n}_trigger" for n in wanted}


@pytest.mark.parametrize("template", templates(), ids=SLUGS)
def test_a_document_is_complete(template: Template) -> None:
    assert template.name
    assert template.learn.endswith(".")
    assert template.description.endswith(".")
    assert lucide(template.icon).startswith("<svg")
    for graph in template.graphs:
        places = [(node["position"]["x"], node["position"]["y"]) for node in graph["nodes"]]
        assert len(set(places)) == len(places) > 2
        assert all(node["name"] for node in graph["nodes"])
    text = json.dumps(template.graphs)
    assert text.count("http://") == text.count(f"{RECEIVER}/")
    assert {name for name in template.secrets if f"vault.{name}" in text} == set(template.secrets)
    assert text.count("vault.") == len(template.secrets)


# ---------------------------------------------------------------- installing


@pytest.mark.both_databases
def test_a_second_copy_has_a_number_and_helpers_of_its_own() -> None:
    made = [install_template(slug="approval-with-sub-workflow", user=None) for _ in range(3)]
    names = sorted(Workflow.objects.values_list("name", flat=True))
    assert names == [
        *("Approval with a sub-workflow" + ending for ending in ("", " 2", " 3")),
        *("Ask for approval" + ending for ending in ("", " 2", " 3")),
    ]
    asked = [workflow.draft["nodes"][2]["config"]["workflow"] for workflow in made]
    helpers = Workflow.objects.filter(name__startswith="Ask").order_by("name")
    assert asked == [str(helper.pk) for helper in helpers]
    assert [workflow.is_active for workflow in made] == [False] * 3


def test_a_deleted_one_leaves_its_name() -> None:
    services.delete_workflow(workflow=install_template(slug="uptime-check", user=None))
    assert install_template(slug="uptime-check", user=None).name == "Uptime check"


def test_a_secret_that_is_there_stays() -> None:
    vault.set_secret(name="stripe_webhook_secret", value="whsec_mine")
    install_template(slug="stripe-payment-check", user=None)
    assert vault.snapshot().values["stripe_webhook_secret"] == "whsec_mine"
    install_template(slug="github-issue-to-chat", user=None)
    assert len(vault.snapshot().values["github_webhook_secret"]) >= 32
    assert Secret.objects.count() == 2


def test_an_unknown_one_is_said_so() -> None:
    with pytest.raises(NotFoundError, match="no template"):
        install_template(slug="nothing", user=None)


def test_without_the_demo_those_that_call_it_are_not_offered(
    settings: Settings, editor: Client
) -> None:
    settings.DEMO = False
    with pytest.raises(ConflictError, match="ALTOFLOW_DEMO=true"):
        install_template(slug="uptime-check", user=None)
    assert not Workflow.objects.exists()
    answer = editor.get("/workflows/templates/")
    assert "The demo is switched off here" in text_of(answer)
    assert "Use this" not in text_of(answer)
    assert "Uptime check" not in text_of(editor.get("/"))
    answer = editor.post("/workflows/templates/uptime-check/install/", follow=True)
    assert "ALTOFLOW_DEMO=true" in text_of(answer)


@pytest.mark.parametrize(
    ("category", "words", "expected"),
    [
        ("", "", SLUGS),
        ("Data", "", ["nightly-api-sync", "clean-up-and-validation", "batch-over-a-list"]),
        ("", "PAYMENT stripe", ["stripe-payment-check"]),
        ("Data", "stripe", []),
        ("", "schedule", ["nightly-api-sync", "uptime-check"]),
        ("", "%_\\", []),
    ],
)
def test_they_are_found(category: str, words: str, expected: list[str]) -> None:
    found = find_templates(category=category, words=words)
    assert [template.slug for template in found] == expected


# ---------------------------------------------------------------- the page


def test_a_template_is_used(editor: Client) -> None:
    page = text_of(editor.get("/workflows/templates/"))
    assert all(template.name in page and template.learn in page for template in templates())
    answer = editor.post("/workflows/templates/batch-over-a-list/install/", follow=True)
    workflow = Workflow.objects.get()
    assert answer.redirect_chain == [(f"/workflows/{workflow.pk}/", 302)]
    assert "Batch over a list was added. Press “Run”" in text_of(answer)
    assert sample_of(workflow) == {"customers": [*range(1, 9)]}
    assert workflow.published is not None
    assert workflow.published.note == "From the template Batch over a list"
    assert workflow.published.created_by == workflow.changed_by is not None


def test_the_page_filters_and_says_when_nothing_is_left(editor: Client) -> None:
    page = text_of(editor.get("/workflows/templates/?category=Data&q=pages"))
    assert "Nightly API sync" in page
    assert "Batch over a list" not in page
    page = text_of(editor.get("/workflows/templates/?category=No&q=%3Cb%3E"))
    assert "No template is about “<b>”" in page


def test_a_viewer_looks_without_buttons() -> None:
    viewer = client_of(Role.VIEWER)
    page = text_of(viewer.get("/workflows/templates/"))
    assert "Stripe payment check" in page
    assert "Use this" not in page
    assert viewer.post("/workflows/templates/uptime-check/install/").status_code == 403
    assert not Workflow.objects.exists()


def test_the_page_asks_the_database_nothing_about_templates(editor: Client) -> None:
    editor.get("/workflows/templates/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        editor.get("/workflows/templates/")
    assert len(queries) <= 3, [query["sql"] for query in queries]
