"""The pages of the archive: finding a run, looking at it, and its restored copy."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.archive.archiving import archive_runs
from runs.archive.restore import restore_run
from runs.models import ArchivedRun, Run
from runs.presentation import shown_steps
from tests.runs.archives import files_in, old_run, rich_run
from tests.runs.records import run_of, step_of, workflow_called
from tests.visitors import client_of, text_of
from tests.workflows.definitions import Api
from workflows.models import Role, Workflow
from workflows.vault import set_secret

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
on_both = pytest.mark.both_databases
"""What is read from files is the same wherever it came from."""


def archived(*runs: Run) -> UUID:
    archive_runs(rest=0)
    return runs[0].pk


def page_of(run_id: UUID) -> str:
    return f"/archive/{run_id}/"


# ---------------------------------------------------------------- the list


def test_an_empty_archive_says_what_it_is_for(viewer: Client) -> None:
    text = text_of(viewer.get("/archive/"))
    assert "Nothing is archived yet" in text
    assert "stay among the others for 90 days" in text
    assert 'href="/archive/"' in viewer.get("/runs/").content.decode()


@on_both
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", {"failed", "completed", "hourly"}, id="all"),
        pytest.param("q={failed}", {"failed"}, id="id"),
        pytest.param("q={end of failed}", {"failed"}, id="end of the id"),
        pytest.param("q=hour", {"hourly"}, id="name of the workflow"),
        pytest.param("workflow={hourly workflow}", {"hourly"}, id="workflow"),
        pytest.param("status=failed", {"failed"}, id="status"),
        pytest.param("status=cancelled", set(), id="status of none"),
        pytest.param("from={115}", {"completed", "hourly"}, id="from"),
        pytest.param("to={115}", {"failed"}, id="to"),
        pytest.param("from={115}&to={105}", {"completed"}, id="from and to"),
        pytest.param("from=someday", {"failed", "completed", "hourly"}, id="no date"),
    ],
)
def test_a_run_is_found_by(
    viewer: Client, nightly: Workflow, query: str, expected: set[str]
) -> None:
    hourly = workflow_called("Hourly")
    runs = {
        "failed": rich_run(nightly, days=120),
        "completed": old_run(nightly, days=110),
        "hourly": old_run(hourly, days=100),
    }
    archive_runs(rest=0)
    places = {"failed": runs["failed"].pk, "hourly workflow": hourly.pk}
    places["end of failed"] = str(runs["failed"].pk)[-8:]
    for days in (105, 115):
        places[str(days)] = f"{timezone.now() - timedelta(days=days):%Y-%m-%d}"
    for name, value in places.items():
        query = query.replace(f"{{{name}}}", str(value))
    answer = viewer.get(f"/archive/?{query}")
    content = answer.content.decode()
    assert {name for name, run in runs.items() if page_of(run.pk) in content} == expected
    if not expected:
        assert "No archived run matches" in content
    if "someday" in query:
        assert "is no date" in content


@on_both
def test_pages_follow_each_other_and_cost_the_same(viewer: Client, nightly: Workflow) -> None:
    at = timezone.now() - timedelta(days=100)
    runs = [run_of(nightly, at=at + timedelta(seconds=number // 3)) for number in range(120)]
    ids = [str(run.pk) for run in sorted(runs, key=lambda run: (run.created_at, run.pk))][::-1]
    archive_runs(rest=0)
    viewer.get("/archive/")
    seen, address, costs = [], "/archive/", []
    while address:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = viewer.get(address)
        costs.append(len(queries))
        seen.append([str(entry.pk) for entry in answer.context["page"].rows])
        address = answer.context["pager"]["older"]
    assert seen == [ids[:50], ids[50:100], ids[100:]]
    assert max(costs) <= 6
    back = viewer.get(answer.context["pager"]["newer"])
    assert [str(entry.pk) for entry in back.context["page"].rows] == ids[50:100]


# ---------------------------------------------------------------- one run


def test_a_run_is_shown_as_it_ended(viewer: Client, nightly: Workflow) -> None:
    run_id = archived(rich_run(nightly))
    answer = viewer.get(page_of(run_id))
    text = text_of(answer)
    assert "This is the run as it ended; nothing here can be changed." in text
    assert "2 of 2" in text
    assert [view.step.node_id for view in answer.context["views"]] == ["start", "a", "a"]
    assert [view.is_reused for view in answer.context["views"]] == [True, False, False]
    assert "a.b: did you mean a.c?" in text
    assert "Requests that asked for it" in text
    assert "Accepted POST" in text
    assert answer.context["track"].states["a"].status == "failed"
    assert "Restore" not in text
    first = viewer.get(f"{page_of(run_id)}?attempt=1")
    assert [view.step.node_id for view in first.context["views"]] == ["start", "a"]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param("data/payload/raw/", {"b": 2, "a": "ü ü \u2028"}, id="payload"),
        pytest.param("data/error/raw/", {"code": "x", "message": "No."}, id="error"),
        pytest.param("steps/{step}/input/raw/", {"value": "start"}, id="input of a step"),
    ],
)
def test_data_is_given_as_it_was(
    viewer: Client, nightly: Workflow, part: str, expected: dict[str, Any]
) -> None:
    run = rich_run(nightly)
    step = run.steps.order_by("pk")[0].pk
    run_id = archived(run)
    answer = viewer.get(page_of(run_id) + part.format(step=step))
    found = json.loads(answer.content)
    assert {name: found[name] for name in expected} == expected
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("address", ["", "document/", "data/payload/", "data/payload/raw/"])
def test_a_secret_in_a_payload_is_not_shown(
    viewer: Client, nightly: Workflow, address: str
) -> None:
    set_secret(name="shared", value="tOps3cret-value")
    run_id = archived(old_run(nightly, payload={"token": "tOps3cret-value"}))
    shown = viewer.get(page_of(run_id) + address).content.decode()
    assert "•••" in shown
    assert "tOps3cret-value" not in shown


def test_large_data_and_many_steps_come_when_they_are_asked_for(
    viewer: Client, nightly: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown_steps, "STEPS_AT_ONCE", 3)
    monkeypatch.setattr("runs.archive.reading.STEPS_AT_ONCE", 3)
    run = old_run(nightly, steps=0)
    steps = [step_of(run, f"node_{number}", input={"a": ["x" * 7_000]}) for number in range(5)]
    address = page_of(archived(run))
    content = viewer.get(address).content.decode()
    assert "xxx" not in content
    assert f'hx-get="{address}steps/{steps[0].pk}/"' in content
    assert f'hx-get="{address}steps/?attempt=1&amp;start=3"' in content
    body = viewer.get(f"{address}steps/{steps[0].pk}/").content.decode()
    assert f"{address}steps/{steps[0].pk}/input/raw/" in body
    rows = viewer.get(f'{address}steps/{steps[0].pk}/input/?path=["a"]').content.decode()
    assert "xxx" in rows
    rest = viewer.get(f"{address}steps/?attempt=1&start=3").content.decode()
    assert [f"node_{number}" in rest for number in range(5)] == [False] * 3 + [True] * 2
    assert "load-more" not in rest


def test_parents_and_children_lead_to_each_other(viewer: Client, nightly: Workflow) -> None:
    parent = old_run(nightly)
    child = old_run(nightly, parent_run=parent)
    archive_runs(rest=0)
    assert page_of(child.pk) in viewer.get(page_of(parent.pk)).content.decode()
    link = f"/runs/{parent.pk}/"
    assert link in viewer.get(page_of(child.pk)).content.decode()
    assert viewer.get(link).headers["Location"] == page_of(parent.pk)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "steps/",
        "steps/1/",
        "steps/1/input/",
        "steps/1/input/raw/",
        "data/payload/",
        "document/",
    ],
)
def test_what_is_not_there_has_no_page(
    viewer: Client, nightly: Workflow, folder: Path, address: str
) -> None:
    assert viewer.get(f"/archive/{UUID(int=1)}/{address}").status_code == 404
    run_id = archived(old_run(nightly, steps=0))
    if "steps/1/" in address:
        assert viewer.get(page_of(run_id) + address).status_code == 404
    (folder / files_in(folder)[0]).unlink()
    answer = viewer.get(page_of(run_id) + address)
    assert answer.status_code == 502
    assert "is missing in the archive. Bring it back from a backup." in answer.content.decode()


@on_both
def test_the_document_is_what_the_api_gives_and_more(viewer: Client, nightly: Workflow) -> None:
    run = rich_run(nightly)
    api = Api(Role.VIEWER)
    before = json.loads(api("GET", f"runs/{run.pk}/").content)
    document = json.loads(viewer.get(page_of(archived(run)) + "document/").content)
    last_attempt = [
        step for step in document["steps"] if step["node_id"] != "a" or step["attempt"] == 2
    ]
    assert {**before, "steps": last_attempt} == {name: document[name] for name in before} | {
        "steps": last_attempt
    }
    assert before["steps"] == last_attempt
    assert document["workflow_name"] == "Nightly"


# ---------------------------------------------------------------- the copy


def test_an_admin_restores_a_copy_that_is_only_looked_at(nightly: Workflow) -> None:
    admin = client_of(Role.ADMIN)
    run_id = archived(rich_run(nightly))
    assert "Restore" in text_of(admin.get(page_of(run_id)))
    answer = admin.post(f"{page_of(run_id)}restore/", follow=True)
    assert answer.redirect_chain == [(f"/runs/{run_id}/", 302)]
    text = text_of(answer)
    assert "A copy of the run was restored." in text
    assert "copy from the archive , restored just now" in text
    assert "Resume" not in text
    assert "Re-run" not in text
    assert "Open the restored copy" in text_of(admin.get(page_of(run_id)))
    assert "Restored" in text_of(admin.get("/archive/"))
    again = admin.post(f"{page_of(run_id)}restore/", follow=True)
    assert "was restored already" in text_of(again)


@pytest.mark.parametrize("action", ["resume", "rerun"])
def test_a_copy_is_not_started_again(nightly: Workflow, action: str) -> None:
    run_id = archived(rich_run(nightly))
    restore_run(run_id=run_id)
    answer = Api(Role.ADMIN)("POST", f"runs/{run_id}/{action}/", {})
    assert answer.status_code == 409
    assert json.loads(answer.content)["code"] == "restored"
    assert Run.objects.count() == 1


def test_a_damaged_file_restores_nothing(nightly: Workflow) -> None:
    run_id = archived(rich_run(nightly))
    ArchivedRun.objects.update(digest="0" * 64)
    answer = client_of(Role.ADMIN).post(f"{page_of(run_id)}restore/", follow=True)
    assert "not those that were written" in text_of(answer)
    assert not Run.objects.exists()
