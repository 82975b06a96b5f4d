"""Children that end at the same moment under two workers: their parents must not sleep on."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import altoflow_probe
import pytest
from django.conf import settings

from runs.models import Job, Run, Step
from runs.services import cancel_run, start_run
from tests.environment.waiting import until
from tests.runs.calling import call, callable_one
from tests.runs.driver import graph, node, publish
from tests.runs.workers import working
from workflows.errors import ConflictError

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.both_databases,
    pytest.mark.usefixtures("quiet_probe"),
]

PARENTS = 12
ROUNDS = 6
AWAKE_WITHIN = 4.0
"""Seconds; a parent that was not woken sleeps for the hour that its run may take."""


def two_children(*more: dict[str, Any] | str) -> dict[str, Any]:
    """start -> left and right, each waiting for a run of its own, -> join."""
    child = callable_one(
        node("meet", "probe_effect"), node("end", value=1), "start -> meet", "meet -> end"
    )
    return graph(
        call("left", child),
        call("right", child),
        node("join", value="{{ left.output }}{{ right.output }}"),
        *("start -> left", "start -> right", "left -> join", "right -> join"),
        *more,
    )


SHAPES: dict[str, tuple[dict[str, Any] | str, ...]] = {
    "parked": (),
    "busy in another branch": (node("busy", "probe_effect"), "start -> busy"),
}


@pytest.mark.parametrize("more", SHAPES.values(), ids=SHAPES)
def test_two_children_that_end_together_wake_their_parent(
    more: tuple[dict[str, Any] | str, ...],
) -> None:
    workflow = publish(two_children(*more))
    with working(settings.WORKERS):
        for _ in range(ROUNDS):
            altoflow_probe.made.clear()
            gate = altoflow_probe.gates["meet"] = threading.Event()
            parents = [
                start_run(workflow=workflow, payload=None, trigger_type="manual_trigger").pk
                for _ in range(PARENTS)
            ]
            until(all_meet, within=10)
            gate.set()
            asleep = Run.objects.filter(pk__in=parents).exclude(status="completed")
            until(lambda rows=asleep: not rows.all().exists(), within=AWAKE_WITHIN, what="awake")
            joined = Step.objects.filter(run__in=parents, node_id="join", status="completed")
            assert set(joined.values_list("output", flat=True)) == {"11"}
            assert joined.count() == PARENTS
    assert not Job.objects.exists()


def all_meet() -> bool:
    return sum(name == "meet" for name, _ in altoflow_probe.made) == PARENTS * 2


def test_parents_that_are_cancelled_while_their_children_end() -> None:
    """Both lock the jobs of parent and child; neither must give up or leave one behind."""
    workflow = publish(two_children())
    with working(settings.WORKERS):
        gate = altoflow_probe.gates["meet"] = threading.Event()
        parents = [
            start_run(workflow=workflow, payload=None, trigger_type="manual_trigger")
            for _ in range(PARENTS)
        ]
        until(all_meet, within=10)
        gate.set()
        for parent in parents:
            with suppress(ConflictError):
                cancel_run(run=parent)
        unfinished = Run.objects.filter(status__in=Run.UNFINISHED)
        until(lambda: not unfinished.all().exists(), within=AWAKE_WITHIN, what="all ended")
    assert not Job.objects.exists()
    for parent in Run.objects.filter(pk__in=[p.pk for p in parents], status="completed"):
        assert set(parent.children.values_list("status", flat=True)) == {"completed"}
