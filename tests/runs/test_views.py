"""The pages of runs: what people see, may do, and how they stay live."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.models import Delivery, Run
from runs.presentation.shown_steps import STEPS_AT_ONCE
from tests.runs.driver import graph, node, publish, publish_next, run, work
from tests.runs.records import (
    NOON,
    delivery_of,
    resumed_run,
    run_of,
    step_of,
    workflow_called,
)
from tests.visitors import client_of, text_of
from tests.workflows.definitions import user_with
from workflows.models import Role
from workflows.vault import set_secret

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

EVIL = "<script>alert(1)</script>"


# ---------------------------------------------------------------- the list


def test_an_empty_list_helps(viewer: Client) -> None:
    assert "Nothing has run yet" in text_of(viewer.get("/runs/"))


def test_the_list_shows_what_matters(viewer: Client) -> None:
    error = {"code": "x", "message": f"It broke. {EVIL}", "details": {}}
    failed = run_of(workflow_called(f"Orders {EVIL}"), "failed", attempt=3, error=error)
    answer = viewer.get("/runs/")
    shown = text_of(answer)
    for part in ("Failed", "Orders", "attempt 3", "It broke.", "250 ms", "v1", "Manual start"):
        assert part in shown
    assert f"/runs/{failed.pk}/" in answer.content.decode()
    assert EVIL not in answer.content.decode()


def test_a_list_is_a_constant_number_of_queries(viewer: Client) -> None:
    workflow = workflow_called("Orders")
    viewer.get("/runs/")
    counts = []
    for number in (1, 20, 100):
        for _ in range(number):
            run_of(workflow)
        with CaptureQueriesContext(connection) as queries:
            viewer.get("/runs/")
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2] <= 5  # session, user, role, runs, workflows


def test_filters_are_links_that_can_be_shared(viewer: Client) -> None:
    orders, mails = workflow_called("Orders"), workflow_called("Mails")
    run_of(orders, "failed", payload={"n": "needle"})
    run_of(orders, "failed")
    run_of(mails, "completed", payload={"n": "needle"})
    rows = viewer.get(f"/runs/?status=failed&workflow={orders.pk}&q=needle").content.decode()
    assert rows.count("<tr>") == 2  # the head and one run
    assert f"?status=completed&amp;workflow={orders.pk}&amp;q=needle" in rows or (
        f"workflow={orders.pk}&amp;q=needle&amp;status=completed" in rows
    )


def test_a_wrong_filter_says_so(viewer: Client) -> None:
    answer = viewer.get("/runs/?status=done&from=never")
    assert answer.status_code == 200
    assert "There is no status 'done'." in text_of(answer)
    assert "'never' is no date." in text_of(answer)


def test_pages_follow_each_other(viewer: Client) -> None:
    workflow = workflow_called("Orders")
    for number in range(120):
        run_of(workflow, at=NOON + timedelta(seconds=number))
    seen: list[str] = []
    address = "/runs/?workflow=" + str(workflow.pk)
    while address:
        page = viewer.get(address).content.decode()
        seen += re.findall(r'id="run-([0-9a-f-]{36})"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = html.unescape(found[1]) if found else ""
    assert len(seen) == len(set(seen)) == 120
    assert "Newest" in page


def test_rows_are_polled_only_while_something_is_unfinished(viewer: Client) -> None:
    started = run_of(workflow_called("Orders"), "running")
    page = viewer.get("/runs/").content.decode()
    (address,) = re.findall(r'hx-get="(/runs/rows/[^"]+)"', page)
    poll = html.unescape(address)
    assert viewer.get(poll, headers={"HX-Request": "true"}).status_code == 204

    Run.objects.filter(pk=started.pk).update(status="completed")
    rows = viewer.get(poll, headers={"HX-Request": "true"}).content.decode()
    assert rows.lstrip().startswith('<tbody id="run-rows">')
    assert "hx-get" not in rows


# ---------------------------------------------------------------- one run


def test_a_port_that_was_taken_is_called_as_in_the_graph(viewer: Client) -> None:
    cases = [{"port": "big", "label": "Large order", "right": 5}, {"port": "other", "right": 6}]
    drawn = graph(
        node("size", "switch", value="{{ trigger.total }}", cases=cases),
        node("a"),
        "start -> size",
        "size:big -> a",
    )
    named, plain = (
        viewer.get(f"/runs/{run(drawn, {'total': total}).pk}/").content.decode() for total in (5, 6)
    )
    assert 'title="Port big: Large order"' in named
    assert '<span class="ellipsis">Large order</span></span>' in named
    assert '<span class="ellipsis">other</span></span>' in plain
    assert "Port other" not in plain


def test_every_step_is_there_with_its_data(viewer: Client) -> None:
    drawn = graph(
        node("a", value="Hello {{ trigger.name }}") | {"name": "Say hello"},
        node("b", value={"deep": {"er": {"est": "{{ a }}"}}}),
        "start -> a",
        "a -> b",
    )
    done = run(drawn, {"name": f"Ada {EVIL}"})
    answer = viewer.get(f"/runs/{done.pk}/")
    shown = text_of(answer)
    for part in ("Completed", "Say hello", "Hello Ada", "Payload", "Input", "Output", "Probe"):
        assert part in shown
    assert EVIL not in answer.content.decode()
    assert "run-live" in answer.content.decode()
    assert 'hx-trigger="every' not in answer.content.decode()


def test_paths_can_be_copied_as_expressions(viewer: Client) -> None:
    done = run(graph(node("a", value={"user": {"odd key": 1}}), "start -> a"))
    page = html.unescape(viewer.get(f"/runs/{done.pk}/").content.decode())
    assert 'data-expression="{{ a.user["odd key"] }}"' in page


def test_a_failed_step_is_open_and_says_why(viewer: Client) -> None:
    failed = run(graph(node("a", behave="fail"), node("b"), "start -> a", "a -> b"))
    page = viewer.get(f"/runs/{failed.pk}/").content.decode()
    step = failed.steps.get(node_id="a")
    (tag,) = re.findall(rf'<details class="step" id="step-{step.pk}"[^>]*>', page)
    assert " open" in tag
    assert page.count("It was told to fail.") == 2


@pytest.mark.parametrize(
    ("status", "role", "buttons"),
    [
        ("failed", Role.EDITOR, {"resume", "rerun"}),
        ("cancelled", Role.EDITOR, {"resume", "rerun"}),
        ("completed", Role.EDITOR, {"rerun"}),
        ("running", Role.EDITOR, {"cancel"}),
        ("waiting", Role.EDITOR, {"cancel"}),
        ("queued", Role.EDITOR, {"cancel"}),
        ("failed", Role.VIEWER, set()),
        ("running", Role.VIEWER, set()),
    ],
)
def test_buttons_stand_where_they_work(status: str, role: Role, buttons: set[str]) -> None:
    shown = run_of(workflow_called("Orders"), status)
    page = client_of(role).get(f"/runs/{shown.pk}/").content.decode()
    found = set(re.findall(rf'(?:href|action)="/runs/{shown.pk}/(resume|rerun|cancel)/"', page))
    assert found == buttons


def test_a_run_of_a_draft_says_so(viewer: Client) -> None:
    tried = run_of(workflow_called("Orders"))
    tried.workflow.versions.update(number=0)
    page = viewer.get(f"/runs/{tried.pk}/")
    assert "Version A draft" in text_of(page)
    assert "?version=" not in page.content.decode()
    assert "draft" in text_of(viewer.get("/runs/"))


def test_runs_and_their_children_are_linked(viewer: Client) -> None:
    parent = run_of(workflow_called("Orders"))
    child = run_of(parent.workflow, parent_run=parent)
    told = {"node_type": "trigger_workflow", "output": {"run_id": str(child.pk)}}
    step_of(parent, "a", **told)
    step_of(parent, "b", **told | {"output": {"run_id": "no id at all"}})
    page = viewer.get(f"/runs/{parent.pk}/")
    assert page.content.decode().count(f'href="/runs/{child.pk}/"') == 2
    assert "Show all in the list" not in text_of(page)
    assert f'href="/runs/{parent.pk}/"' in viewer.get(f"/runs/{child.pk}/").content.decode()
    for _ in range(20):
        run_of(parent.workflow, parent_run=parent)
    page = viewer.get(f"/runs/{parent.pk}/")
    assert "These are the first 20." in text_of(page)
    assert f'href="/runs/?q={parent.pk}"' in page.content.decode()


def test_attempts_are_tabs(editor: Client) -> None:
    resumed = resumed_run(workflow_called("Orders"))
    now = text_of(editor.get(f"/runs/{resumed.pk}/"))
    assert "Attempt 1" in now
    assert "Reused" in now
    assert "It was told to fail." not in now
    then = editor.get(f"/runs/{resumed.pk}/?attempt=1")
    assert "It was told to fail." in text_of(then)
    assert "as it was then" in text_of(then)
    assert "/rerun/" not in then.content.decode()


def test_large_data_comes_later(viewer: Client) -> None:
    done = run_of(workflow_called("Orders"))
    big = step_of(done, "a", output={"rows": [{"n": n, "text": "x" * 90} for n in range(9_000)]})
    page = viewer.get(f"/runs/{done.pk}/")
    assert len(page.content) < 60_000
    (address,) = re.findall(rf'hx-get="(/runs/{done.pk}/steps/{big.pk}/)"', page.content.decode())
    body = viewer.get(address)
    assert len(body.content) < 120_000
    assert "8,900 more" in text_of(body).replace("8900", "8,900")


def test_a_tree_opens_level_by_level(viewer: Client) -> None:
    done = run_of(workflow_called("Orders"))
    step = step_of(done, "a", output={"a": {"b": {"c": {"d": "the end"}}}})
    address = f"/runs/{done.pk}/steps/{step.pk}/output/"
    assert "the end" not in text_of(viewer.get(address))
    assert "the end" in text_of(viewer.get(address, {"path": '["a", "b", "c"]'}))
    assert viewer.get(address, {"path": '["a", "x"]'}).status_code == 404
    assert viewer.get(f"/runs/{done.pk}/steps/{step.pk}/secrets/").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/runs/{}/",
        "/runs/{}/raw/",
        "/runs/{}/data/payload/",
        "/runs/{}/data/payload/raw/",
        "/api/v1/runs/{}/",
        "/api/v1/runs/",
    ],
)
def test_a_secret_that_came_with_the_payload_is_shown_nowhere(viewer: Client, address: str) -> None:
    set_secret(name="shared", value="tOps3cret-value")
    done = run(graph(), {"token": "tOps3cret-value"})
    shown = viewer.get(address.format(done.pk)).content.decode()
    assert "•••" in shown
    assert "tOps3cret-value" not in shown


def test_raw_data_is_a_download(viewer: Client) -> None:
    done = run_of(workflow_called("Orders"), payload={"html": EVIL})
    step = step_of(done, "a")
    for address in (f"/runs/{done.pk}/raw/", f"/runs/{done.pk}/data/payload/raw/"):
        answer = viewer.get(address)
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["Content-Type"] == "application/json"
        assert EVIL in answer.content.decode()
    text = viewer.get(f"/runs/{done.pk}/steps/{step.pk}/output/raw/", {"path": '["answer"]'})
    assert text.content == b"a"


def test_the_page_of_a_run_is_a_constant_number_of_queries(viewer: Client) -> None:
    done = run_of(workflow_called("Orders"))
    viewer.get("/runs/")
    counts = []
    for number in (1, 30):
        for _ in range(number):
            step_of(done, "a", iteration=str(done.steps.count()))
        with CaptureQueriesContext(connection) as queries:
            viewer.get(f"/runs/{done.pk}/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


def test_long_runs_show_their_steps_in_pieces(viewer: Client) -> None:
    done = run_of(workflow_called("Orders"))
    for number in range(STEPS_AT_ONCE + 5):
        step_of(done, "a", iteration=str(number))
    page = viewer.get(f"/runs/{done.pk}/").content.decode()
    assert page.count('<details class="step"') == STEPS_AT_ONCE
    (address,) = re.findall(rf'hx-get="(/runs/{done.pk}/steps/\?[^"]+)"', page)
    more = viewer.get(html.unescape(address)).content.decode()
    assert more.count('<details class="step"') == 5
    assert "load-more" not in more


# ---------------------------------------------------------------- live


def poll_of(page: str) -> str:
    (address,) = re.findall(r'id="run-live" data-polls hx-get="([^"]+)"', page)
    return html.unescape(address)


def test_a_run_is_live_until_it_ends(viewer: Client) -> None:
    started = run_of(workflow_called("Orders"), "running")
    step_of(started, "start")
    busy = step_of(started, "a", "running")
    poll = poll_of(viewer.get(f"/runs/{started.pk}/").content.decode())
    assert viewer.get(poll).status_code == 204

    busy.status, busy.output, busy.port = "completed", {"answer": 42}, "default"
    busy.finished_at = timezone.now()
    busy.save()
    new = step_of(started, "b", "running")
    answer = viewer.get(poll).content.decode()
    assert f'hx-swap-oob="innerHTML:#step-{busy.pk}-head"' in answer
    assert f'id="step-{new.pk}"' in answer
    assert f"step-{started.steps.get(node_id='start').pk}-head" not in answer
    assert 'id="state-a"' in answer
    assert "42" in answer

    poll = poll_of(answer)
    assert viewer.get(poll).status_code == 204
    new.status = "failed"
    new.save()
    Run.objects.filter(pk=started.pk).update(
        status="failed", error={"code": "x", "message": "It broke.", "details": {}}
    )
    last = viewer.get(poll).content.decode()
    assert "It broke." in last
    assert "The run is failed." in last
    assert "every 1s" not in last


def test_a_page_of_an_older_attempt_is_loaded_anew(viewer: Client) -> None:
    started = run_of(workflow_called("Orders"), "running")
    poll = poll_of(viewer.get(f"/runs/{started.pk}/").content.decode())
    Run.objects.filter(pk=started.pk).update(attempt=2)
    answer = viewer.get(poll)
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?last=x&unfinished=a.b,,9.&state=",
        "?last=999999999999999999999",
        "?attempt=%00&last=-1",
    ],
)
def test_polls_with_nonsense_are_answered(viewer: Client, query: str) -> None:
    started = run_of(workflow_called("Orders"), "running")
    step_of(started, "a", "running")
    assert viewer.get(f"/runs/{started.pk}/live/{query}").status_code in (200, 204)


# ---------------------------------------------------------------- buttons


def failed_run() -> Run:
    return run(graph(node("a"), node("b", behave="fail"), "start -> a", "a -> b"))


def test_resume_shows_its_plan_first(editor: Client) -> None:
    failed = failed_run()
    shown = text_of(editor.get(f"/runs/{failed.pk}/resume/"))
    assert "Resume as attempt 2" in shown
    assert "b Repeated" in shown
    assert "a Reused" in shown
    shown = text_of(editor.get(f"/runs/{failed.pk}/resume/?from=start"))
    assert "a Repeated" in shown
    shown = text_of(editor.get(f"/runs/{failed.pk}/resume/?from=step&step=a"))
    assert "start Reused" in shown
    assert "a Repeated" in shown


def test_resume_on_the_published_version(editor: Client) -> None:
    failed = failed_run()
    publish_next(failed.workflow, graph(node("a"), node("b"), "start -> a", "a -> b"))
    assert "v2, which is published now" in text_of(editor.get(f"/runs/{failed.pk}/resume/"))
    answer = editor.post(
        f"/runs/{failed.pk}/resume/", {"from": "failed", "version": "published"}, follow=True
    )
    assert "Resumed as attempt 2." in text_of(answer)
    assert work(failed).status == "completed"


def test_a_resume_that_is_refused_says_why(editor: Client) -> None:
    done = run(graph(node("a"), "start -> a"))
    assert "Only a failed or cancelled run can be resumed" in text_of(
        editor.get(f"/runs/{done.pk}/resume/")
    )
    answer = editor.post(f"/runs/{done.pk}/resume/", {"from": "failed"}, follow=True)
    assert "Only a failed or cancelled run can be resumed" in text_of(answer)


def test_rerun_leads_to_the_new_run(editor: Client) -> None:
    done = run(graph(node("a"), "start -> a"), {"n": 1})
    answer = editor.post(f"/runs/{done.pk}/rerun/")
    new = Run.objects.exclude(pk=done.pk).get()
    assert answer.headers["Location"] == f"/runs/{new.pk}/"
    assert new.payload == {"n": 1}


def test_cancel(editor: Client) -> None:
    started = run_of(workflow_called("Orders"), "waiting")
    answer = editor.post(f"/runs/{started.pk}/cancel/", follow=True)
    assert "The run was cancelled." in text_of(answer)
    answer = editor.post(f"/runs/{started.pk}/cancel/", follow=True)
    assert "The run has ended already" in text_of(answer)


def test_buttons_need_a_token_against_forgery() -> None:
    started = run_of(workflow_called("Orders"), "waiting")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_with(Role.EDITOR))
    assert client.post(f"/runs/{started.pk}/cancel/").status_code == 403


# ---------------------------------------------------------------- deliveries


def test_deliveries(viewer: Client) -> None:
    workflow = workflow_called("Orders")
    accepted = run_of(workflow)
    delivery_of(workflow, run=accepted, body_bytes=2048)
    delivery_of(workflow, "bad_signature", message="The signature does not match.")
    delivery_of(None, "unknown_token")

    def shown(query: str) -> str:
        return text_of(viewer.get(f"/deliveries/{query}")).partition("Received")[2]

    everything = shown("")
    for part in ("Accepted 202", "2.0 KB", "The signature does not match.", "No workflow has this"):
        assert part in everything.replace("Orders ", "")
    assert "Bad signature" in shown("?verdict=refused")
    assert "Accepted" not in shown("?verdict=refused")
    assert "Bad signature" not in shown("?verdict=accepted")
    assert "Bad signature" not in shown("?verdict=unknown_token")
    assert "Accepted" in shown(f"?workflow={workflow.pk}")


def test_deliveries_are_a_constant_number_of_queries(viewer: Client) -> None:
    viewer.get("/deliveries/")
    counts = []
    for number in (1, 40):
        for place in range(number):
            workflow = workflow_called(f"Orders {number} {place}")
            delivery_of(workflow, run=run_of(workflow))
        with CaptureQueriesContext(connection) as queries:
            viewer.get("/deliveries/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5
    assert Delivery.objects.count() == 41


def test_an_archived_workflow_keeps_its_runs(viewer: Client) -> None:
    workflow = publish(graph(node("a"), "start -> a"))
    done = run(workflow)
    workflow.archived_at = timezone.now()
    workflow.save()
    assert viewer.get(f"/runs/{done.pk}/").status_code == 200
