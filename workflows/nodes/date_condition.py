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
        "left": "{{ trigger.order.due_at }}",
        "operator": "within_next",
        "amount": 3,
        "unit": "days",
        "timezone": "Europe/Berlin",
    }

    class Config(DateComparison):
        pass

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        return branch(compare("date", config, context.now))
