"""Every page that a browser can open, once: axe finds nothing in light and in dark, nothing is
wider than a phone, the policy of its answer lets nothing in from elsewhere. (What it writes to the
console and asks of other hosts is watched by `page`.) A page that has no row here fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from altoflow.setup import make_setup_token
from runs.presentation.failures import find_failures
from tests.altoflow.places import filled, places
from tests.altoflow.test_url_matrix import rows
from tests.browser.builder.editor_page import READY, in_editor
from tests.browser.filled import (
    archived_runs,
    broken_workflow,
    changed_workflow,
    history,
    looped_run,
)
from tests.browser.people import DESK, PHONE, log_in, too_wide
from tests.environment import axe
from tests.runs.archives import archive_in
from tests.workflows.definitions import user_with
from workflows.models import Role
from workflows.services import create_workflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIXTURES = Path(__file__).parent.parent / "fixtures/n8n"
Act = Callable[[Page], object]
Row = str | tuple[str, Act]
"""An address, and what is done there before anybody looks."""


def unfold(page: Page) -> None:
    page.evaluate(
        "document.querySelectorAll('main details').forEach((each) => { each.open = true; })"
    )


def ready(page: Page) -> None:
    page.locator(READY).wait_for()


def open_node(page: Page) -> None:
    ready(page)
    in_editor(page, "editor.open('call')")
    page.locator("#side-node [data-path='config.url']").first.wait_for()


def log_in_wrongly(page: Page) -> None:
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("to be refused")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("not correct")).to_be_visible()


def import_files(page: Page) -> None:
    page.get_by_label("Files", exact=True).set_input_files(
        [FIXTURES / "19_unknown_nodes.json", Path(__file__)]
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="1 workflow imported")).to_be_visible()


NOBODY_YET: dict[str, Row] = {
    "setup": "/setup/?token={token}",
    "setup without the link": "/setup/",
    "setup by another link": "/setup/?token=x",
}
STRANGER: dict[str, Row] = {
    "setup is over": "/setup/?token=x",
    "login": "/accounts/login/?next=/runs/",
    "login refused": ("/accounts/login/", log_in_wrongly),
    "inactive": "/accounts/inactive/",
    "sign-up is closed": "/accounts/signup/",
}
EMPTY: dict[str, Row] = {
    "dashboard": "/",
    "workflows": "/workflows/",
    "templates": "/workflows/templates/",
    "no template": "/workflows/templates/?q=zzz",
    "runs": "/runs/",
    "failures": "/runs/failures/",
    "deliveries": "/deliveries/",
    "secrets": "/secrets/",
    "archive": "/archive/",
    "new workflow": "/workflows/new/",
    "import": "/workflows/import/",
    "password": "/accounts/password/change/",
    "log out": "/accounts/logout/",
}
DOCS: dict[str, Row] = {
    "docs": ("/docs/", unfold),
    "found in the docs": ("/docs/?q=list", unfold),
    "not found in the docs": "/docs/?q=zzz",
    "node types": ("/docs/nodes/", unfold),
    "docs of HTTP requests": ("/docs/nodes/http_request/", unfold),
    "docs of rules": ("/docs/nodes/logical_group/", unfold),
    "docs with long words": ("/docs/nodes/string_transform/", unfold),
    "docs of templates": ("/docs/templates/", unfold),
    "a template with a warning": "/docs/templates/?template={{{{ trigger.ordr }}}}",
    "a template with an error": "/docs/templates/?template={{% nope %}}",
}
FILLED: dict[str, Row] = {
    "dashboard": "/",
    "workflows": "/workflows/",
    "outcome of an import": ("/workflows/import/", import_files),
    "builder": ("/workflows/{workflow.pk}/", ready),
    "builder of nothing": ("/workflows/{nothing.pk}/", ready),
    "builder with a run and problems": ("/workflows/{broken.pk}/", ready),
    "builder with a node": ("/workflows/{draft.pk}/", open_node),
    "versions": "/workflows/{changed.pk}/versions/",
    "one version": "/workflows/{changed.pk}/versions/2/",
    "what changed": "/workflows/{changed.pk}/versions/compare/?from=1&to=2",
    "runs": "/runs/",
    "no match": "/runs/?q=zzz",
    "failed run": "/runs/{failed.pk}/",
    "resumed run": "/runs/{resumed.pk}/?attempt=1",
    "run with iterations": "/runs/{looped.pk}/",
    "its first attempt": "/runs/{looped.pk}/?attempt=1",
    "resume": "/runs/{failed.pk}/resume/",
    "failures": "/runs/failures/",
    "runs of a cause": "/runs/failures/runs/?cause={cause.key}",
    "no failures": "/runs/failures/?workflow={failed.pk}",
    "deliveries": "/deliveries/",
    "secrets": "/secrets/",
    "archive": "/archive/",
    "archived run": "/archive/{archived.pk}/",
    "copy of an archived run": "/runs/{restored.pk}/",
}
ERRORS: dict[str, Row] = {
    "nothing here": "/nowhere/",
    "odd request": "/fails/400/",
    "not allowed": "/fails/403/",
    "form too old": "/fails/403/csrf/",
    "too many": "/fails/429/",
    "our fault": "/fails/500/",
}
TABLES = (NOBODY_YET, STRANGER, EMPTY, DOCS, FILLED)
LEFT_OUT = {
    "api/docs/": "drf-spectacular's; test_api_docs.py uses it",
    "admin/": "Django's",
}


@pytest.fixture
def look(page: Page, home: str) -> Callable[..., None]:
    """Opens each page of a table and fails with what is wrong there."""

    def look_at(table: dict[str, Row], **values: Any) -> None:
        wrong = {name: faults_of(page, home, row, values) for name, row in table.items()}
        assert {name: faults for name, faults in wrong.items() if faults} == {}

    return look_at


def faults_of(page: Page, home: str, row: Row, values: dict[str, Any]) -> list[str]:
    address, act = (row, None) if isinstance(row, str) else row
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = page.goto(home + address.format(**values))
    assert answer
    faults = policy_faults(answer)
    if act:
        act(page)
    if beyond := too_wide(page):
        faults.append(f"{beyond} px beyond a phone")
    page.set_viewport_size(DESK)
    return faults + axe.barriers(page)


def policy_faults(answer: Response) -> list[str]:
    policy = answer.header_value("content-security-policy") or ""
    return [] if "default-src 'none'" in policy and "unsafe-" not in policy else [policy or "none"]


def test_before_there_is_anybody(look: Callable[..., None], allowed_errors: list[str]) -> None:
    allowed_errors.append("status of 403")
    look(NOBODY_YET, token=make_setup_token())


def test_for_strangers(look: Callable[..., None], allowed_errors: list[str]) -> None:
    allowed_errors.append("status of 403")
    user_with(Role.ADMIN)
    look(STRANGER)


def test_while_there_is_nothing(look: Callable[..., None], page: Page, home: str) -> None:
    log_in(page.context, home, Role.ADMIN)
    look(EMPTY)


def test_the_documentation(look: Callable[..., None], page: Page, home: str) -> None:
    log_in(page.context, home, Role.ADMIN)
    look(DOCS)


def test_with_something_of_everything(
    look: Callable[..., None], page: Page, home: str, tmp_path: Path, settings: Any
) -> None:
    log_in(page.context, home, Role.ADMIN)
    archive_in(tmp_path, settings)
    archived, restored = archived_runs()
    looped = looped_run()
    values = {
        **history(),
        "archived": archived,
        "restored": restored,
        "looped": looped,
        "broken": broken_workflow(),
        "changed": changed_workflow(),
        "nothing": create_workflow(name="Nothing yet"),
        "cause": find_failures(since=timezone.now() - timedelta(days=1)).causes[0],
    }
    look(FILLED, **values)


def test_when_something_is_wrong(
    look: Callable[..., None],
    page: Page,
    home: str,
    settings: Any,
    allowed_errors: list[str],
) -> None:
    allowed_errors.append("status of")
    settings.ROOT_URLCONF = "tests.browser.failing_urls"
    log_in(page.context, home, Role.ADMIN)
    look(ERRORS)


def test_every_page_has_a_row() -> None:
    """A page is what answers a whole HTML document."""
    there = places()
    somebody = Client()
    somebody.force_login(user_with(Role.ADMIN))
    pages = set()
    for address, method, _ in rows():
        path = filled(address, there)
        if method == "GET" and (is_page(somebody, path) or is_page(Client(), path)):
            pages.add(address)
    assert sorted(pages - {*in_tables(), *LEFT_OUT}) == [], "These pages have no row here"


def is_page(person: Client, path: str) -> bool:
    answer = person.get(path)
    html = answer.headers["Content-Type"].startswith("text/html")
    return answer.status_code == 200 and html and answer.content[:9].lower() == b"<!doctype"


class AnyKey:
    """Stands for anything in an address."""

    pk = "0198c0de-0000-7000-8000-000000000000"
    key = "x"


def in_tables() -> set[str]:
    """The addresses as the product writes them."""
    names = ("workflow", "nothing", "broken", "draft", "changed", "failed", "resumed", "looped")
    values = dict.fromkeys((*names, "cause", "archived", "restored"), AnyKey)
    found = set()
    for row in chain(*(table.values() for table in TABLES)):
        address = (row if isinstance(row, str) else row[0]).format(**values, token="x")
        found.add(str(resolve(address.partition("?")[0]).route))
    return found
