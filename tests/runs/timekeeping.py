"""Short words for tests of schedules: a workflow with a schedule, and what it did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from runs.models import Occurrence, Schedule
from runs.schedules.scheduler import Scheduler
from tests.runs.driver import publish, publish_next
from workflows.models import Workflow


def at(text: str) -> datetime:
    """`09:00`, `09:00:30` of one day in May, or `2026-03-29 01:00`, in UTC."""
    full = text if "-" in text else f"2026-05-12 {text}"
    return datetime.fromisoformat(full).replace(tzinfo=UTC)


def scheduled_graph(value: str, kind: str, timezone: str = "UTC", **more: Any) -> dict[str, Any]:
    """A graph with a trigger of this schedule and one node more."""
    text = more.pop("text", "Hello")
    config = {"kind": kind, "value": value, "timezone": timezone, **more}
    say = {"id": "say", "type": "text_transform", "config": {"template": text}}
    return {
        "nodes": [{"id": "start", "type": "schedule_trigger", "config": config}, say],
        "edges": [{"source": "start", "port": "default", "target": "say"}],
    }


def scheduled(value: str, kind: str = "cron", *, since: str = "00:00", **more: Any) -> Workflow:
    """Published and active since then."""
    workflow = publish(scheduled_graph(value, kind, **more))
    switch_on(workflow, since)
    date_version(workflow, since)
    return workflow


def edit(workflow: Workflow, value: str, kind: str = "cron", *, when: str, **more: Any) -> None:
    publish_next(workflow, scheduled_graph(value, kind, **more))
    date_version(workflow, when)


def date_version(workflow: Workflow, when: str) -> None:
    workflow.versions.filter(pk=workflow.published_id).update(created_at=at(when))


def switch_on(workflow: Workflow, when: str) -> None:
    """What activate_workflow stores at this moment."""
    Workflow.objects.filter(pk=workflow.pk).update(is_active=True, activated_at=at(when))
    workflow.refresh_from_db()


def switch_off(workflow: Workflow) -> None:
    Workflow.objects.filter(pk=workflow.pk).update(is_active=False)
    workflow.refresh_from_db()


def look(when: str | datetime, scheduler: Scheduler | None = None) -> int:
    """One look at the schedules at this moment, by default of a worker that has just started."""
    moment = at(when) if isinstance(when, str) else when
    return (scheduler or Scheduler()).fire_due(moment.timestamp())


def look_from(start: str, end: str, step: timedelta = timedelta(seconds=30)) -> None:
    """One worker that is alive all the time."""
    scheduler, moment = Scheduler(), at(start)
    while moment <= at(end):
        look(moment, scheduler)
        moment += step


def occurrences(workflow: Workflow) -> list[str]:
    """Due times like `09:00`, with the day where it is another one than that of `at`."""
    found = Occurrence.objects.filter(workflow=workflow).order_by("due_at")
    times = found.values_list("due_at", flat=True)
    return [f"{time:%Y-%m-%d %H:%M}".removeprefix("2026-05-12 ") for time in times]


def next_due(workflow: Workflow) -> datetime:
    due = Schedule.objects.get(workflow=workflow).next_at
    assert due is not None
    return datetime.fromtimestamp(due / 1000, UTC)
