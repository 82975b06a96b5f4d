"""The side panel of the builder while no node is selected, and the state in its top bar."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.serializers import ValidationError

from builder import panels
from builder.diff import compare
from runs.filters import RunFilters
from runs.schedules.timetables import TRIGGER as SCHEDULE
from runs.schedules.timetables import Timetable, timetable_of
from runs.selectors import list_runs
from workflows import selectors
from workflows.compiled import trigger_in
from workflows.errors import WorkflowError
from workflows.graph import Graph
from workflows.models import Workflow
from workflows.node_type import Json
from workflows.templating.clock import zone_of
from workflows.workflow_settings import settings_of

VERSIONS_SHOWN = 3
RUNS_SHOWN = 6
TIMES_SHOWN = 4


def state_context(workflow: Workflow, graph: Graph | None) -> dict[str, Any]:
    """What the top bar says: published or not, on or off, and why it can not be switched."""
    return {
        "workflow": workflow,
        "differs": differs_from_published(workflow),
        "why_not_active": panels.why_not_active(workflow, graph),
    }


def side_context(request: HttpRequest, workflow: Workflow, graph: Graph | None) -> dict[str, Any]:
    trigger = trigger_in(graph) if graph else None
    return {
        **state_context(workflow, graph),
        "is_readable": graph is not None,
        "settings": settings_of(workflow),
        "webhook": panels.webhook_panel(request, workflow, trigger),
        "schedule": _schedule(workflow),
        "versions": selectors.list_versions(workflow)[:VERSIONS_SHOWN],
        "runs": list_runs(RunFilters(workflow=workflow.pk), size=RUNS_SHOWN).rows,
    }


def published_graph(workflow: Workflow) -> Json:
    """None while nothing is published."""
    return workflow.published.graph if workflow.published else None


def differs_from_published(workflow: Workflow) -> bool:
    """Whether publishing would change what runs do."""
    graph = published_graph(workflow)
    return graph is None or not compare(graph, workflow.draft).is_empty


@dataclass(frozen=True, slots=True)
class Schedule:
    """`is_draft`: as it would be, once it is published."""

    text: str
    timezone: str
    is_draft: bool
    next: tuple[tuple[str, str], ...]
    """Each as ISO 8601, and as the clocks of the time zone show it."""


def _schedule(workflow: Workflow) -> Schedule | None:
    """Of what is published, else of the draft; None where no schedule starts it."""
    published = published_graph(workflow)
    graph = workflow.draft if published is None else published
    if SCHEDULE not in {node.get("type") for node in graph.get("nodes", [])}:
        return None
    timetable: Timetable | None = None
    # A draft may be anything; what is wrong with it is listed among the problems.
    with suppress(WorkflowError, ValidationError):
        timetable = timetable_of(graph)
    if timetable is None:
        return None
    zone = zone_of(timetable.timezone)
    times = [
        time.astimezone(zone) for time in timetable.times.next_times(timezone.now(), TIMES_SHOWN)
    ]
    return Schedule(
        f"{timetable.kind} {timetable.value}",
        timetable.timezone,
        published is None,
        tuple((time.isoformat(), f"{time:%a %Y-%m-%d %H:%M %Z}") for time in times),
    )
