"""The settings of a workflow: their names, values and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from workflows.fields import Text, TrueOrFalse, WholeNumber, checked
from workflows.models import Workflow
from workflows.node_type import Json, NodeConfig

DEFAULTS: Mapping[str, Json] = {
    "strict_variables": False,
    "max_parallel_runs": None,
    "notify_on_failure": False,
}


@extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "string", "format": "email"}]})
class NotifyField(serializers.Field[Any, Any, Any, Any]):
    """false; true for the admins; or one e-mail address."""

    def to_internal_value(self, data: Any) -> bool | str:
        if isinstance(data, bool):
            return data
        address: str = serializers.EmailField().run_validation(Text().run_validation(data))
        return address

    def to_representation(self, value: bool | str) -> bool | str:
        return value


class WorkflowSettings(NodeConfig):
    """Unknown names are refused, so that a typing error is never silent."""

    strict_variables = TrueOrFalse(
        default=False, help_text="Unknown variables fail the step instead of being empty."
    )
    max_parallel_runs = WholeNumber(
        default=None,
        allow_null=True,
        min_value=1,
        max_value=1000,
        help_text="More runs than this wait their turn; null for no limit.",
    )
    notify_on_failure = NotifyField(
        default=False,
        help_text="Send an e-mail when a run fails: to the admins (true) or to this address.",
    )


def check_settings(data: Any) -> dict[str, Json]:
    """The given settings, checked; those that are not given are left out. Raises FormError."""
    return checked(WorkflowSettings(data=data, partial=True), "settings")


def settings_of(workflow: Workflow) -> dict[str, Json]:
    """All settings of a workflow, defaults included."""
    return {**DEFAULTS, **workflow.settings}
