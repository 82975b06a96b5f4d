from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from workflows.errors import WorkflowError
from workflows.json_schemas import JsonSchemaField, find_errors
from workflows.node_type import Json, TriggerConfig, TriggerType


class InvalidInputError(WorkflowError):
    """What a caller sent does not fit the schema; `details["errors"]` has {path, message} each."""

    code = "invalid_input"


class ApiTrigger(TriggerType):
    """Starts when a program calls this workflow and waits: it gets the answer of the node Respond
    in the same request. The input can be checked by a JSON Schema first."""

    type = "api_trigger"
    label = "API call"
    icon = "plug-zap"
    keywords = ("http", "request", "response", "synchronous", "endpoint", "rest")
    example: ClassVar[dict[str, Json]] = {
        "input_schema": {
            "type": "object",
            "properties": {"order_id": {"type": "integer"}},
            "required": ["order_id"],
        },
        "timeout_seconds": 10,
    }
    sample: ClassVar[Json] = {
        "body": {"order_id": 42},
        "headers": {"content-type": "application/json"},
        "query": {},
    }

    class Config(TriggerConfig):
        input_schema = JsonSchemaField(
            label="Input schema",
            help_text="JSON Schema of the body. Calls that do not fit it are refused with 400.",
            default=None,
            allow_null=True,
        )
        timeout_seconds = serializers.FloatField(
            label="Timeout in seconds",
            help_text="A caller who waits longer gets 504. At most 30.",
            min_value=1,
            max_value=30,
            default=30,
        )

    def payload(
        self,
        config: Mapping[str, Any],
        *,
        body: Json,
        headers: Mapping[str, str],
        query: Mapping[str, Json],
    ) -> Json:
        """The payload of a run for this call. Raises InvalidInputError; NodeError where the check
        itself is too much work."""
        schema = config["input_schema"]
        if schema is not None and (errors := find_errors(schema, body)):
            place = f" at {errors[0]['path']}" if errors[0]["path"] else ""
            raise InvalidInputError(
                f"The input is not what this workflow takes{place}: {errors[0]['message']}",
                details={"errors": errors},
            )
        return {"body": body, "headers": dict(headers), "query": dict(query)}
