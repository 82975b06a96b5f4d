from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from rest_framework import serializers

from workflows.node_type import Json, TriggerConfig, TriggerType
from workflows.rules import FilterField, holds

EVENT = r"[A-Za-z0-9_]+([.:-][A-Za-z0-9_]+)*"


class EventTrigger(TriggerType):
    """Starts when an event of this name is emitted: by a program through the API, by code in this
    installation, or by Altoflow itself (user.signed_up). A filter lets only some through."""

    type = "event_trigger"
    label = "Event"
    icon = "radio"
    keywords = ("emit", "signal", "subscribe", "listen", "user", "signup")
    example: ClassVar[dict[str, Json]] = {
        "event": "order.paid",
        "filter": [
            {
                "kind": "number",
                "left": "{{ trigger.data.total }}",
                "operator": "greater_than",
                "right": 100,
            }
        ],
    }
    sample: ClassVar[Json] = {
        "event": "order.paid",
        "data": {"id": 42, "total": 120},
        "emitted_at": "2026-01-31T12:00:00.000000Z",
    }

    class Config(TriggerConfig):
        event = serializers.RegexField(
            rf"^{EVENT}\Z",
            label="Event",
            help_text="Its name, for example: user.signed_up",
            max_length=100,
            error_messages={
                "invalid": "Use letters, digits and _, with dots between, like user.signed_up."
            },
        )
        filter = FilterField(
            label="Filter",
            help_text="Rules about the event; it is {{ trigger.data }} in them.",
            default=None,
            allow_null=True,
        )

    def accepts(self, config: Mapping[str, Any], now: datetime) -> bool:
        """Whether an event passes the filter; `config` is resolved with the event as `trigger`.
        Raises NodeError where the filter does not fit the event."""
        return config["filter"] is None or holds(config["filter"], now)
