"""How a caller who waits in the web process hears that a run has an answer for it.

As with the queue, the database is the truth and a call only saves time: it may come twice or never,
so whoever waits also looks by itself. On PostgreSQL the call is a NOTIFY on a channel of the run,
heard on the connection that the waiting thread has anyway; elsewhere a datagram to the thread.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import psycopg
from django.db import DatabaseError, connection

from runs.bells import DatagramBell
from runs.queue import bell_address, ring


class Listener(Protocol):
    def wait(self, seconds: float) -> None:
        """Until the call comes, at most so long."""


def call_listeners(run_ids: Iterable[str]) -> None:
    """These runs, by their ids in hex, have answers. Call after the commit."""
    if connection.vendor != "postgresql":
        ring(_address(run_id) for run_id in run_ids)
    elif channels := [_channel(run_id) for run_id in run_ids]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(name, '') FROM unnest(%s::text[]) name", [channels])


@contextmanager
def listening(run_id: str) -> Iterator[Listener]:
    """What was called before is not heard: look once after this has begun."""
    if connection.vendor == "postgresql":
        with _notified(_channel(run_id)) as listener:
            yield listener
        return
    try:
        bell = DatagramBell(_address(run_id))
    except OSError:
        # Somebody else waits for this run already (a repeated Idempotency-Key).
        yield _Deaf()
        return
    try:
        yield _Datagrams(bell)
    finally:
        bell.close()


@contextmanager
def _notified(channel: str) -> Iterator[Listener]:
    with connection.cursor() as cursor:
        cursor.execute(f'LISTEN "{channel}"')
    try:
        yield _Notifications()
    finally:
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(f'UNLISTEN "{channel}"')


class _Datagrams:
    def __init__(self, bell: DatagramBell) -> None:
        self._bell = bell

    def wait(self, seconds: float) -> None:
        if select.select([self._bell], [], [], seconds)[0]:
            self._bell.drain()


class _Notifications:
    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        try:
            for _ in connection.connection.notifies(timeout=seconds, stop_after=1):
                return
        except (psycopg.Error, AttributeError):
            # The connection has broken (it is None then); the next look makes a new one.
            time.sleep(max(0, end - time.monotonic()))


class _Deaf:
    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


def _channel(run_id: str) -> str:
    return f"altoflow_run_{run_id}"


def _address(run_id: str) -> str:
    """Short, because systems without abstract sockets take 104 characters with the folder."""
    return bell_address(f"c{run_id[-12:]}")
