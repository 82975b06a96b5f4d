from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from workflows.dates import SECONDS, UnitField
from workflows.errors import NodeError
from workflows.limits import limits
from workflows.node_type import (
    Context,
    Json,
    NodeConfig,
    NodeType,
    TemplateField,
    Wait,
    is_template,
)
from workflows.values import to_exact, wrong_type


class Delay(NodeType):
    """Waits before the run goes on, at most 15 minutes. A run that waits costs nothing and survives
    restarts."""

    type = "delay"
    label = "Wait"
    category = "flow"
    icon = "timer"
    keywords = ("pause", "sleep", "delay", "later")
    waits = True
    example: ClassVar[dict[str, Json]] = {"duration": 1.5, "unit": "minutes"}
    example_result = Wait(90.0)

    class Config(NodeConfig):
        duration = TemplateField(
            label="Duration",
            help_text="A number; it may have a fraction. At most 15 minutes in all.",
        )
        unit = UnitField(("seconds", "minutes", "hours", "days"), default="seconds")

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            if not is_template(attrs["duration"]):
                try:
                    _seconds(attrs)
                except NodeError as error:
                    raise serializers.ValidationError({"duration": error.message}) from None
            return attrs

    def execute(self, config: dict[str, Json], context: Context) -> Wait:
        return Wait(_seconds(config))


def _seconds(config: dict[str, Json]) -> float:
    duration, most = to_exact(config["duration"], "duration"), limits().delay_seconds
    if duration < 0:
        raise wrong_type(config["duration"], "a number of at least 0", "duration")
    if duration * SECONDS[config["unit"]] > most:
        raise NodeError(
            f"The wait is longer than {most:g} s, the limit. Wait for less; "
            "for longer times start another workflow by a schedule.",
            code="delay_too_long",
            details={"duration": str(duration), "unit": config["unit"], "most_seconds": most},
        )
    return float(duration * SECONDS[config["unit"]])
