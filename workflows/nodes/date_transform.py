from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from rest_framework import serializers

from workflows.dates import (
    TimeZoneField,
    UnitField,
    between,
    edge,
    shifted,
    to_date,
    to_zone,
)
from workflows.errors import NodeError
from workflows.node_type import (
    Context,
    Json,
    NodeConfig,
    NodeType,
    Output,
    TemplateField,
    is_template,
)
from workflows.templating.clock import format_date
from workflows.values import to_exact

LONGEST_FORMAT = 200
MOVES = {"add": 1, "subtract": -1}
EDGES = {"start_of": "start", "end_of": "end"}


class DateTransform(NodeType):
    """Writes a date in another form or time zone, moves it, takes the start or the end of its day,
    week, month or year, or counts how long it is to another date."""

    type = "date_transform"
    label = "Date"
    category = "action"
    icon = "calendar-days"
    keywords = ("time", "format", "add", "subtract", "difference", "now", "timezone", "today")
    example: ClassVar[dict[str, Json]] = {
        "input": "2026-01-31T12:00:00Z",
        "operation": "add",
        "amount": 1,
        "unit": "months",
        "format": "%-d %B %Y",
        "timezone": "Europe/Berlin",
    }
    example_result = Output(
        {
            "date": "2026-02-28T13:00:00+01:00",
            "text": "28 February 2026",
            "timestamp": 1772280000,
        }
    )

    class Config(NodeConfig):
        only_for: ClassVar = {
            "amount": ("operation", tuple(MOVES)),
            "unit": ("operation", (*MOVES, "difference", *EDGES)),
            "other": ("operation", ("difference",)),
            "format": ("operation", ("format", *MOVES, *EDGES)),
        }

        input = TemplateField(
            label="Date",
            help_text="Blank: now. ISO 8601, a timestamp, or the usual ways of writing dates.",
            default="",
            allow_null=True,
        )
        operation = serializers.ChoiceField(
            [
                ("format", "Write it"),
                ("add", "Add"),
                ("subtract", "Subtract"),
                ("difference", "Time to another date"),
                ("start_of", "Start of its unit"),
                ("end_of", "End of its unit"),
            ],
            label="Operation",
            default="format",
        )
        amount = TemplateField(
            label="Amount", help_text="For add and subtract.", required=False, allow_null=True
        )
        unit = UnitField(
            help_text="Months and days are those of the calendar; weeks begin on Monday.",
            default="days",
        )
        other = TemplateField(
            label="Other date",
            help_text="For difference; a later one gives a number above 0. Blank: now.",
            required=False,
            allow_null=True,
        )
        format = serializers.CharField(
            label="Format of the text",
            help_text="As in strftime, for example %-d %B %Y, %H:%M. Blank: ISO 8601.",
            default="",
            allow_blank=True,
            trim_whitespace=False,
            max_length=LONGEST_FORMAT,
        )
        timezone = TimeZoneField(
            help_text="The result is in it, and dates that name none are read in it."
        )

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            if attrs["operation"] in MOVES:
                amount = attrs.get("amount")
                if amount is None or amount == "":
                    raise serializers.ValidationError(
                        {"amount": f"{attrs['operation']} needs an amount."}
                    )
                if not is_template(amount):
                    _check_amount(amount, attrs["unit"])
            return attrs

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        zone, unit, operation = to_zone(config["timezone"]), config["unit"], config["operation"]

        def date(name: str) -> datetime:
            value = config.get(name)
            is_blank = value is None or value == ""
            return to_date("now" if is_blank else value, name, zone, context.now)

        moment = date("input")
        if operation == "difference":
            return Output({"difference": between(moment, date("other"), unit)})
        if operation in MOVES:
            amount = to_exact(config["amount"], "amount")
            moment = shifted(moment, amount * MOVES[operation], unit)
        elif operation in EDGES:
            moment = edge(moment, EDGES[operation], unit)
        return Output(_shown(moment, config["format"]))


def _shown(moment: datetime, layout: str) -> dict[str, Json]:
    seconds = moment.timestamp()
    date = moment.isoformat()
    return {
        "date": date,
        "text": format_date(moment, layout) if layout else date,
        "timestamp": int(seconds) if seconds == int(seconds) else seconds,
    }


def _check_amount(amount: Json, unit: str) -> None:
    try:
        exact = to_exact(amount, "amount")
    except NodeError as error:
        raise serializers.ValidationError({"amount": error.message}) from None
    if unit in ("months", "years") and exact != int(exact):
        raise serializers.ValidationError({"amount": f"Use a whole number of {unit}."})
