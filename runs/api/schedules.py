"""The REST call that shows when a workflow will be started."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from runs.schedules.timetables import Timetable, timetable_of
from workflows.api_schema import answers
from workflows.errors import NotFoundError
from workflows.fields import checked
from workflows.models import Workflow
from workflows.node_type import NodeConfig
from workflows.schedule import KINDS
from workflows.selectors import get_workflow
from workflows.templating.clock import zone_of

SHOWN_TIMES = 10


class ScheduleQuery(NodeConfig):
    version = serializers.ChoiceField(choices=["published", "draft"], default="published")


class ScheduleOut(serializers.Serializer[Any]):
    is_active = serializers.BooleanField(help_text="Whether the workflow is started at all.")
    kind = serializers.ChoiceField(choices=KINDS)
    value = serializers.CharField()
    timezone = serializers.CharField()
    missed = serializers.ChoiceField(choices=["skip", "run_once"])
    next = serializers.ListField(
        child=serializers.CharField(),
        help_text="The next ten times, as the clocks of the time zone show them, with the offset "
        "from UTC.",
    )


@extend_schema(
    operation_id="get_schedule",
    parameters=[OpenApiParameter("version", enum=["published", "draft"])],
    responses=answers({200: ScheduleOut}, 400, 404),
)
@api_view(["GET"])
def get_schedule(request: Request, workflow_id: UUID) -> Response:
    """When the published version, or the draft, is started next. 404 when not by a schedule."""
    which = checked(ScheduleQuery(data=request.query_params.dict()))["version"]
    workflow = get_workflow(workflow_id)
    timetable = _timetable(workflow, which)
    zone = zone_of(timetable.timezone)
    times = timetable.times.next_times(timezone.now(), SHOWN_TIMES)
    body = {
        "is_active": workflow.is_active,
        "kind": timetable.kind,
        "value": timetable.value,
        "timezone": timetable.timezone,
        "missed": timetable.missed,
        "next": [time.astimezone(zone).isoformat() for time in times],
    }
    return Response(ScheduleOut(body).data)


def _timetable(workflow: Workflow, which: str) -> Timetable:
    """Raises NotFoundError, GraphError, ValidationError."""
    if which == "draft":
        timetable = timetable_of(workflow.draft)
    elif workflow.published is not None:
        timetable = timetable_of(workflow.published.graph)
    else:
        raise NotFoundError(
            f"{workflow.name} has no published version. Publish it, or ask for ?version=draft.",
            code="no_schedule",
        )
    if timetable is None:
        raise NotFoundError(
            f"{workflow.name} is not started by a schedule. Give it a schedule_trigger.",
            code="no_schedule",
        )
    return timetable
