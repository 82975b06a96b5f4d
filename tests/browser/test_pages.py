"""The pages in a real browser: what scripts do, and what stays live."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from runs.models import Run, Step
from tests.browser.filled import DEEP, history
from tests.runs.records import run_of, step_of, workflow_called
from tests.workflows.definitions import user_with
from workflows.models import Role, Workflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def failed(visit: Callable[[str], Page]) -> Run:
    failed: Run = history()["failed"]
    return failed


def test_people_log_in_and_look_around(page: Page, home: str) -> None:
    user_with(Role.EDITOR)
    page.goto(f"{home}/runs/")
    page.get_by_label("Username").fill("editor_user")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    for name in ("Dashboard", "Workflows", "Deliveries", "Secrets"):
        page.get_by_role("navigation").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_the_theme_is_remembered(visit: Callable[[str], Page], page: Page) -> None:
    page.emulate_media(color_scheme="light")
    visit("/runs/")
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    button = page.get_by_role("button", name="Theme")
    button.click()
    button.click()
    expect(button).to_have_attribute("title", "Theme: dark")
    expect(page.locator("body")).not_to_have_css("background-color", light)
    page.reload()
    assert page.evaluate(colour) != light


def test_a_run_is_followed_without_disturbing_its_reader(
    visit: Callable[[str], Page],
) -> None:
    run = run_of(workflow_called("Orders"), "running", timezone.now())
    first = step_of(run, "start", output=DEEP)
    busy = step_of(run, "a", "running")
    page = visit(f"/runs/{run.pk}/")
    page.locator(f"#step-{first.pk} > summary").click()
    page.locator(f"#step-{first.pk} summary", has_text="more").click()
    page.locator(f"#step-{first.pk} summary", has_text="deep").click()
    expect(page.get_by_text("the end", exact=True)).to_be_visible()
    page.evaluate("window.scrollTo(0, 240)")

    Step.objects.filter(pk=busy.pk).update(
        status="completed", port="default", output={"n": 42}, finished_at=timezone.now()
    )
    new = step_of(run, "b", "running")
    expect(page.locator(f"#step-{new.pk}")).to_be_visible()
    expect(page.locator("#state-a")).to_contain_text("Completed")
    expect(page.get_by_text("the end", exact=True)).to_be_visible()
    assert page.evaluate("window.scrollY") == 240

    Step.objects.filter(pk=new.pk).update(status="completed", finished_at=timezone.now())
    Run.objects.filter(pk=run.pk).update(
        status="completed", output={"all": "done"}, finished_at=timezone.now()
    )
    expect(page.get_by_role("button", name="Re-run")).to_be_visible()
    expect(page.locator("#announcements")).to_have_text("The run is completed.")
    expect(page.get_by_text("the end", exact=True)).to_be_visible()
    expect(page.locator("#run-live")).not_to_have_attribute("hx-get", "")
    page.locator(f"#step-{busy.pk} > summary").click()
    expect(page.locator(f"#step-{busy.pk}-body")).to_contain_text("42")


def test_a_list_follows_its_runs(visit: Callable[[str], Page]) -> None:
    run = run_of(workflow_called("Orders"), "queued", timezone.now())
    page = visit("/runs/")
    row = page.get_by_role("row", name="Orders")
    expect(row).to_contain_text("Queued")
    Run.objects.filter(pk=run.pk).update(status="completed")
    expect(row).to_contain_text("Completed")
    expect(page.locator("#run-rows")).not_to_have_attribute("data-polls", "")


def test_values_and_expressions_are_copied(visit: Callable[[str], Page], page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    run = run_of(workflow_called("Orders"))
    step = step_of(run, "a", output=DEEP)
    visit(f"/runs/{run.pk}/#step-{step.pk}")
    tree = page.get_by_role("region", name="Output of a").get_by_role("group")
    clipboard = "navigator.clipboard.readText()"

    tree.get_by_text("Ada").hover()
    tree.get_by_role("button", name="Copy as template expression").click()
    expect(page.locator("#announcements")).to_have_text("Copied.")
    assert page.evaluate(clipboard) == "{{ a.user.name }}"

    tree.get_by_text("tags").hover()
    tree.get_by_role("button", name="Copy value").click()
    page.wait_for_function(f"{clipboard}.then((text) => text.includes('\"y\"'))")


def test_trees_are_walked_by_keyboard(visit: Callable[[str], Page]) -> None:
    run = run_of(workflow_called("Orders"), payload=DEEP)
    page = visit(f"/runs/{run.pk}/")
    page.get_by_role("group", name="Payload as a tree").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    focused = page.locator(":focus")
    expect(focused).to_contain_text("more")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#run-payload").get_by_text("deep")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(focused).to_contain_text("deep")
    page.keyboard.press("ArrowLeft")
    expect(focused).to_contain_text("more")


def test_the_plan_of_a_resume_follows_the_choice(visit: Callable[[str], Page], failed: Run) -> None:
    page = visit(f"/runs/{failed.pk}/")
    page.get_by_role("link", name="Resume").click()
    dialog = page.get_by_role("dialog")
    row = dialog.get_by_role("row", name="start")
    expect(row).to_contain_text("Reused")
    dialog.get_by_label("The beginning").check()
    expect(row).to_contain_text("Repeated")
    dialog.get_by_label("The step to start from").select_option("a")
    expect(row).to_contain_text("Reused")
    expect(dialog.get_by_role("row", name="Probe a")).to_contain_text("Repeated")
    dialog.get_by_role("button", name="Resume now").click()
    expect(page.get_by_text("Resumed as attempt 2.")).to_be_visible()


def test_cancel_asks_first(visit: Callable[[str], Page]) -> None:
    run = run_of(workflow_called("Orders"), "waiting")
    page = visit(f"/runs/{run.pk}/")
    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("button", name="Keep it").click()
    run.refresh_from_db()
    assert run.status == "waiting"
    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
    expect(page.get_by_text("The run was cancelled.")).to_be_visible()


def test_a_workflow_is_imported_published_and_run(visit: Callable[[str], Page]) -> None:
    page = visit("/workflows/import/")
    graph = (
        '{"nodes": [{"id": "start", "type": "manual_trigger", "config": {"sample": {"name": "Ada"}}'
        '}, {"id": "say", "type": "text_transform", "config": {"template": "Hi"}}], '
        '"edges": [{"source": "start", "port": "default", "target": "say"}]}'
    )
    page.locator("input[type=file]").set_input_files(
        {"name": "greet.json", "mimeType": "application/json", "buffer": graph.encode()}
    )
    page.get_by_role("button", name="Import").click()
    page.get_by_role("link", name="Imported workflow").click()

    switch = page.get_by_role("switch")
    expect(switch).to_be_disabled()
    page.get_by_role("button", name="Publish").click()
    page.get_by_label("Note").fill("First")
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    switch.click()
    expect(switch).to_be_checked()

    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_label("Payload (JSON)")).to_have_value('{\n  "name": "Ada"\n}')
    page.get_by_label("Published v1").check()
    page.get_by_role("dialog").get_by_role("button", name="Run").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    assert Run.objects.get().payload == {"name": "Ada"}
    assert Workflow.objects.get().is_active
