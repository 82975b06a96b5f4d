from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from workflows.node_type import Json, TriggerConfig, TriggerType
from workflows.schedule import LONGEST_VALUE, ScheduleError, parse_schedule


class TimeZoneName(serializers.CharField):
    """Checked together with the time."""

    value_schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "x-timezone": True,
    }


class ScheduleTrigger(TriggerType):
    """Starts at set times: every few minutes, daily, on a day of the week or of the month, or by a
    cron schedule, in a time zone of your choice. On the night the clocks go back a set time runs
    once, and one that they skip runs right after."""

    type = "schedule_trigger"
    label = "Schedule"
    icon = "calendar-clock"
    keywords = ("time", "cron", "daily", "weekly", "monthly", "interval", "every", "timer")
    example: ClassVar[dict[str, Json]] = {
        "kind": "weekly",
        "value": "mon 09:00",
        "timezone": "Europe/Berlin",
        "missed": "run_once",
    }
    sample: ClassVar[Json] = {
        "scheduled_for": "2026-01-31T09:00:00Z",
        "fired_at": "2026-01-31T09:00:00.120000Z",
    }

    class Config(TriggerConfig):
        kind = serializers.ChoiceField(
            [
                ("interval", "Every so often"),
                ("cron", "Cron"),
                ("daily", "Daily"),
                ("weekly", "Weekly"),
                ("monthly", "Monthly"),
            ],
            label="Kind",
        )
        value = serializers.CharField(
            label="When",
            help_text="interval: 5 minutes. cron: 0 9 * * 1. daily: 09:00. weekly: mon 09:00. "
            "monthly: 1 09:00; shorter months have a day that is missing on their last day.",
            max_length=LONGEST_VALUE,
        )
        timezone = TimeZoneName(
            label="Time zone",
            help_text="A name like Europe/Berlin.",
            default="UTC",
            max_length=64,
        )
        missed = serializers.ChoiceField(
            [("skip", "Leave them out"), ("run_once", "Run once for all of them")],
            label="Times missed while nothing was running",
            default="skip",
        )

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            try:
                parse_schedule(attrs["kind"], attrs["value"], attrs["timezone"])
            except ScheduleError as error:
                raise serializers.ValidationError({error.field: error.message}) from None
            return attrs
