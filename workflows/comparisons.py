"""What is asked of a value, one form for each kind of value. Condition nodes and rules share them.

A checked form goes to `compare`, which gives the output of a condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from rest_framework import serializers

from workflows.dates import TimeZoneField, UnitField, to_amount, to_zone
from workflows.errors import NodeError
from workflows.node_type import Json, NodeConfig, TemplateField, is_template
from workflows.operators import (
    BOOLEAN_OPERATORS,
    DATE_OPERATORS,
    LIST_OPERATORS,
    NUMBER_OPERATORS,
    TEXT_OPERATORS,
    WITHIN,
    Comparison,
    check_right,
    compare_boolean,
    compare_date,
    compare_list,
    compare_number,
    compare_text,
    labelled,
    with_right,
)


class TextComparison(NodeConfig):
    only_for: ClassVar = {
        "right": ("operator", with_right(TEXT_OPERATORS)),
        "case_sensitive": ("operator", with_right(TEXT_OPERATORS)),
    }

    left = TemplateField(label="Text", allow_null=True)
    operator = serializers.ChoiceField(labelled(TEXT_OPERATORS), label="Operator")
    right = TemplateField(
        label="Compare with",
        help_text="For in: a list, or a text with commas. For matches: a regular expression "
        "(RE2), found anywhere in the text.",
        allow_null=True,
        required=False,
    )
    case_sensitive = serializers.BooleanField(label="Upper and lower case differ", default=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        check_right(attrs)
        return attrs


class NumberComparison(NodeConfig):
    only_for: ClassVar = {"right2": ("operator", ("between",))}

    left = TemplateField(label="Number", allow_null=True)
    operator = serializers.ChoiceField(labelled(NUMBER_OPERATORS), label="Operator")
    right = TemplateField(label="Compare with", allow_null=True)
    right2 = TemplateField(
        label="And at most",
        help_text="Only for between; both ends belong to it.",
        allow_null=True,
        required=False,
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _check_between(attrs)
        return attrs


class DateComparison(NodeConfig):
    only_for: ClassVar = {
        "right": ("operator", with_right(DATE_OPERATORS)),
        "right2": ("operator", ("between",)),
        "amount": ("operator", WITHIN),
        "unit": ("operator", WITHIN),
    }

    left = TemplateField(
        label="Date",
        help_text="ISO 8601, a timestamp, now or today. A day without a time is its midnight.",
        allow_null=True,
    )
    operator = serializers.ChoiceField(labelled(DATE_OPERATORS), label="Operator")
    right = TemplateField(
        label="Compare with",
        help_text="For before, after, on and between.",
        allow_null=True,
        required=False,
    )
    right2 = TemplateField(
        label="And at the latest",
        help_text="Only for between; both ends belong to it.",
        allow_null=True,
        required=False,
    )
    amount = TemplateField(
        label="Amount",
        help_text="For within_last and within_next: how many units.",
        allow_null=True,
        required=False,
    )
    unit = UnitField(default="days")
    timezone = TimeZoneField(help_text="Its days count, and dates that name no zone are in it.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        check_right(attrs)
        _check_between(attrs)
        if attrs["operator"] in WITHIN:
            _check_amount(attrs)
        return attrs


class BooleanComparison(NodeConfig):
    left = TemplateField(label="Value", allow_null=True)
    operator = serializers.ChoiceField(
        labelled(BOOLEAN_OPERATORS), label="Operator", default="is_true"
    )


class ListComparison(NodeConfig):
    only_for: ClassVar = {"right": ("operator", with_right(LIST_OPERATORS))}

    left = TemplateField(
        label="List", help_text="What is not there counts as an empty list.", allow_null=True
    )
    operator = serializers.ChoiceField(labelled(LIST_OPERATORS), label="Operator")
    right = TemplateField(
        label="Compare with",
        help_text="An item, or for length_...: a number.",
        allow_null=True,
        required=False,
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        check_right(attrs)
        return attrs


FORMS: dict[str, type[NodeConfig]] = {
    "string": TextComparison,
    "number": NumberComparison,
    "date": DateComparison,
    "boolean": BooleanComparison,
    "array": ListComparison,
}


def compare(kind: str, asked: Mapping[str, Json], now: datetime) -> Comparison:
    """Answer a checked form of FORMS whose templates are resolved. Raises NodeError."""
    operator, left, right = asked["operator"], asked["left"], asked.get("right")
    match kind:
        case "string":
            return compare_text(operator, left, right, case_sensitive=asked["case_sensitive"])
        case "number":
            return compare_number(operator, left, right, asked.get("right2"))
        case "date":
            return compare_date(
                operator,
                left,
                right,
                asked.get("right2"),
                amount=asked.get("amount"),
                unit=asked["unit"],
                zone=to_zone(asked["timezone"]),
                now=now,
            )
        case "boolean":
            return compare_boolean(operator, left, "left")
        case _:
            return compare_list(operator, left, right)


def _check_between(asked: Mapping[str, Json]) -> None:
    if asked["operator"] == "between" and asked.get("right2") is None:
        raise serializers.ValidationError({"right2": "between needs it."})


def _check_amount(asked: Mapping[str, Json]) -> None:
    amount = asked.get("amount")
    if is_template(amount):
        return
    try:
        to_amount(amount)
    except NodeError as error:
        raise serializers.ValidationError({"amount": error.message}) from None
