"""Values as the drivers of both databases take them, for SQL written by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

RECORD_COLUMNS = (
    "node_id",
    "node_type",
    "name",
    "attempt",
    "sequence",
    "status",
    "started_at",
    "iteration",
    "try_number",
    "input",
    "output",
    "error",
    "warnings",
    "port",
    "finished_at",
    "wake_at",
)
"""Those of Step that a StepRecord holds."""
TIME_COLUMNS = ("started_at", "finished_at", "wake_at")


def hexed(value: Any) -> str:
    """An id as it was read: SQLite gives text, PostgreSQL a UUID."""
    return value.hex if isinstance(value, UUID) else str(value)


def marks(values: Iterable[Any]) -> str:
    return ", ".join("%s" for _ in values)


def stored_id(value: UUID | None) -> str | None:
    """SQLite keeps ids in hex, and PostgreSQL takes them so."""
    return None if value is None else value.hex


def stored_time(moment: datetime) -> Any:
    """`moment` is in UTC. SQLite has no type for times; this is Django's text form."""
    if connection.vendor == "sqlite":
        return moment.replace(tzinfo=None).isoformat(" ", "microseconds")
    return moment


def stored_seconds(seconds: float | None) -> Any:
    """Of seconds since 1970; `seconds_of` reads them back."""
    return None if seconds is None else stored_time(datetime.fromtimestamp(seconds, UTC))


def seconds_of(value: Any) -> float | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return float((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
