"""The filters of a run list, as they stand in an address: pages and API read them here."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime

from runs.models import Run
from workflows.plain_json import clean

STATUSES = tuple(Run.Status.values)


@dataclass(frozen=True, slots=True)
class RunFilters:
    """What to show. `since` is included; `until` is not. Empty means everything."""

    statuses: tuple[str, ...] = ()
    workflow: uuid.UUID | None = None
    trigger: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""

    def apply(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        if self.statuses:
            runs = runs.filter(status__in=self.statuses)
        if self.workflow:
            runs = runs.filter(workflow=self.workflow)
        if self.trigger:
            runs = runs.filter(trigger_type=self.trigger)
        if self.since:
            runs = runs.filter(created_at__gte=self.since)
        if self.until:
            runs = runs.filter(created_at__lt=self.until)
        return _with_text(runs, self.text) if self.text else runs


@dataclass(frozen=True, slots=True)
class ReadFilters:
    """`problems` maps the name of a parameter to a sentence; a wrong one is left out."""

    filters: RunFilters
    problems: dict[str, str] = field(default_factory=dict)


def read_filters(params: QueryDict) -> ReadFilters:
    """`?workflow=&status=&trigger=&from=&to=&q=`; `status` may be repeated or joined by commas."""
    problems: dict[str, str] = {}
    filters = RunFilters(
        statuses=tuple(_statuses(params.getlist("status"), problems)),
        workflow=_workflow(params.get("workflow", "").strip(), problems),
        trigger=clean(params.get("trigger", "").strip()[:40]),
        since=_moment("from", params.get("from", "").strip(), problems),
        until=_moment("to", params.get("to", "").strip(), problems, whole_day=True),
        text=clean(params.get("q", "").strip()[:200]),
    )
    return ReadFilters(filters, problems)


def _statuses(values: list[str], problems: dict[str, str]) -> Iterator[str]:
    for status in dict.fromkeys(",".join(values).replace(" ", "").split(",")):
        if status in STATUSES:
            yield status
        elif status:
            problems["status"] = (
                f"There is no status {status!r}. Take one of {', '.join(STATUSES)}."
            )


def _workflow(value: str, problems: dict[str, str]) -> uuid.UUID | None:
    try:
        return uuid.UUID(value) if value else None
    except ValueError:
        problems["workflow"] = f"{value!r} is no workflow id. Copy it from the workflow's address."
        return None


def _moment(
    name: str, value: str, problems: dict[str, str], *, whole_day: bool = False
) -> datetime | None:
    """A date (`to` includes the whole day) or a time; without a zone it is UTC."""
    if not value:
        return None
    # A plus sign that was not escaped in the address arrives as a blank.
    text = value.replace(" ", "+") if "T" in value else value
    try:
        if day := parse_date(text):
            return datetime.combine(day + timedelta(days=whole_day), time(), tzinfo=UTC)
        if moment := parse_datetime(text):
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    problems[name] = f"{value!r} is no date. Write it like 2026-01-31 or 2026-01-31T09:00:00Z."
    return None


def _with_text(runs: QuerySet[Run], text: str) -> QuerySet[Run]:
    """Error, payload and id hold the text. Inside JSON it stands escaped, as it was stored."""
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    found = Q(payload_text__icontains=escaped) | Q(error_text__icontains=escaped)
    hexadecimal = text.replace("-", "").lower()
    if set(hexadecimal) <= set("0123456789abcdef"):
        whole = len(hexadecimal) == 32
        found |= Q(id=uuid.UUID(hexadecimal)) if whole else Q(id__icontains=text)
    return runs.alias(
        payload_text=Cast("payload", TextField()), error_text=Cast("error", TextField())
    ).filter(found)
