"""Runs that finished long ago: copies of one that the product has executed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from bench.database import Database

DAYS = 100
SECONDS_BETWEEN = 10.0
TABLES = {"runs_run": "id", "runs_step": "run_id", "runs_delivery": "run_id"}
"""Table -> the column that holds the id of the run."""

Record = dict[str, Any]


def store_old_runs(database: Database, model: UUID, number: int) -> None:
    """With all steps and deliveries of the run `model`. At most 8,640 are of one day."""
    begin = datetime.now(UTC).replace(hour=0, minute=0, second=0) - timedelta(days=DAYS)
    times = [begin + timedelta(seconds=SECONDS_BETWEEN * n) for n in range(number)]
    runs = [(old_id(moment), moment) for moment in times]
    (run,) = database.records("SELECT * FROM runs_run WHERE id = ?", model)
    created_at = moment_of(run["created_at"])
    for table, column in TABLES.items():
        found = database.records(f"SELECT * FROM {table} WHERE {column} = ?", model)
        rows = [
            copy(database, row, column, run_id, moment - created_at)
            for run_id, moment in runs
            for row in found
        ]
        database.insert(table, list(rows[0]), [list(row.values()) for row in rows])


def old_id(moment: datetime) -> UUID:
    """As it is made at this moment (UUID version 7)."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62 | secrets.randbits(62))


def copy(database: Database, row: Record, column: str, run_id: UUID, by: timedelta) -> Record:
    """Of another run, and `by` later."""
    made = dict(shifted(row, by))
    if column == "run_id":
        made.pop("id")
        if not isinstance(row["id"], int):
            made["id"] = database.stored(uuid4())
    made[column] = database.stored(run_id)
    return made


def shifted(row: Record, by: timedelta) -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if not name.endswith("_at") or value is None:
            yield name, value
        elif isinstance(value, str):
            yield name, (datetime.fromisoformat(value) + by).isoformat(" ", "microseconds")
        else:
            yield name, value + by


def moment_of(value: Any) -> datetime:
    """SQLite keeps times as text, in UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
