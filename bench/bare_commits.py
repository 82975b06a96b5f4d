"""What rows and commits cost here, over the product's own connection."""

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


def answer(question: dict[str, float]) -> dict[str, float]:
    """{"seconds": ...}: one small row a transaction, for so long. {"rows": ...}: so many rows in a
    single transaction. The driver's own cursor: Django's settings for the database, not its code.
    """
    connection.ensure_connection()
    driver: Any = connection.connection
    driver.execute(TABLE.format(key=KEYS[connection.vendor]))
    if "rows" in question:
        return commit_together(driver, int(question["rows"]))
    return commit_rows(driver, question["seconds"])


def commit_together(driver: Any, rows: int) -> dict[str, float]:
    before = time.perf_counter()
    driver.execute("BEGIN")
    driver.cursor().executemany(ROW, [()] * rows)
    driver.execute("COMMIT")
    return {"seconds": time.perf_counter() - before}


def commit_rows(driver: Any, seconds: float) -> dict[str, float]:
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
    serve(answer)
