"""The pages of runs in a real browser: many runs at once, the timeline, folds, figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from runs.models import Run
from tests.browser.filled import looped_run
from tests.runs.records import run_of, workflow_called
from workflows.models import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def role() -> Role:
    return Role.EDITOR


@pytest.fixture
def looped(visit: Callable[[str], Page]) -> Run:
    return looped_run()


def test_chosen_runs_stay_chosen_and_are_cancelled(visit: Callable[[str], Page]) -> None:
    workflow = workflow_called("Orders")
    going = [run_of(workflow, "waiting", timezone.now()) for _ in range(3)]
    page = visit("/runs/")
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_hidden()
    for run in going[:2]:
        page.locator(f'input[value="{run.pk}"]').check()
    expect(page.get_by_text("2 of 3 selected")).to_be_visible()

    Run.objects.filter(pk=going[2].pk).update(status="completed")
    expect(page.get_by_role("row", name="Completed")).to_be_visible()
    expect(page.locator("input[name=run]:checked")).to_have_count(2)

    cancel.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel 2 runs? What is under way is stopped.")
    dialog.get_by_role("button", name="Keep it").click()
    assert Run.objects.filter(status="waiting").count() == 2
    cancel.click()
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("2 runs were cancelled.")).to_be_visible()


def test_a_whole_page_is_chosen_by_keyboard(visit: Callable[[str], Page]) -> None:
    workflow = workflow_called("Orders")
    for status in ("completed", "failed"):
        run_of(workflow, status, timezone.now())
    page = visit("/runs/")
    every = page.get_by_label("Select all on this page")
    every.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("2 of 2 selected")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    message = page.get_by_role("status").filter(has_text="1 run was resumed.")
    expect(message).to_contain_text("1 run was not: Only a failed or cancelled run")


def test_the_timeline_leads_to_the_steps(visit: Callable[[str], Page], looped: Run) -> None:
    page = visit(f"/runs/{looped.pk}/")
    timeline = page.get_by_role("group", name="Timeline")
    expect(timeline.get_by_role("listitem").filter(has_text="call")).to_contain_text("2 tries")
    timeline.get_by_role("link", name="start").click()
    step = looped.steps.get(node_id="start")
    expect(page.locator(f"#step-{step.pk}")).to_have_attribute("open", "")
    timeline.get_by_role("link", name="b", exact=False).last.click()
    expect(page.locator(".fold-all")).to_have_attribute("open", "")
    expect(page.get_by_text("Show more of the 10 other iterations")).to_be_visible()


def test_iterations_open_one_by_one(visit: Callable[[str], Page], looped: Run) -> None:
    page = visit(f"/runs/{looped.pk}/")
    failed = looped.steps.get(node_id="b", status="failed")
    expect(page.get_by_text("First failed: iteration 41")).to_be_visible()
    expect(page.locator(f"#step-{failed.pk}")).to_have_attribute("open", "")
    page.locator(".fold-all > summary").click()
    page.locator(".iteration > summary").nth(3).click()
    step = looped.steps.get(node_id="b", iteration="3")
    page.locator(f"#step-{step.pk} > summary").click()
    expect(page.locator(f"#step-{step.pk}-body")).to_contain_text("answer")
    page.get_by_role("button", name="Failed ones only").click()
    expect(page.locator(".iteration")).to_have_count(1)


def test_an_http_step_is_copied_as_curl(
    visit: Callable[[str], Page], looped: Run, page: Page
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    step = looped.steps.get(node_id="call", try_number=2)
    visit(f"/runs/{looped.pk}/#step-{step.pk}")
    body = page.locator(f"#step-{step.pk}-body")
    body.get_by_text("The request as a curl command").click()
    expect(body.get_by_text("Put the secrets in for the dots first")).to_be_visible()
    body.get_by_role("button", name="Copy as curl").click()
    expect(page.locator("#announcements")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("curl --request POST")
    assert """--data-raw '{"it'"'"'s":"•••"}'""" in copied
    expect(body.get_by_title("A secret of the vault")).to_be_visible()


def test_all_runs_of_a_cause_are_resumed_after_a_question(
    visit: Callable[[str], Page], looped: Run
) -> None:
    page = visit("/runs/failures/")
    page.get_by_role("button", name="Resume").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Resume the run where it stopped?")
    dialog.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("1 run was resumed.")).to_be_visible()
    looped.refresh_from_db()
    assert (looped.status, looped.attempt) == ("queued", 3)


def test_the_figures_are_renewed(visit: Callable[[str], Page], looped: Run) -> None:
    page = visit("/")
    figures = page.locator("#figures")
    expect(figures.get_by_text("0 queued · 0 running · 0 waiting")).to_be_visible()
    link = figures.get_by_role("link", name="All runs", exact=True)
    link.focus()
    run_of(looped.workflow, "queued", timezone.now())
    page.evaluate("htmx.ajax('GET', '/dashboard/', '#figures')")
    expect(figures.get_by_text("1 queued · 0 running · 0 waiting")).to_be_visible()
    expect(link).to_be_focused()
