from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from workflows.errors import NodeError
from workflows.http_fields import HeadersField
from workflows.http_syntax import NOT_IN_HEADERS
from workflows.node_type import Context, Json, JsonTemplateField, NodeConfig, NodeType, Respond
from workflows.values import to_text

NOT_OURS = frozenset(
    {
        "clear-site-data",
        "connection",
        "content-encoding",
        "content-length",
        "content-security-policy",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "service-worker-allowed",
        "set-cookie",
        "set-cookie2",
        "strict-transport-security",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers of the connection, and those that would change how browsers treat the pages here."""


class RespondNode(NodeType):
    """Answers the caller of an API call. The run goes on behind it."""

    type = "respond"
    label = "Respond"
    category = "flow"
    icon = "reply"
    keywords = ("answer", "return", "response", "api", "http")
    example: ClassVar[dict[str, Json]] = {
        "status": 201,
        "headers": [{"name": "X-Order", "value": "{{ trigger.body.order_id }}"}],
        "body": {"order": "{{ trigger.body.order_id }}", "accepted": True},
    }
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"body": {"order_id": 42}}}
    example_result = Respond(201, {"X-Order": "42"}, {"order": 42, "accepted": True})

    class Config(NodeConfig):
        status = serializers.IntegerField(
            label="Status",
            help_text="Of the HTTP answer.",
            default=200,
            min_value=200,
            max_value=599,
        )
        headers = HeadersField()
        body = JsonTemplateField(
            label="Body",
            help_text="JSON whose texts are templates.",
            default=None,
            allow_null=True,
        )

        def validate_headers(self, headers: list[dict[str, Any]]) -> list[dict[str, Any]]:
            refused = [header["name"] for header in headers if header["name"].lower() in NOT_OURS]
            if refused:
                raise serializers.ValidationError(
                    f"The header {refused[0]} can not be set here. Remove it."
                )
            return headers

    def execute(self, config: dict[str, Json], context: Context) -> Respond:
        headers = {
            header["name"]: _header_text(header["value"], f"headers[{place}].value")
            for place, header in enumerate(config["headers"])
        }
        return Respond(config["status"], headers, config["body"])


def _header_text(value: Json, field: str) -> str:
    text = to_text(value, field).strip()
    if NOT_IN_HEADERS.search(text):
        raise NodeError(
            f"The field {field!r} has a line break or another control character, which no header "
            "can have. Take it out.",
            code="bad_header",
            details={"field": field},
        )
    return text
