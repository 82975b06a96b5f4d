"""The queue is the `Job` table; a wake-up call only saves the worker's next look at it.

A call may come twice or never: every worker also looks by itself once a second. On PostgreSQL the
call is a NOTIFY (sent when the transaction commits), elsewhere a datagram to each worker of this
machine.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings
from django.db import connection

from runs.sql_values import marks
from workflows.ids import installation_id

CHANNEL = "altoflow_jobs"

_sender: tuple[int, socket.socket] | None = None


def database_now_sql() -> str:
    """SQL for the milliseconds since 1970 by the clock of the database."""
    if connection.vendor == "sqlite":
        return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    return "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"


def insert_jobs(run_ids: Iterable[str]) -> None:
    """Make the runs claimable, within the caller's transaction. `run_ids` in hex."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO runs_job (run_id, available_at, owner, fence, deaths, wakeups) "
            f"VALUES (%s, {database_now_sql()}, '', 0, 0, 0)",
            [(run_id,) for run_id in run_ids],
        )
        if connection.vendor == "postgresql":
            cursor.execute(f"NOTIFY {CHANNEL}")


def wake_parents(run_ids: Sequence[str]) -> None:
    """These runs have ended: whoever waits for them looks again. Within the transaction that ends
    them; the rows of the parents are counted, so one that is claimed now is not missed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runs_job SET wakeups = wakeups + 1, available_at = "
            f"CASE WHEN owner = '' THEN {database_now_sql()} ELSE available_at END "
            f"WHERE run_id IN (SELECT parent_run_id FROM runs_run WHERE id IN ({marks(run_ids)}) "
            "AND parent_run_id IS NOT NULL)",
            list(run_ids),
        )
        if connection.vendor == "postgresql" and cursor.rowcount:
            cursor.execute(f"NOTIFY {CHANNEL}")


def wake() -> None:
    """Call after the commit."""
    if connection.vendor == "postgresql":
        return
    ring(wake_address(slot) for slot in range(settings.WORKERS))


def wake_address(slot: int) -> str:
    """Where the worker of `slot` listens."""
    return bell_address(str(slot))


def bell_address(name: str) -> str:
    """Of a datagram socket: one namespace for each data folder."""
    name = f"altoflow-{installation_id()}-{name}"
    return f"\0{name}" if sys.platform == "linux" else str(Path(tempfile.gettempdir()) / name)


def ring(addresses: Iterable[str]) -> None:
    """Whether somebody listens there or not."""
    sender = _bell_sender()
    for address in addresses:
        with contextlib.suppress(OSError):
            sender.sendto(b"!", address)


def _bell_sender() -> socket.socket:
    global _sender
    if _sender is None or _sender[0] != os.getpid():
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sender.setblocking(False)
        atexit.register(sender.close)
        _sender = (os.getpid(), sender)
    return _sender[1]
