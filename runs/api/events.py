"""`POST /api/v1/events/`: something happened somewhere else."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from runs.intake import events
from runs.serializers import RunSerializer
from workflows.api_schema import answers
from workflows.fields import Text, checked
from workflows.node_type import NodeConfig


class EventForm(NodeConfig):
    event = Text(max_length=100, help_text="Its name, like order.paid.")
    data = serializers.JSONField(  # type: ignore[assignment]  # a field of this name
        allow_null=True, default=None
    )


class StartedSerializer(serializers.Serializer[Any]):
    runs = RunSerializer(many=True)


@extend_schema(
    operation_id="emit_event", request=EventForm, responses=answers({202: StartedSerializer}, 400)
)
@api_view(["POST"])
def emit_event(request: Request) -> Response:
    """Start every active workflow that listens for this event and whose filter matches."""
    form = checked(EventForm(data=request.data))
    started = events.start_listeners(events.event_payload(form["event"], form["data"]))
    return Response({"runs": RunSerializer(started, many=True).data}, status=202)
