"""`POST /api/v1/nodes/test/`: what would this node do?"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from runs.http_error import HttpError
from runs.try_node import try_node
from workflows.api_schema import ErrorOut, answers
from workflows.fields import AnyJson, checked
from workflows.node_type import NodeConfig


class TrialForm(NodeConfig):
    node = AnyJson(help_text="As in a graph; the id may be missing.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`context` is a name that serializers use themselves."""
        context = serializers.DictField(
            default=dict, help_text="What templates see, like trigger and the outputs of nodes."
        )
        return {**super().get_fields(), "context": context}


class TrialSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["completed", "waiting", "failed"])
    output = serializers.JSONField(allow_null=True)
    port = serializers.CharField(allow_blank=True)
    warnings = serializers.ListField(child=serializers.CharField())
    error = ErrorOut(required=False)


@extend_schema(
    operation_id="test_node", request=TrialForm, responses=answers({200: TrialSerializer}, 400, 503)
)
@api_view(["POST"])
def test_node(request: Request) -> Response:
    """Execute one node and store nothing. Its effects are really made: mails are sent, servers
    called. Waits, loops and calls of other workflows are only told."""
    form = checked(TrialForm(data=request.data))
    try:
        return Response(try_node(node=form["node"], context=form["context"]).as_json())
    except HttpError as error:
        return error.as_response()
