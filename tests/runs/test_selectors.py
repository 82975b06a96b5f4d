"""Reading runs: filters, keyset pages, attempts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict

from runs import selectors
from runs.filters import RunFilters, read_filters
from runs.models import Run
from runs.presentation.shown_steps import track_of
from tests.runs.records import NOON, resumed_run, run_of, step_of, workflow_called

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ERROR = {"code": "http_connection", "message": 'The "receiver" said no.', "details": {}}


@pytest.fixture
def history() -> dict[str, Run]:
    """Three workflows' worth of runs, an hour apart."""
    orders, mails = workflow_called("Orders"), workflow_called("Mails")
    hour = timedelta(hours=1)
    return {
        "old": run_of(orders, at=NOON, payload={"body": {"title": "Gärten & 50% off"}}),
        "failed": run_of(orders, "failed", NOON + hour, error=ERROR),
        "hook": run_of(mails, at=NOON + 2 * hour, trigger_type="webhook_trigger"),
        "now": run_of(mails, "running", NOON + 3 * hour, payload={"text": 'say "hi"\n'}),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", ["now", "hook", "failed", "old"], id="nothing"),
        pytest.param("status=failed", ["failed"], id="status"),
        pytest.param("status=failed,running", ["now", "failed"], id="statuses by comma"),
        pytest.param("status=failed&status=running", ["now", "failed"], id="statuses repeated"),
        pytest.param("trigger=webhook_trigger", ["hook"], id="trigger"),
        pytest.param("from=2026-01-31T13:00:00Z", ["now", "hook", "failed"], id="from, included"),
        pytest.param("from=2026-01-31T14:00:00%2B01:00", ["now", "hook", "failed"], id="zone"),
        pytest.param("from=2026-01-31T14:00:00+01:00", ["now", "hook", "failed"], id="bare plus"),
        pytest.param("to=2026-01-31T13:00:00", ["old"], id="to, not included"),
        pytest.param("to=2026-01-31", ["now", "hook", "failed", "old"], id="to a whole day"),
        pytest.param("to=2026-01-30", [], id="to the day before"),
        pytest.param("q=RECEIVER", ["failed"], id="text of an error, in any case"),
        pytest.param("q=http_connection", ["failed"], id="code of an error"),
        pytest.param("q=g%C3%A4rten", ["old"], id="text of a payload"),
        pytest.param("q=50%25 off", ["old"], id="a percent sign is itself"),
        pytest.param("q=50_", [], id="an underline is itself"),
        pytest.param('q=say "hi"', ["now"], id="quotes, which JSON escapes"),
        pytest.param("q=nobody wrote this", [], id="no match"),
        pytest.param("q=%00", [], id="NUL"),
        pytest.param("status=failed&q=title", [], id="filters add up"),
    ],
)
def test_filters(history: dict[str, Run], query: str, expected: list[str]) -> None:
    page = selectors.list_runs(read_filters(QueryDict(query)).filters)
    assert [run.pk for run in page.rows] == [history[name].pk for name in expected]


@pytest.mark.parametrize("part", [str, lambda key: str(key)[-8:], lambda key: key.hex])
def test_text_finds_ids(history: dict[str, Run], part: Any) -> None:
    filters = RunFilters(text=part(history["hook"].pk))
    assert [run.pk for run in selectors.list_runs(filters).rows] == [history["hook"].pk]


def test_workflow_filter(history: dict[str, Run]) -> None:
    page = selectors.list_runs(RunFilters(workflow=history["old"].workflow_id))
    assert [run.pk for run in page.rows] == [history["failed"].pk, history["old"].pk]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("status=done", "status"),
        ("workflow=x", "workflow"),
        ("from=yesterday", "from"),
        ("to=2026-02-31", "to"),
        ("to=9999-12-31", "to"),
        ("to=9999-12-31T23:00:00-12:00", "to"),
        ("from=0001-01-01T00:00:00%2B14:00", "from"),
    ],
)
def test_filters_that_can_not_be_read(query: str, parameter: str) -> None:
    read = read_filters(QueryDict(query))
    assert list(read.problems) == [parameter]
    assert read.filters == RunFilters()


def test_pages_lead_to_the_end_and_back() -> None:
    workflow = workflow_called("Orders")
    runs = [run_of(workflow, at=NOON + timedelta(seconds=n)) for n in range(7)][::-1]

    first = selectors.list_runs(RunFilters(), size=3)
    second = selectors.list_runs(RunFilters(), size=3, older_than=first.rows[-1].pk)
    third = selectors.list_runs(RunFilters(), size=3, older_than=second.rows[-1].pk)
    assert [*first.rows, *second.rows, *third.rows] == runs
    assert (first.newer, third.older) == ("", "")
    assert (first.older, second.newer) == (str(runs[2].pk), str(runs[3].pk))

    back = selectors.list_runs(RunFilters(), size=3, newer_than=third.rows[0].pk)
    assert back.rows == second.rows
    home = selectors.list_runs(RunFilters(), size=3, newer_than=back.rows[0].pk)
    assert (home.rows, home.newer) == (first.rows, "")


def test_a_page_of_a_list_is_one_query(django_assert_num_queries: Any) -> None:
    for name in ("Orders", "Mails"):
        workflow = workflow_called(name)
        for _ in range(5):
            run_of(workflow)
    with django_assert_num_queries(1):
        page = selectors.list_runs(RunFilters())
        [(run.workflow.name, run.version.number, run.error) for run in page.rows]


def test_steps_stay_as_they_were_in_each_attempt() -> None:
    run = resumed_run(workflow_called("Orders"))

    def seen(attempt: int) -> list[tuple[str, str, int]]:
        steps = selectors.steps_of_attempt(run, attempt)
        return [(step.node_id, step.status, step.attempt) for step in steps]

    assert seen(1) == [("start", "completed", 1), ("a", "completed", 1), ("b", "failed", 1)]
    assert seen(2) == [("start", "completed", 1), ("a", "completed", 1), ("b", "completed", 2)]


def test_attempts() -> None:
    run = resumed_run(workflow_called("Orders"))
    found = [(each.number, each.status, each.executed) for each in selectors.list_attempts(run)]
    assert found == [(1, "failed", 3), (2, "completed", 1)]


def test_an_attempt_without_a_failed_step_was_cancelled() -> None:
    run = run_of(workflow_called("Orders"), attempt=2)
    step_of(run, "start")
    step_of(run, "a", "cancelled", superseded_by=2)
    assert [each.status for each in selectors.list_attempts(run)] == ["cancelled", "completed"]


def test_a_track_shows_last_tries_and_the_worst_of_iterations() -> None:
    run = run_of(workflow_called("Orders"))
    step_of(run, "a", "failed")
    step_of(run, "a", "completed", try_number=2)
    step_of(run, "b", "completed", iteration="0")
    step_of(run, "b", "failed", iteration="1")
    track = track_of(selectors.steps_of_attempt(run, 1))
    assert {name: (state.status, state.count) for name, state in track.states.items()} == {
        "a": ("completed", 1),
        "b": ("failed", 2),
    }
    assert track.taken == {("a", "default"), ("b", "default")}
