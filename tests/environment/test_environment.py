"""The environment that `make test` prepares is what the tests take it for."""

import psycopg
import pytest
from django.db import connection
from playwright.sync_api import Page
from pytest_httpserver import HTTPServer

from tests.environment.postgres import Server


def test_postgresql_is_a_real_and_durable_server(postgres_server: Server) -> None:
    with psycopg.connect(postgres_server.new_database()) as database:
        row = database.execute(
            "SELECT current_setting('fsync'), count(*) FROM pg_tables"
        ).fetchone()
    assert row is not None
    assert row[0] == "on"


@pytest.mark.django_db
@pytest.mark.both_databases
def test_in_process_tests_reach_their_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.browser
def test_the_page_shows_what_a_local_server_sends(page: Page, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("<h1>hello</h1>", content_type="text/html")
    httpserver.expect_request("/favicon.ico").respond_with_data("")
    page.goto(httpserver.url_for("/"))
    assert page.inner_text("h1") == "hello"


def test_githubs_examples_cover_many_events(octokit_examples: list[tuple[str, object]]) -> None:
    assert len({name for name, _ in octokit_examples}) >= 50
