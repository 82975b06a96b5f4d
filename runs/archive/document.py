"""An archived run as one JSON document, for people and programs that look at it."""

from __future__ import annotations

from typing import Any

from runs.archive.files import read_run
from runs.archive.reading import run_of
from runs.archive.rows import Row, instance_of
from runs.models import ArchivedRun, Delivery, Step
from runs.serializers import RunSerializer, StepSerializer


def document_of(entry: ArchivedRun) -> dict[str, Any]:
    """The run as the API gives it, with the steps of every attempt, the name of its workflow, the
    graph, the deliveries, and where it is in the archive. Raises ArchiveError."""
    rows: dict[str, list[Row]] = {}
    for record in read_run(entry):
        rows.setdefault(record.kind, []).append(record.row)
    run = run_of(rows["run"][0], rows["version"][0])
    steps = [instance_of(Step, row) for row in rows.get("step", ())]
    return {
        **RunSerializer(run).data,
        "workflow_name": entry.workflow_name,
        "steps": StepSerializer(steps, many=True).data,
        "deliveries": [_delivery(instance_of(Delivery, row)) for row in rows.get("delivery", ())],
        "graph": run.version.graph,
        "archive": {
            "file": entry.file.name,
            "sha256": entry.digest,
            "archived_at": entry.archived_at,
            "restored_at": entry.restored_at,
        },
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    names = ("id", "verdict", "status_code", "message", "method", "remote_address", "body_bytes")
    return {
        **{name: getattr(delivery, name) for name in names},
        "received_at": delivery.received_at,
    }
