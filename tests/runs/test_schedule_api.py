"""`GET /api/v1/workflows/<id>/schedule/`: when a workflow is started next."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from tests.runs.timekeeping import scheduled_graph
from tests.workflows.definitions import Api
from workflows import services
from workflows.models import Role, Workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Api:
    return Api(Role.VIEWER)


def made(*, publish: bool = True, **config: Any) -> Workflow:
    given = {"value": "09:00", "kind": "daily", "timezone": "Europe/Berlin", **config}
    workflow = services.create_workflow(name="Report", graph=scheduled_graph(**given))
    if publish:
        services.publish_workflow(workflow=workflow)
    return workflow


@time_machine.travel("2026-03-27T10:00:00Z", tick=False)
def test_the_next_ten_times_as_local_clocks_show_them(api: Api) -> None:
    workflow = made(missed="run_once")
    answer = api("GET", f"workflows/{workflow.pk}/schedule/")
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("next") == [
        "2026-03-28T09:00:00+01:00",
        *(f"2026-03-{day}T09:00:00+02:00" for day in (29, 30, 31)),
        *(f"2026-04-0{day}T09:00:00+02:00" for day in range(1, 7)),
    ]
    assert body == {
        "is_active": False,
        "kind": "daily",
        "value": "09:00",
        "timezone": "Europe/Berlin",
        "missed": "run_once",
    }


@time_machine.travel("2026-03-27T10:00:00Z", tick=False)
def test_an_edit_shows_at_once_when_it_is_published(api: Api) -> None:
    workflow = made()
    services.activate_workflow(workflow=workflow)
    services.update_workflow(workflow=workflow, graph=scheduled_graph("10:30", "daily"))
    address = f"workflows/{workflow.pk}/schedule/"
    assert api("GET", address).json()["next"][0] == "2026-03-28T09:00:00+01:00"
    assert api("GET", f"{address}?version=draft").json()["next"][0] == "2026-03-27T10:30:00+00:00"
    services.publish_workflow(workflow=workflow)
    body = api("GET", address).json()
    assert (body["is_active"], body["next"][0]) == (True, "2026-03-27T10:30:00+00:00")


REFUSED = {
    "nothing published": ({"publish": False}, "", 404, "no_schedule"),
    "an unknown version": ({}, "?version=1", 400, "invalid"),
    "an unknown parameter": ({}, "?number=20", 400, "invalid"),
    "a draft that is wrong": (
        {"publish": False, "value": "25:00"},
        "?version=draft",
        400,
        "invalid",
    ),
}


@pytest.mark.parametrize(("config", "query", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_times(
    config: dict[str, Any], query: str, status: int, code: str, api: Api
) -> None:
    answer = api("GET", f"workflows/{made(**config).pk}/schedule/{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
    assert answer.json()["message"].endswith(".")


def test_a_manual_workflow_has_no_schedule(api: Api) -> None:
    graph = scheduled_graph("09:00", "daily")
    graph["nodes"][0] = {"id": "start", "type": "manual_trigger", "config": {}}
    workflow = services.create_workflow(name="By hand", graph=graph)
    services.publish_workflow(workflow=workflow)
    answer = api("GET", f"workflows/{workflow.pk}/schedule/")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_schedule")
