"""Old runs with everything that can belong to one, and the tables as they are to the byte."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils import timezone

from runs.models import ArchivedRun, IdempotencyKey, Occurrence, Run, Step
from tests.runs.records import delivery_of, id_at, run_of, step_of
from workflows.models import Workflow

TABLES = {
    "runs_run": "id",
    "runs_step": "run_id",
    "runs_delivery": "run_id",
    "runs_idempotencykey": "run_id",
    "runs_occurrence": "run_id",
}
ODD_JSON = '{"b":1.0e2,  "a": "\\u00fc ü \\u2028","big":123456789012345678901234567890.10,"b":2}'
"""Written by nobody we know; another text after one trip through a parser."""


def archive_in(folder: Path, settings: Any) -> Path:
    """`settings`: the fixture."""
    local = {"BACKEND": "runs.archive.files.LocalArchive", "OPTIONS": {"location": str(folder)}}
    settings.STORAGES = {**settings.STORAGES, "archive": local}
    return folder


def days_ago(days: float) -> datetime:
    """At noon, so that runs made together lie within one day."""
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    return noon.astimezone(UTC) - timedelta(days=days)


def old_run(workflow: Workflow, *, days: float = 100, steps: int = 2, **fields: Any) -> Run:
    run = run_of(workflow, at=days_ago(days), **fields)
    for number in range(steps):
        step_of(run, f"node_{number}")
    return run


def rich_run(workflow: Workflow, *, days: float = 100) -> Run:
    """Two attempts, tries, iterations, a delivery with its repetition, a key, a due time, and
    texts as no serializer of ours writes them."""
    at = days_ago(days)
    run = run_of(workflow, "failed", at=at, attempt=2, error={"code": "x", "message": "No."})
    step_of(run, "start", output={"body": {"a": [1, 2.5, None, True, "ü"]}})
    step_of(run, "a", "failed", superseded_by=2, error={"code": "x", "message": "No."})
    step_of(run, "a", "failed", attempt=2, iteration="2.0", warnings=["a.b: did you mean a.c?"])
    step_of(run, "a", "failed", attempt=2, iteration="2.0", try_number=2, wake_at=at)
    for verdict in ("accepted", "duplicate"):
        delivery_of(workflow, verdict, id=id_at(at), run=run, received_at=at, message="ü")
    IdempotencyKey.objects.create(
        workflow=workflow, key=f"key of {run.pk}", body_hash="0" * 64, run=run, created_at=at
    )
    Occurrence.objects.create(
        workflow=workflow,
        due_at=at + timedelta(microseconds=run.pk.int % 10**9),
        fired_at=at,
        run=run,
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE runs_run SET payload = %s WHERE id = %s", [ODD_JSON, _key(run.pk)])
        cursor.execute(
            "UPDATE runs_step SET output = %s WHERE run_id = %s", [ODD_JSON, _key(run.pk)]
        )
    if connection.vendor == "sqlite":
        # As the engine writes a whole second; Django writes it without the fraction.
        whole = f"{at:%Y-%m-%d %H:%M:%S}.000000"
        Step.objects.filter(run=run).update(finished_at=RawSQL("%s", [whole]))
    return run


def rows_of(run_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of a run in every table, as the database has it; when it was restored is left
    out."""
    found = {}
    with connection.cursor() as cursor:
        for table, column in TABLES.items():
            cursor.execute(f"SELECT * FROM {table} WHERE {column} = %s ORDER BY id", [_key(run_id)])
            names = [description[0] for description in cursor.description]
            found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in found["runs_run"]:
        del row["restored_at"]
    return found


def row_counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        counts = {}
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = cursor.fetchone()[0]
    return counts


def where_runs_are() -> tuple[set[UUID], set[UUID]]:
    """(among the runs, in the archive)"""
    return (
        set(Run.objects.values_list("pk", flat=True)),
        set(ArchivedRun.objects.values_list("pk", flat=True)),
    )


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _key(run_id: UUID) -> Any:
    return run_id if connection.features.has_native_uuid_field else run_id.hex
