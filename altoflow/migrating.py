"""Bring the database up to date, by one process at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

# Any number that nobody else locks in this database.
ADVISORY_LOCK = 0x616C746F


def migrate() -> None:
    """Does next to nothing when there is nothing to do. Closes its database connection."""
    with _alone(settings.DATA_DIR / "migrate.lock"):
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
    connection.close()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Against `--only web` and `--only worker` started together, on this machine or on two."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
            yield
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
