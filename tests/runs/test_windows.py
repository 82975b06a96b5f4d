"""Lists of very many runs: no page reads more of them than an index leads to, or than it says."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs import filters, selectors
from runs.filters import read_filters
from runs.models import Run
from tests.runs.records import NOON, run_of, workflow_called
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page looks at four runs."""
    monkeypatch.setattr(filters, "COLUMNS_LOOKED_AT", 4)
    monkeypatch.setattr(filters, "TEXTS_LOOKED_AT", 4)


@pytest.fixture
def history() -> list[Run]:
    """Ten runs, the newest first; the oldest two are what is looked for."""
    workflow = workflow_called("Orders")
    return [
        run_of(
            workflow,
            "failed" if place < 2 else "completed",
            NOON + timedelta(seconds=place),
            payload={"text": "needle" if place < 2 else "hay"},
            trigger_type="webhook_trigger" if place < 2 else "manual_trigger",
        )
        for place in range(10)
    ][::-1]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("query", ["q=needle", "trigger=webhook_trigger"])
def test_a_search_goes_back_piece_by_piece(history: list[Run], query: str) -> None:
    wanted = read_filters(QueryDict(query)).filters
    page, seen, pieces = selectors.list_runs(wanted), [], 1
    while page.older:
        assert (page.looked_at, len(page.rows) < 2) == (4, True)
        seen += page.rows
        page = selectors.list_runs(wanted, older_than=read_id(page.older))
        pieces += 1
    assert [*seen, *page.rows] == history[-2:]
    assert (page.looked_at, pieces) == (0, 3)


def read_id(text: str) -> Any:
    return Run.objects.get(pk=text).pk


@pytest.mark.usefixtures("small")
def test_a_search_comes_forward_piece_by_piece(history: list[Run]) -> None:
    wanted = read_filters(QueryDict("q=needle")).filters
    page = selectors.list_runs(wanted, newer_than=history[-1].pk)
    assert [run.pk for run in page.rows] == [history[-2].pk]
    assert page.newer == str(history[-5].pk)
    assert selectors.list_runs(wanted, newer_than=read_id(page.newer)).rows == []


@pytest.mark.usefixtures("small")
def test_a_full_page_says_nothing_of_windows(history: list[Run]) -> None:
    page = selectors.list_runs(read_filters(QueryDict("q=hay")).filters, size=3)
    assert (len(page.rows), page.looked_at, page.older) == (3, 0, str(history[2].pk))


@pytest.mark.usefixtures("small", "history")
@pytest.mark.parametrize("query", ["status=failed", "status=queued,running", "from=2026-01-01"])
def test_what_an_index_leads_to_is_found_at_once(query: str) -> None:
    page = selectors.list_runs(read_filters(QueryDict(query)).filters)
    assert page.looked_at == 0
    assert len(page.rows) == {"status=failed": 2, "from=2026-01-01": 10}.get(query, 0)


def shown_by(client: Client, address: str) -> str:
    return " ".join(html.unescape(client.get(address).content.decode()).split())


@pytest.mark.usefixtures("small", "history")
def test_the_page_says_how_far_it_looked(editor: Client) -> None:
    page = shown_by(editor, "/runs/?q=needle")
    assert "None of the newest 4 runs matches." in page
    (further,) = re.findall(r'href="(/runs/\?[^"]*before=[^"]*)"', page)
    assert "q=needle" in further
    assert "None of the next 4 runs matches." in shown_by(editor, further)


@pytest.mark.usefixtures("small")
def test_a_whole_id_finds_an_old_run_and_its_children(history: list[Run], editor: Client) -> None:
    old = history[-1]
    child = run_of(old.workflow, parent_run=old)
    for text in (str(old.pk), old.pk.hex):
        wanted = read_filters(QueryDict(f"q={text}")).filters
        assert {run.pk for run in selectors.list_runs(wanted).rows} == {old.pk, child.pk}
    failed = read_filters(QueryDict(f"q={old.pk}&status=failed")).filters
    assert [run.pk for run in selectors.list_runs(failed).rows] == [old.pk]


# ---------------------------------------------------------------- plans


SERVED = {
    "everything": "",
    "a status": "status=failed",
    "a workflow": "workflow={workflow}",
    "a workflow and a status": "workflow={workflow}&status=failed",
    "a workflow and a text": "workflow={workflow}&q=needle",
    "a status and a text": "status=failed&q=needle",
    "a text": "q=needle",
    "a trigger": "trigger=webhook_trigger",
    "a day": "from=2026-01-31&to=2026-01-31",
}


def plan_of(sql: str) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}")
        return "\n".join(" ".join(map(str, row)) for row in cursor.fetchall())


@pytest.mark.usefixtures("small", "history")
@pytest.mark.parametrize("query", SERVED.values(), ids=SERVED)
def test_no_page_reads_or_sorts_the_whole_table(query: str) -> None:
    wanted = read_filters(QueryDict(query.format(workflow=Workflow.objects.get().pk))).filters
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table of ten rows is read whole unless that is made dear.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    with CaptureQueriesContext(connection) as queries:
        selectors.list_runs(wanted)
    reads = [each["sql"] for each in queries.captured_queries if "runs_run" in each["sql"]]
    assert len(reads) == (1 if wanted.window is None else 2)
    for sql in reads:
        plan = plan_of(sql)
        assert "TEMP B-TREE" not in plan, plan
        assert not re.search(r"Seq Scan on runs_run|\bSort\b", plan), plan
        scans = re.findall(r"SCAN runs_run\b(?! USING)", plan)
        assert not scans, plan
        if wanted.window and sql is reads[-1] and connection.vendor == "sqlite":
            assert "SEARCH runs_run" in plan, plan
