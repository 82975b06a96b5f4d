"""No edit is ever lost: autosave, two tabs, offline, killed tabs, leaving."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Error, Page, Route, expect

from tests.browser.builder.editor_page import READY, in_editor, page_of
from tests.browser.builder.work_driver import edit, expect_saved, notes_of, workflow_of
from tests.browser.people import log_in
from tests.environment.waiting import until
from workflows import services
from workflows.models import Role, Workflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., Page]


def state_of(tab: Page) -> str:
    return str(tab.evaluate("document.getElementById('save-text').textContent"))


def test_every_change_is_saved_and_seen(visit: Visit) -> None:
    workflow = workflow_of()
    tab = visit(page_of(workflow))
    expect_saved(tab)
    assert edit(tab, "first") == "Saving…"
    expect_saved(tab)
    assert notes_of(workflow) == "first"

    edit(tab, "second")
    tab.get_by_role("button", name="Undo: Edit say").click()
    expect_saved(tab)
    assert notes_of(workflow) == "first"
    tab.get_by_role("button", name="Redo: Edit say").click()
    expect(tab.get_by_text("Saving…")).to_be_visible()
    expect_saved(tab)
    assert notes_of(workflow) == "second"

    tab.reload()
    assert in_editor(tab, "editor.graph.nodes.find((node) => node.id === 'say').notes") == "second"


def test_the_name_is_edited_in_place_and_makes_no_tab_stale(
    visit: Visit, allowed_errors: list[str]
) -> None:
    allowed_errors.append("409")
    workflow = workflow_of()
    tab = visit(page_of(workflow))
    name = tab.get_by_label("Name of the workflow")
    name.fill("Greet everybody")
    name.press("Enter")
    edit(tab, "after the new name")
    expect_saved(tab)
    workflow.refresh_from_db()
    assert (workflow.name, notes_of(workflow)) == ("Greet everybody", "after the new name")
    assert workflow.changed_by is not None

    # Another tab that only has the old name goes on too: its graph is based on the same one.
    services.update_workflow(workflow=workflow, description="Changed elsewhere")
    edit(tab, "after the description")
    expect_saved(tab)
    assert notes_of(workflow) == "after the description"

    name.fill("  ")
    name.press("Enter")
    expect(name).to_have_value("Greet everybody")


# ---------------------------------------------------------------- two tabs


def test_two_tabs_and_no_edit_is_lost_without_a_question(
    visit: Visit, page: Page, allowed_errors: list[str]
) -> None:
    allowed_errors.append("409")
    workflow = workflow_of()
    one, other = visit(page_of(workflow)), page.context.new_page()
    visit(page_of(workflow), tab=other)
    edit(other, "theirs")
    expect_saved(other)

    edit(one, "mine")
    dialog = one.get_by_role("dialog", name="Somebody else changed this workflow")
    expect(dialog).to_contain_text("admin_user saved another version")
    assert state_of(one) == "Not saved: somebody else changed this workflow"
    assert notes_of(workflow) == "theirs"

    dialog.get_by_role("button", name="Decide later").click()
    edit(one, "mine, gone on")
    one.wait_for_timeout(700)
    assert notes_of(workflow) == "theirs"

    one.locator("#save-state").click()
    dialog.get_by_role("button", name="Load theirs").click()
    expect_saved(one)
    notes = "editor.graph.nodes.find((node) => node.id === 'say').notes"
    assert in_editor(one, notes) == "theirs"
    one.get_by_role("button", name="Undo: Load their changes").click()
    expect_saved(one)
    assert in_editor(one, notes) == notes_of(workflow) == "mine, gone on"

    edit(other, "theirs again")
    dialog = other.get_by_role("dialog", name="Somebody else changed this workflow")
    dialog.get_by_role("button", name="Keep mine as a copy").click()
    expect(other.get_by_label("Name of the workflow")).to_have_value("Greet (my copy)")
    assert notes_of(workflow) == "mine, gone on"
    copy = Workflow.objects.get(name="Greet (my copy)")
    assert notes_of(copy) == "theirs again"
    assert (
        other.evaluate("Object.keys(localStorage).filter((key) => key.includes('unsaved'))") == []
    )


def test_a_save_whose_answer_is_lost_is_no_conflict(
    visit: Visit, page: Page, allowed_errors: list[str]
) -> None:
    allowed_errors += ["409", "ERR_FAILED"]
    workflow = workflow_of()
    tab = visit(page_of(workflow))

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/draft/", lose_the_answer, times=1)
    edit(tab, "arrived")
    expect(tab.locator("#save-text")).to_have_text("Offline, will save")
    assert notes_of(workflow) == "arrived"
    edit(tab, "and more")
    expect_saved(tab)
    assert notes_of(workflow) == "and more"


# ---------------------------------------------------------------- offline, errors, leaving


def test_offline_changes_wait(visit: Visit, page: Page, allowed_errors: list[str]) -> None:
    allowed_errors.append("ERR_INTERNET_DISCONNECTED")
    workflow = workflow_of()
    tab = visit(page_of(workflow))
    page.context.set_offline(True)
    edit(tab, "on the train")
    expect(tab.locator("#save-text")).to_have_text("Offline, will save")
    expect(tab.get_by_text("Your changes are kept in this browser.")).to_be_visible()
    edit(tab, "in the tunnel")
    assert notes_of(workflow) == ""
    page.context.set_offline(False)
    expect_saved(tab)
    assert notes_of(workflow) == "in the tunnel"


def test_a_server_that_is_busy_and_a_draft_that_is_refused(
    visit: Visit, page: Page, allowed_errors: list[str]
) -> None:
    allowed_errors += ["503", "400"]
    workflow = workflow_of()
    tab = visit(page_of(workflow))
    page.route("**/draft/", lambda route: route.fulfill(status=503), times=1)
    edit(tab, "patient")
    expect(tab.locator("#save-text")).to_have_text("The server is busy, will save")
    expect_saved(tab)
    assert notes_of(workflow) == "patient"

    in_editor(tab, "editor.change('Break it', (graph) => ({ ...graph, extra: 1 }))")
    expect(tab.locator("#save-text")).to_have_text("Not saved: A graph has no 'extra'. Remove it.")
    assert notes_of(workflow) == "patient"
    in_editor(tab, "editor.undo()")
    expect_saved(tab)


def test_who_is_logged_out_meanwhile_loses_nothing(
    visit: Visit, page: Page, allowed_errors: list[str]
) -> None:
    workflow = workflow_of()
    tab = visit(page_of(workflow))
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    edit(tab, "kept")
    expect(tab.locator("#save-text")).to_have_text(
        "Not saved: You are logged out. Log in in another tab."
    )
    page.context.add_cookies(cookies)
    tab.locator("#save-state").click()
    expect_saved(tab)
    assert notes_of(workflow) == "kept"


def test_leaving_with_unsaved_changes_warns_and_saves_on_the_way(visit: Visit, page: Page) -> None:
    workflow = workflow_of()
    tab = visit(page_of(workflow), tab=page.context.new_page())
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    tab.on("dialog", leave)
    tab.locator("#save-state").click()  # Browsers ask only people who have touched the page.
    edit(tab, "at the last moment")
    tab.get_by_role("link", name="Dashboard").click()
    expect(tab.get_by_role("heading", name="Dashboard")).to_be_visible()
    assert asked == ["beforeunload"]
    until(lambda: notes_of(workflow) == "at the last moment", within=5)

    visit(page_of(workflow), tab=tab)
    expect_saved(tab)
    tab.locator("#save-state").click()
    tab.get_by_role("link", name="Dashboard").click()
    expect(tab.get_by_role("heading", name="Dashboard")).to_be_visible()
    assert asked == ["beforeunload"]


# ---------------------------------------------------------------- killed tabs


def test_what_a_killed_tab_had_not_saved_is_offered_again_to_the_same_person(
    visit: Visit, page: Page, home: str, allowed_errors: list[str]
) -> None:
    allowed_errors.append("ERR_FAILED")
    workflow = workflow_of()
    page.context.route("**/draft/", lambda route: route.abort())
    tab = page.context.new_page()
    visit(page_of(workflow), tab=tab)
    edit(tab, "precious")
    expect(tab.locator("#save-text")).to_have_text("Offline, will save")

    # A second tab is not offered what the first one, still open, is about to save.
    second = visit(page_of(workflow))
    second.wait_for_timeout(200)
    expect(second.get_by_role("dialog")).to_have_count(0)

    crash(tab)
    tab.close()
    page.context.unroute("**/draft/")
    assert notes_of(workflow) == ""

    mine = page.context.cookies()
    log_in(page.context, home, Role.EDITOR)
    second.reload()
    edit(second, "of somebody else")
    expect_saved(second)
    expect(second.get_by_role("dialog")).to_have_count(0)
    edit(second, "")
    expect_saved(second)

    page.context.add_cookies(mine)
    second.reload()
    dialog = second.get_by_role("dialog", name="Restore what was not saved?")
    dialog.get_by_role("button", name="Restore").click()
    expect_saved(second)
    assert notes_of(workflow) == "precious"
    second.get_by_role("button", name="Undo: Restore what was not saved").click()
    expect_saved(second)
    assert notes_of(workflow) == ""
    second.reload()
    second.wait_for_timeout(200)
    expect(second.get_by_role("dialog")).to_have_count(0)


KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('altoflow.'))"


def test_who_logs_out_leaves_nothing_behind(
    visit: Visit, page: Page, home: str, allowed_errors: list[str]
) -> None:
    allowed_errors += ["ERR_FAILED", "409"]
    workflow = workflow_of()
    tab = visit(page_of(workflow))
    page.route("**/draft/", lambda route: lose(route, "the request"))
    edit(tab, "not saved")
    expect(tab.locator("#save-text")).to_have_text("Offline, will save")
    tab.evaluate("localStorage.setItem('altoflow.payload.0.x', 'of somebody else')")

    log_out(tab)
    dialog = tab.get_by_role("dialog", name="Are you sure?")
    expect(dialog).to_contain_text("Your changes to a workflow did not reach the server")
    dialog.get_by_role("button", name="Keep it").click()
    assert len(tab.evaluate(KEPT)) == 2
    log_out(tab)
    dialog.get_by_role("button", name="Discard and log out").click()
    expect(tab.get_by_role("heading", name="Log in")).to_be_visible()
    assert tab.evaluate(KEPT) == ["altoflow.payload.0.x"]
    assert notes_of(workflow) == ""

    # What the server has goes without a question.
    page.unroute("**/draft/")
    log_in(page.context, home, Role.EDITOR)
    visit(page_of(workflow))
    page.route("**/draft/", lambda route: lose(route, "the answer"))
    edit(tab, "saved")
    expect(tab.locator("#save-text")).to_have_text("Offline, will save")
    log_out(tab)
    expect(tab.get_by_role("heading", name="Log in")).to_be_visible()
    assert tab.evaluate(KEPT) == ["altoflow.payload.0.x"]
    assert notes_of(workflow) == "saved"


def lose(route: Route, what: str) -> None:
    """Of what saves a draft; what reads one arrives."""
    if route.request.method != "PUT":
        return route.continue_()
    if what == "the answer":
        route.fetch()
    route.abort()


def log_out(tab: Page) -> None:
    tab.locator("summary[aria-label^='Account of']").click()
    tab.get_by_role("button", name="Log out").click()


@pytest.fixture
def crowd(page: Page, browser: Browser) -> Iterator[BrowserContext]:
    """A browser of its own that keeps files and asks nobody about its requests, for many tabs."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.mark.parametrize(
    "kills", [16, *(pytest.param(n, marks=pytest.mark.long) for n in (56, 400))]
)
def test_what_was_shown_as_saved_is_there_however_a_tab_is_killed(
    home: str,
    crowd: BrowserContext,
    kills: int,
) -> None:
    """Eight tabs at a time, each on a workflow of its own, are killed 0 to 900 ms after an edit,
    many of them around the moment of saving. What was not saved is offered when the next tab
    opens."""
    dice = random.Random(2026)
    plots = [Plot(workflow_of(name=f"W{number}")) for number in range(8)]
    watch = crowd.new_page()
    log_in(crowd, home, Role.EDITOR)
    for number in range(kills // len(plots)):
        for plot in plots:
            plot.open(crowd, home)
        for plot in plots:
            plot.restore()
        for plot in plots:
            after = dice.choice([dice.uniform(0, 900), dice.uniform(480, 640)]) / 1000
            plot.edit(f"edit {number}", after)
        for plot in sorted(plots, key=lambda plot: plot.dies_at):
            watch.wait_for_timeout(max(plot.dies_at - time.monotonic(), 0) * 1000)
            plot.kill(by_crash=bool(dice.getrandbits(1)))
    assert [plot.lost for plot in plots] == [[]] * len(plots)
    shown = sum(plot.shown for plot in plots)
    assert kills / 10 < shown < kills * 9 / 10


class Plot:
    """A workflow and the tabs that edit it, one after the other."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.wanted = ""
        self.dies_at = 0.0
        self.shown = 0
        """How often it died while it said "Saved"."""
        self.lost: list[str] = []

    def open(self, crowd: BrowserContext, home: str) -> None:
        self.tab = crowd.new_page()
        self.tab.goto(home + page_of(self.workflow), wait_until="commit")

    def restore(self) -> None:
        """Take the offer, where there has to be one."""
        self.tab.locator(READY).wait_for()
        if notes_of(self.workflow) == self.wanted:
            return
        dialog = self.tab.get_by_role("dialog", name="Restore what was not saved?")
        dialog.get_by_role("button", name="Restore").click()
        restored = in_editor(self.tab, "editor.graph.nodes.at(-1).notes")
        if restored != self.wanted:
            self.lost.append(f"{self.wanted}: {restored} was restored")

    def edit(self, wanted: str, after: float) -> None:
        self.wanted = wanted
        edit(self.tab, wanted)
        self.dies_at = time.monotonic() + after

    def kill(self, *, by_crash: bool) -> None:
        state = state_of(self.tab)
        if by_crash:
            crash(self.tab)
        self.tab.close(run_before_unload=False)
        if state == "Saved":
            self.shown += 1
            if (found := notes_of(self.workflow)) != self.wanted:
                self.lost.append(f"{self.wanted}: the server has {found}")


def crash(tab: Page) -> None:
    """The process that shows the tab dies at once, without a word to the page."""
    with tab.expect_event("crash"), suppress(Error):
        tab.goto("chrome://crash")
