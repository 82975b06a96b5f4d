"""The runs as the database has them, read beside the product without taking a lock of its own."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from tests.environment.installation import Installation

LOOK_SECONDS = 0.05


class LostRuns(Exception):
    """Runs did not end, ended in another way, or have not all their steps."""


@dataclass(frozen=True)
class RunRow:
    """Times in seconds since 1970."""

    id: UUID
    status: str
    created_at: float
    started_at: float
    finished_at: float

    @property
    def seconds(self) -> float:
        return self.finished_at - self.started_at


@dataclass(frozen=True)
class StepRow:
    """Times like those of RunRow; `wake_at` is 0 where it did not wait."""

    run: UUID
    started_at: float
    wake_at: float
    finished_at: float


class Database:
    """One connection; for reading, unless somebody asks for more."""

    def __init__(self, installation: Installation, *, writable: bool = False) -> None:
        url = installation.env.get("DATABASE_URL", "")
        self.is_postgresql = url.startswith("postgres")
        self.mark = "%s" if self.is_postgresql else "?"
        self.connection: Any = (
            psycopg.connect(url, autocommit=True)
            if self.is_postgresql
            else sqlite3.connect(
                f"file:{installation.data_dir}/altoflow.sqlite3?mode={'rw' if writable else 'ro'}",
                uri=True,
                isolation_level=None,
            )
        )

    def close(self) -> None:
        self.connection.close()

    def rows(self, sql: str, *values: Any) -> list[Any]:
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(sql.replace("?", self.mark), [self.stored(value) for value in values])
            return list(cursor.fetchall())

    def insert(self, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """All of them, in one transaction."""
        columns, values = ", ".join(names), ", ".join([self.mark] * len(names))
        with closing(self.connection.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({values})", rows)
            cursor.execute("COMMIT")

    def records(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows with the names of their columns, as the driver has them."""
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(sql.replace("?", self.mark), [self.stored(value) for value in values])
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def step_counts(self, run: UUID) -> dict[str, int]:
        """Of each node, how many completed steps are stored."""
        counted = self.rows(
            "SELECT node_id, count(*) FROM runs_step WHERE run_id = ? AND status = 'completed' "
            "GROUP BY node_id",
            run,
        )
        return dict(counted)

    def step_times(self, runs: Sequence[UUID], node: str) -> list[StepRow]:
        """That node's steps of these runs, which follow each other."""
        wanted = set(runs)
        found = self.rows(
            "SELECT run_id, started_at, wake_at, finished_at FROM runs_step "
            "WHERE run_id >= ? AND run_id <= ? AND node_id = ? AND status = 'completed'",
            min(runs),
            max(runs),
            node,
        )
        rows = [_step(*row) for row in found if _uuid(row[0]) in wanted]
        if len(rows) != len(wanted):
            raise LostRuns(f"Of {len(wanted)} runs {len(rows)} have a completed step {node}.")
        return rows

    def is_readable(self, run: UUID, steps: int) -> bool:
        """Whether everybody sees the run as completed, with so many completed steps."""
        (row,) = self.rows(
            "SELECT r.status, (SELECT count(*) FROM runs_step s WHERE s.run_id = r.id "
            "AND s.status = 'completed') FROM runs_run r WHERE r.id = ?",
            run,
        )
        return bool(row[0] == "completed" and row[1] == steps)

    def wait_until_idle(self, within: float = 60) -> None:
        """Until no run is left to execute."""
        deadline = time.monotonic() + within
        while left := self.rows("SELECT count(*) FROM runs_job")[0][0]:
            if time.monotonic() > deadline:
                raise LostRuns(f"{left} runs had not ended after {within:g} s.")
            time.sleep(LOOK_SECONDS)

    def completed(self, runs: Sequence[UUID], steps: int) -> list[RunRow]:
        """These runs, which follow each other. Raises LostRuns when one of them is not completed or
        when their history is not whole."""
        first, last, wanted = min(runs), max(runs), set(runs)
        found = self.rows(
            "SELECT id, status, created_at, started_at, finished_at FROM runs_run "
            "WHERE id >= ? AND id <= ?",
            first,
            last,
        )
        rows = [_run(*row) for row in found if _uuid(row[0]) in wanted]
        completed = sum(row.status == "completed" for row in rows)
        (counted,) = self.rows(
            "SELECT count(*) FROM runs_step WHERE run_id >= ? AND run_id <= ? "
            "AND status = 'completed'",
            first,
            last,
        )
        if completed < len(wanted) or counted[0] < steps * len(wanted):
            raise LostRuns(
                f"Of {len(wanted)} runs {completed} were completed; "
                f"{counted[0]} of {steps * len(wanted)} steps are stored."
            )
        return rows

    def stored(self, value: Any) -> Any:
        if isinstance(value, UUID) and not self.is_postgresql:
            return value.hex
        return value


def _run(run: Any, status: str, created_at: Any, started_at: Any, finished_at: Any) -> RunRow:
    return RunRow(_uuid(run), status, *map(_seconds, (created_at, started_at, finished_at)))


def _step(run: Any, *times: Any) -> StepRow:
    return StepRow(_uuid(run), *map(_seconds, times))


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _seconds(value: Any) -> float:
    """SQLite keeps times as text, in UTC."""
    if value is None:
        return 0.0
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return float((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
