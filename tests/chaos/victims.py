"""Whom to kill and whom to freeze: by the name that `ps` shows, or by what they hold."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress

import psycopg

from tests.environment.installation import SQLITE_NAME, Installation
from tests.environment.waiting import until

RETURN_SECONDS = 20.0
"""Within which a killed process has to be back."""


def kill(installation: Installation, name: str, chance: random.Random) -> None:
    """kill -9 of one process of this name, as soon as there is one."""
    deadline = time.monotonic() + RETURN_SECONDS
    while True:
        assert time.monotonic() < deadline, f"no {name} for {RETURN_SECONDS} s"
        if pids := installation.pids(name):
            with suppress(ProcessLookupError):
                os.kill(chance.choice(pids), signal.SIGKILL)
                return
        time.sleep(0.02)


def holders(installation: Installation) -> dict[str, str]:
    """Of each run that is held now the owner: host and data folder, slot, process id, a nonce."""
    query = "SELECT run_id, owner FROM runs_job WHERE owner <> ''"
    if url := installation.env.get("DATABASE_URL"):
        with psycopg.connect(url) as connection:
            return {str(run_id): owner for run_id, owner in connection.execute(query)}
    with closing(sqlite3.connect(installation.data_dir / SQLITE_NAME, timeout=10)) as file:
        return dict(file.execute(query).fetchall())


def process_of(owner: str) -> int:
    return int(owner.split(":")[2])


def busiest(installation: Installation, least: int) -> int:
    """The worker process that holds the most runs, as soon as one holds so many."""
    found: list[tuple[str, int]] = []

    def is_there() -> bool:
        found[:] = Counter(holders(installation).values()).most_common(1)
        return bool(found) and found[0][1] >= least

    until(is_there, within=RETURN_SECONDS, what=f"a worker holds {least} runs")
    return process_of(found[0][0])


def freeze(installation: Installation, least: int, seconds: float) -> bool:
    """Stop the busiest worker where it stands, as a paused virtual machine does, and let it go on.

    Returns whether others took its runs meanwhile. On SQLite they can not when it was stopped in
    the middle of a transaction."""
    victim = busiest(installation, least)
    os.kill(victim, signal.SIGSTOP)
    held = {run for run, owner in holders(installation).items() if process_of(owner) == victim}
    time.sleep(seconds)
    taken = {run for run, owner in holders(installation).items() if process_of(owner) != victim}
    os.kill(victim, signal.SIGCONT)
    return bool(held & taken)
