"""The filters of a run list, as they stand in an address: pages and API read them here."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime

from runs.figures import first_id_at
from runs.models import Run
from workflows.plain_json import clean

STATUSES = tuple(Run.Status.values)
HEXADECIMAL = frozenset("0123456789abcdef")
COLUMNS_LOOKED_AT = 20_000
TEXTS_LOOKED_AT = 5_000
"""Runs, by one page of a list: payloads are long, and no index holds them."""
CLOCKS_DIFFER_BY = timedelta(hours=1)
"""At most, between the clock that made a run's id and the one that wrote `created_at`."""


@dataclass(frozen=True, slots=True)
class RunFilters:
    """What to show. `since` is included; `until` is not. Empty means everything."""

    statuses: tuple[str, ...] = ()
    workflow: uuid.UUID | None = None
    trigger: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""

    @property
    def window(self) -> int | None:
        """At how many of the runs that `indexed` gives a page may look; None where an index leads
        to each run that matches, so that it looks at those it shows only."""
        if self.text:
            return TEXTS_LOOKED_AT
        several = len(self.statuses) > 1 and not set(self.statuses) <= set(Run.UNFINISHED)
        if several or self.trigger or (self.workflow and self.statuses):
            return COLUMNS_LOOKED_AT
        return None

    def indexed(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        """The part of the filters that one index answers in the order of the list."""
        if self.workflow:
            runs = runs.filter(workflow=self.workflow)
        elif len(self.statuses) == 1:
            runs = runs.filter(status=self.statuses[0])
        if self.since:
            runs = runs.filter(id__gte=first_id_at(_moved(self.since, -CLOCKS_DIFFER_BY)))
        if self.until:
            runs = runs.filter(id__lt=first_id_at(_moved(self.until, CLOCKS_DIFFER_BY)))
        return runs

    def apply(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        runs = self.indexed(runs)
        if self.statuses and (self.workflow or len(self.statuses) > 1):
            runs = runs.filter(status__in=self.statuses)
        if self.trigger:
            runs = runs.filter(trigger_type=self.trigger)
        if self.since:
            runs = runs.filter(created_at__gte=self.since)
        if self.until:
            runs = runs.filter(created_at__lt=self.until)
        return _with_text(runs, self.text) if self.text else runs

    @property
    def run_id(self) -> uuid.UUID | None:
        """The text, where it is the whole id of a run."""
        plain = self.text.replace("-", "").lower()
        is_whole = len(plain) == 32 and set(plain) <= HEXADECIMAL
        return uuid.UUID(plain) if is_whole else None

    def of_run(self, runs: QuerySet[Run], run_id: uuid.UUID) -> QuerySet[Run]:
        """This run and those it started, as far as the other filters let them through."""
        found = Q(pk=run_id) | Q(parent_run=run_id)
        return replace(self, text="").apply(runs).filter(found)


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


def _moved(moment: datetime, by: timedelta) -> datetime:
    """As far as the calendar goes."""
    try:
        return moment + by
    except OverflowError:
        return moment


def _with_text(runs: QuerySet[Run], text: str) -> QuerySet[Run]:
    """Error, payload and id hold the text. Inside JSON it stands escaped, as it was stored."""
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    found = Q(payload_text__icontains=escaped) | Q(error_text__icontains=escaped)
    if set(text.replace("-", "").lower()) <= HEXADECIMAL:
        found |= Q(id__icontains=text)
    return runs.alias(
        payload_text=Cast("payload", TextField()), error_text=Cast("error", TextField())
    ).filter(found)
