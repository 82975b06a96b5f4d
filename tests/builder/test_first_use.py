"""What somebody sees who has just begun: a few templates, and the tour."""

from __future__ import annotations

import pytest
from django.test import Client

from builder.gallery import (
    templates,
)
from builder.tour import COOKIE, MOST_RUNS
from tests.runs.records import run_of, workflow_called
from tests.visitors import client_of, text_of
from workflows.models import Role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/workflows/"])
def test_an_empty_place_offers_the_demo_and_a_few_templates(editor: Client, address: str) -> None:
    page = text_of(editor.get(address))
    names = [template.name for template in templates() if template.featured]
    places = [page.index(name) for name in ["Add the demo workflow", *names]]
    assert places == sorted(places)
    assert f"All {len(templates())} templates" in page


@pytest.mark.both_databases
def test_the_tour_follows_what_is_done(editor: Client) -> None:
    def done() -> list[str]:
        page = editor.get("/").content.decode()
        return [part.split("</h3>")[0].split(">")[-1] for part in page.split('data-done="yes"')[1:]]

    first, second, third = "Choose a template", "Run it", "Look at every step"
    assert done() == []
    workflow = workflow_called("Orders")
    assert done() == [first]
    run = run_of(workflow)
    assert done() == [first, second]
    assert editor.get("/runs/").cookies.get(COOKIE) is None
    assert editor.get(f"/runs/{run.pk}/").cookies[COOKIE].value == "looked"
    assert done() == [first, second, third]


def test_the_tour_is_closed_for_good(editor: Client) -> None:
    run = run_of(workflow_called("Orders"))
    assert "First steps" in text_of(editor.get("/"))
    answer = editor.post("/tour/close/", follow=True)
    assert answer.redirect_chain == [("/", 302)]
    editor.get(f"/runs/{run.pk}/")
    assert "First steps" not in text_of(editor.get("/"))


def test_the_tour_is_for_those_who_begin_and_may_edit(editor: Client) -> None:
    workflow = workflow_called("Orders")
    for _ in range(MOST_RUNS):
        run_of(workflow)
    assert "First steps" in text_of(editor.get("/"))
    assert "First steps" not in text_of(client_of(Role.VIEWER).get("/"))
    run_of(workflow)
    assert "First steps" not in text_of(editor.get("/"))


def test_a_run_page_that_is_not_there_was_not_looked_at(editor: Client) -> None:
    answer = editor.get("/runs/0198c9a4-7d2e-7c41-9f0b-3a5d6e7f8091/")
    assert answer.status_code == 404
    assert COOKIE not in answer.cookies
