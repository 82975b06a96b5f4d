from __future__ import annotations

from typing import ClassVar

from workflows.comparisons import DateComparison, compare
from workflows.node_type import Context, Json, NodeType, Output
from workflows.operators import branch


class DateCondition(NodeType):
    """Asks when something is and goes on at the port true or false: before, after or on the day of
    another date, in the past, or within the next days. Takes ISO 8601, the usual ways of writing
    dates, and timestamps."""

    type = "date_condition"
    label = "Date condition"
    category = "condition"
    icon = "calendar-search"
    keywords = ("if", "filter", "time", "before", "after", "today", "past", "due")
    ports = ("true", "false")
    example: ClassVar[dict[str, Json]] = {
        "left": "{{ trigger.order.paid_at }}",
        "operator": "before",
        "right": "{{ trigger.order.due_on }}",
        "timezone": "Europe/Berlin",
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {"order": {"paid_at": "2026-01-31T09:30:00Z", "due_on": "2026-02-14"}}
    }
    example_result = Output(
        {
            "result": True,
            "left": "2026-01-31T10:30:00+01:00",
            "right": "2026-02-14T00:00:00+01:00",
        },
        port="true",
    )

    class Config(DateComparison):
        pass

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        return branch(compare("date", config, context.now))
