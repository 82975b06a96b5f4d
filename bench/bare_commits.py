"""What one commit costs here: one small row a transaction, over the product's own connection."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import django
from django.db import connection

from bench.child import serve

TABLE = "CREATE TABLE IF NOT EXISTS bench_row (id {key}, text varchar(100) NOT NULL)"
KEYS = {"sqlite": "integer PRIMARY KEY", "postgresql": "bigserial PRIMARY KEY"}
ROW = "INSERT INTO bench_row (text) VALUES ('one small row, the least that can be kept of a run')"


def commit_rows(seconds: float) -> dict[str, float]:
    """The driver's own `execute`: Django's settings for the database, not its cursors."""
    connection.ensure_connection()
    driver: Any = connection.connection
    driver.execute(TABLE.format(key=KEYS[connection.vendor]))
    took, end = [], time.perf_counter() + seconds
    before = time.perf_counter()
    while before < end:
        driver.execute(ROW)
        now = time.perf_counter()
        took.append(now - before)
        before = now
    return {"rate": len(took) / sum(took), "seconds": median(took)}


if __name__ == "__main__":
    django.setup()
    serve(commit_rows)
