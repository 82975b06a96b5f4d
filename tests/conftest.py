"""What every test can ask for.

Two databases. `make test` runs all tests on SQLite, and those marked `both_databases` once more on
PostgreSQL. In-process tests need nothing but the marker, usually for a whole module:

    pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

By hand: `DATABASE_URL=postgresql://... pytest` runs the marked ones on that server.

Pages. `viewer` and `editor` are clients of Django in which somebody is logged in.

A whole installation. `installation` is a data folder, a database and a free port, on SQLite and on
PostgreSQL in turn; `installation.start()` runs `manage.py up`. Those who need other settings, or
one installation for a module, call `new_installation("sqlite", ALTOFLOW_WORKERS="1")`.

A browser. `page` is a Playwright page in headless Chromium; the test fails on any error in its
console and on any request that leaves 127.0.0.1. Mark the module `browser`.

`make test` runs each module on one worker of pytest-xdist, so a module may share what it starts.
"""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.environment import chromium, emptying, octokit, postgres
from tests.environment.installation import Installation
from tests.environment.migrated import Migrated
from tests.environment.paths import NPM
from tests.visitors import client_of
from workflows.models import Role

PATIENCE = 10_000
"""Milliseconds in which a browser does what a test waits for, on a machine that is busy too."""
USUAL_SIZE: ViewportSize = {"width": 1280, "height": 720}
"""Playwright's own."""
SILENCE = """["beforeunload", "pagehide", "visibilitychange"].forEach((each) =>
    addEventListener(each, (event) => event.stopImmediatePropagation(), true))"""
NOT_PREPARED = "run `make test` once, or `python -m tests.environment.prepare`"


emptying.empty_quickly()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked `long` too")


def pytest_report_header() -> list[str]:
    lines = [f"database: {settings.DATABASE['ENGINE'].rpartition('.')[2]}"]
    if not (NPM / "prepared").exists():
        lines.append(f"NOT PREPARED, tests in a browser will fail: {NOT_PREPARED}")
    return lines


def is_wanted(item: pytest.Item, *, long: bool) -> bool:
    on_this_database = settings.IS_SQLITE or item.get_closest_marker("both_databases")
    return bool(on_this_database) and (long or not item.get_closest_marker("long"))


TAKES_LONG = (
    "tests/chaos/",
    "tests/browser/",
    "tests/runs/test_random_graphs.py",
    "tests/runs/test_schedules_together.py",
    "tests/acceptance/",
    "tests/altoflow/",
    "tests/test_architecture.py",
)


def takes_long(item: pytest.Item) -> bool:
    return item.nodeid.startswith(TAKES_LONG)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """On PostgreSQL, modules with nothing for it are not even imported."""
    if settings.IS_SQLITE or not collection_path.name.startswith("test_"):
        return None
    return "both_databases" not in collection_path.read_text() or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    long = config.getoption("--long")
    unwanted = [item for item in items if not is_wanted(item, long=long)]
    items[:] = [item for item in items if is_wanted(item, long=long)]
    items.sort(key=takes_long, reverse=True)
    config.hook.pytest_deselected(items=unwanted)


def pytest_collection_finish() -> None:
    # Thousands of tests and what they import stay: looking for garbage in them again and again
    # takes a twentieth of the time of all tests.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A real PostgreSQL server; the one of `make test`, else one of our own."""
    if url := os.environ.get("ALTOFLOW_TEST_POSTGRES"):
        yield postgres.Server(url)
        return
    with postgres.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database, each in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Migrated:
    """One for all workers of pytest-xdist."""
    own = tmp_path_factory.getbasetemp()
    return Migrated((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "migrated")


@pytest.fixture(scope="session")
def new_installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Migrated
) -> Iterator[Callable[..., Installation]]:
    """new_installation(database="sqlite" | "postgresql", **environment) -> Installation, not yet
    started; with `empty`, its first start will be the very first. Whatever is left running is
    ended with the session."""
    made: list[Installation] = []

    def make(database: str = "sqlite", *, empty: bool = False, **env: str) -> Installation:
        server = None
        if database == "postgresql":
            server = request.getfixturevalue("postgres_server")
        url = server.new_database() if server and empty else None
        installation = Installation(
            tmp_path_factory.mktemp("installation"), database_url=url, **env
        )
        made.append(installation)
        if not empty:
            migrated.equip(installation, server)
        return installation

    yield make
    for installation in made:
        installation.close()


@pytest.fixture
def installation(
    database: str, new_installation: Callable[..., Installation]
) -> Iterator[Installation]:
    """A fresh installation on each kind of database, not yet started, ended after the test."""
    made = new_installation(database)
    yield made
    made.close()


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    """pytest-httpserver says `localhost` by default, which may be ::1."""
    return ("127.0.0.1", 0)


@pytest.fixture(scope="session")
def octokit_examples() -> list[tuple[str, dict[str, Any]]]:
    """(event name, payload) of GitHub's own webhook examples."""
    if not octokit.available():
        pytest.skip(f"!!!! GitHub's examples are missing, npm was not reached: {NOT_PREPARED}")
    return octokit.examples()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = chromium.find()
    if executable is None:
        pytest.fail(f"There is no Chromium for the tests: {NOT_PREPARED}")
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=chromium.LAUNCH_FLAGS,
            env=chromium.environment(executable),
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def viewer() -> Client:
    return client_of(Role.VIEWER)


@pytest.fixture
def editor() -> Client:
    return client_of(Role.EDITOR)


@pytest.fixture
def allowed_errors() -> list[str]:
    """Append a part of an error text that the page may write to its console in this test."""
    return []


@pytest.fixture
def device() -> dict[str, Any]:
    """What Playwright's contexts take, e.g. `has_touch`; parametrize it for another device."""
    return {}


@pytest.fixture(scope="session")
def usual_page(browser: Browser) -> Iterator[Page]:
    """Shared by the tests on the usual device: a new tab would load and compile all scripts anew,
    which takes more than most of the tests."""
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def context(
    request: pytest.FixtureRequest, browser: Browser, device: dict[str, Any]
) -> Iterator[BrowserContext]:
    """Without cookies, without anything stored, without pages but an empty one."""
    if device:
        context = browser.new_context(**device)
        yield context
        context.close()
        return
    page: Page = request.getfixturevalue("usual_page")
    origins: set[str] = set()

    def note_origin(request: Request) -> None:
        address = urlsplit(request.url)
        origins.add(f"{address.scheme}://{address.netloc}")

    page.context.on("request", note_origin)
    yield page.context
    page.context.remove_listener("request", note_origin)
    forget_all(page, origins)


def forget_all(page: Page, origins: set[str]) -> None:
    """Leaves `page` as a new one in a new browser."""
    context = page.context
    for other in context.pages:
        if other is not page:
            other.close()
    page.unroute_all()
    context.unroute_all()
    context.set_offline(False)
    leave(page)
    context.clear_cookies()
    context.clear_permissions()
    session = context.new_cdp_session(page)
    for origin in origins:
        stored = {"origin": origin, "storageTypes": "local_storage,indexeddb,service_workers"}
        session.send("Storage.clearDataForOrigin", stored)
    session.detach()
    page.set_viewport_size(USUAL_SIZE)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")


def leave(page: Page) -> None:
    """As if it were closed: nothing is asked and nothing is saved. An address of the same server
    keeps the process, and with it the compiled scripts."""
    if not page.url.startswith("http"):
        return
    page.evaluate(SILENCE)
    try:
        page.goto(urljoin(page.url, "/healthz"))
        page.evaluate("sessionStorage.clear()")
    except Error:
        page.goto("about:blank")


@pytest.fixture
def page(context: BrowserContext, allowed_errors: list[str]) -> Iterator[Page]:
    """A page of its own session; afterwards the test fails on console errors, uncaught errors and
    requests that wanted to leave 127.0.0.1 (no name of a host leads anywhere). Listeners that a
    test adds stay, so those belong on a tab of its own: `page.context.new_page()`."""
    faults: list[str] = []

    def watch_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"console: {message.text}")

    def watch_errors(error: Error) -> None:
        faults.append(f"uncaught: {error}")

    def watch_address(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != "127.0.0.1":
            faults.append(f"a request to {request.url}")

    context.set_default_timeout(PATIENCE)
    context.set_default_navigation_timeout(3 * PATIENCE)
    context.on("request", watch_address)
    page = context.pages[0] if context.pages else context.new_page()
    page.on("console", watch_console)
    page.on("pageerror", watch_errors)
    yield page
    context.remove_listener("request", watch_address)
    page.remove_listener("console", watch_console)
    page.remove_listener("pageerror", watch_errors)
    unexpected = [fault for fault in faults if not any(text in fault for text in allowed_errors)]
    assert not unexpected, "\n".join(unexpected)
