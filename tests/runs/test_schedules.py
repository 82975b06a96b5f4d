"""When schedules start runs, with a clock that the test sets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from runs.models import Job, Occurrence, Run, Schedule
from runs.schedules.occurrences import MOST_AT_ONCE
from runs.schedules.scheduler import Scheduler
from runs.schedules.timetables import moment_of
from runs.store import leases
from runs.worker.work_loop import WorkLoop
from tests.environment.waiting import until
from tests.runs import timekeeping as clock
from tests.runs.driver import drain, graph
from tests.runs.timekeeping import at, edit, look, look_from, occurrences, scheduled
from workflows import services
from workflows.models import Version, Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

CLOCK_SECONDS = 0.002
"""How exactly the loop knows the time of the database."""


def test_a_due_time_becomes_a_row_a_run_and_a_job() -> None:
    workflow = scheduled("09:00", "daily", timezone="Europe/Berlin")
    assert look("06:59:59") == 0
    assert look("07:00:00.250") == 1
    occurrence = Occurrence.objects.get()
    assert (occurrence.due_at, occurrence.fired_at) == (at("07:00"), at("07:00:00.250"))
    assert occurrence.run.workflow == workflow
    assert occurrence.run.version == workflow.published
    assert occurrence.run.trigger_type == "schedule_trigger"
    assert occurrence.run.payload == {
        "scheduled_for": "2026-05-12T07:00:00Z",
        "fired_at": "2026-05-12T07:00:00.250000Z",
    }
    assert Job.objects.get().run == occurrence.run
    assert clock.next_due(workflow) == at("2026-05-13 07:00")


def test_the_work_loop_starts_and_executes_what_is_due() -> None:
    workflow = scheduled("1 second", "interval", text="{{ trigger.scheduled_for }}")
    loop = WorkLoop(0)
    until(lambda: loop.turn() or Run.objects.exists(), within=3)
    drain(loop)
    loop.close()
    run = Run.objects.filter(workflow=workflow).earliest("created_at")
    assert (run.status, run.output) == ("completed", {"text": run.payload["scheduled_for"]})


def test_the_work_loop_sleeps_until_the_next_due_time() -> None:
    loop = WorkLoop(0)
    now = loop.now()
    scheduled("1 second", "interval", since=f"{moment_of(now * 1000):%Y-%m-%d %H:%M:%S}")
    loop.scheduler.fire_due(now)
    slept = loop._longest_sleep()
    loop.close()
    assert now + slept <= now // 1 + 1 + CLOCK_SECONDS


# ---------------------------------------------------------------- stopped workers

STOPPED = {
    "three hours, skipped": ("0 * * * *", "skip", "12:30", ["09:00", "13:00"]),
    "three hours, made up for once": (
        "0 * * * *",
        "run_once",
        "12:30",
        ["09:00", "12:00", "13:00"],
    ),
    "many times, skipped": ("*/25 * * * *", "skip", "12:30", ["09:00", "12:50", "13:00"]),
    "many times, made up for once": (
        "*/25 * * * *",
        "run_once",
        "12:30",
        ["09:00", "12:25", "12:50", "13:00"],
    ),
    "one time, made up for": ("30 9 * * *", "run_once", "12:30", ["09:30"]),
    "no time, nothing to make up for": ("0 9,13 * * *", "run_once", "12:30", ["09:00", "13:00"]),
    "half a minute late": ("0 * * * *", "skip", "12:00:30", ["09:00", "12:00", "13:00"]),
    "more than a minute late": ("0 * * * *", "skip", "12:01:30", ["09:00", "13:00"]),
    "back just in time": ("0 * * * *", "run_once", "12:00", ["09:00", "12:00", "13:00"]),
}  # fmt: skip


@pytest.mark.parametrize(("value", "missed", "back", "expected"), STOPPED.values(), ids=STOPPED)
def test_stopped_from_quarter_past_nine(
    value: str, missed: str, back: str, expected: list[str]
) -> None:
    workflow = scheduled(value, missed=missed, since="08:58")
    look_from("08:59", "09:15")
    look_from(back, "13:15")
    assert occurrences(workflow) == expected
    assert Run.objects.count() == Job.objects.count() == len(expected)


def test_a_year_of_missed_minutes_is_one_run() -> None:
    workflow = scheduled("* * * * *", missed="run_once", since="2025-05-12 00:00")
    assert look("12:00:30") == 1
    assert occurrences(workflow) == ["12:00"]


def test_a_clock_that_is_set_back_repeats_nothing() -> None:
    workflow, scheduler = scheduled("0 * * * *", missed="run_once"), Scheduler()
    for moment in ("08:59:59", "09:00:01", "08:30", "09:00", "09:00:01", "10:00"):
        look(moment, scheduler)
    assert occurrences(workflow)[-2:] == ["09:00", "10:00"]


def test_a_clock_that_is_set_back_stops_nothing_new() -> None:
    scheduler = Scheduler()
    look("2030-01-01 00:00", scheduler)
    workflow = scheduled("0 * * * *")
    look("09:00", scheduler)
    assert occurrences(workflow) == ["09:00"]


# ---------------------------------------------------------------- changes


def off_and_on(workflow: Workflow) -> None:
    clock.switch_off(workflow)
    clock.switch_on(workflow, "09:30")


def republish(value: str, when: str, **more: str) -> Callable[[Workflow], None]:
    return lambda workflow: edit(workflow, value, when=when, missed="run_once", **more)


def forget(workflow: Workflow) -> None:
    Schedule.objects.filter(workflow=workflow).delete()


CHANGES: dict[str, tuple[Callable[[Workflow], None], str, list[str]]] = {
    "none": (lambda workflow: None, "10:00", ["09:00", "10:00"]),
    "another time": (republish("30 * * * *", "09:20"), "10:10", ["09:00", "09:30"]),
    "another time, while workers stood still": (
        republish("30 * * * *", "10:20"),
        "12:00",
        ["09:00", "11:30"],
    ),
    "another node": (republish("0 * * * *", "09:20", text="Bye"), "10:00", ["09:00", "10:00"]),
    "another node, between due time and look": (
        republish("0 * * * *", "10:00:01", text="Bye"),
        "10:00:02",
        ["09:00", "10:00"],
    ),
    "published by a clock that is behind": (
        republish("0,59 * * * *", "08:59:59"),
        "09:01",
        ["09:00"],
    ),
    "made manual": (
        lambda workflow: clock.publish_next(workflow, graph()),
        "10:00",
        ["09:00"],
    ),
    "switched off": (clock.switch_off, "10:00", ["09:00"]),
    "off and on again": (off_and_on, "10:00", ["09:00", "10:00"]),
    "deleted": (lambda workflow: services.delete_workflow(workflow=workflow), "10:00", ["09:00"]),
    "the row of the schedule lost": (forget, "09:01", ["09:00"]),
}


@pytest.mark.parametrize(("change", "then", "expected"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("restarted", [False, True], ids=["goes on", "restarted"])
def test_a_change_after_the_run_of_nine(
    change: Callable[[Workflow], None], then: str, expected: list[str], restarted: bool
) -> None:
    workflow, scheduler = scheduled("0 * * * *", missed="run_once", since="08:30"), Scheduler()
    look("08:59", scheduler)
    look("09:00", scheduler)
    change(workflow)
    look(then, None if restarted else scheduler)
    look(at(then) + timedelta(seconds=1), scheduler)
    assert occurrences(workflow) == expected
    assert Run.objects.count() == len(expected)


def test_what_was_due_while_switched_off_is_not_made_up_for() -> None:
    workflow = scheduled("0 * * * *", missed="run_once", since="08:30")
    look_from("08:59", "09:15")
    clock.switch_off(workflow)
    clock.switch_on(workflow, "12:10")
    look_from("12:20", "13:00")
    assert occurrences(workflow) == ["09:00", "13:00"]


def test_a_row_of_a_workflow_that_is_off_does_not_keep_the_workers_awake() -> None:
    workflow, scheduler = scheduled("0 * * * *"), Scheduler()
    look("08:59", scheduler)
    clock.switch_off(workflow)
    look("09:00", scheduler)
    assert scheduler.next_look == pytest.approx(at("09:00:01").timestamp())


def test_activating_counts_from_that_moment_even_when_nobody_looked() -> None:
    workflow = scheduled("0 * * * *", since="08:00")
    clock.switch_on(workflow, "08:59:59")
    look("09:00:00.700")
    assert occurrences(workflow) == ["09:00"]


def test_a_change_is_seen_within_a_second_by_a_worker_that_sleeps() -> None:
    scheduler = Scheduler()
    look("08:59:58.9", scheduler)
    workflow = scheduled("0 * * * *", since="08:59:59")
    assert scheduler.next_look - at("08:59:58.9").timestamp() <= 1
    look("08:59:59.9", scheduler)
    assert scheduler.next_look == pytest.approx(at("09:00").timestamp())
    look("09:00:00.001", scheduler)
    assert occurrences(workflow) == ["09:00"]


def test_the_services_start_and_stop_a_schedule() -> None:
    now = leases.now()
    workflow = services.create_workflow(
        name="Often", graph=clock.scheduled_graph("1 second", "interval")
    )
    services.publish_workflow(workflow=workflow)
    assert Scheduler().fire_due(now + 2) == 0
    services.activate_workflow(workflow=workflow)
    assert Scheduler().fire_due(now + 2) == 1
    since = Workflow.objects.get().activated_at
    services.activate_workflow(workflow=workflow)
    assert Workflow.objects.get().activated_at == since
    services.deactivate_workflow(workflow=workflow)
    assert Scheduler().fire_due(now + 4) == 0
    services.activate_workflow(workflow=workflow)
    assert Workflow.objects.get().activated_at > since


def test_a_schedule_that_can_not_be_used_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    broken, healthy = scheduled("0 9 * * *"), scheduled("0 9 * * *")
    wrong = clock.scheduled_graph("0 25 * * *", "cron")
    Version.objects.filter(pk=broken.published_id).update(graph=wrong)
    look("09:00")
    assert (occurrences(broken), occurrences(healthy)) == ([], ["09:00"])
    assert "can not be used" in caplog.text


def test_many_schedules_of_one_moment_start_within_a_second() -> None:
    for _ in range(MOST_AT_ONCE * 2 + 7):
        scheduled("0 9 * * *")
    scheduler, now = Scheduler(), at("08:59").timestamp()
    while now < at("09:00:01").timestamp():
        scheduler.fire_due(now)
        now = scheduler.next_look
    assert Occurrence.objects.count() == Job.objects.count() == MOST_AT_ONCE * 2 + 7
    assert {o.due_at for o in Occurrence.objects.all()} == {at("09:00")}
