"""Fills an installation with runs that finished long ago, as a program in its environment.

    python -m tests.chaos.old_runs RUNS A_DAY

Migrates first. Runs of three steps with 2 kB of data and a delivery each, A_DAY of them a day, the
youngest 91 days old.
"""

import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from runs.figures import first_id_at  # noqa: E402
from workflows import services  # noqa: E402
from workflows.models import Workflow  # noqa: E402

AT_ONCE = 2_000
STEPS = ("start", "shape", "store")
SAMPLE = {"order": {"id": 1, "customer": "Ada Lovelace", "lines": [{"sku": "a" * 20, "n": 3}] * 8}}
START = {"id": "start", "type": "manual_trigger", "config": {}}

RUN = (
    "INSERT INTO runs_run (id, workflow_id, version_id, status, attempt, trigger_type, payload, "
    "output, call_stack, created_at, started_at, attempt_started_at, finished_at) VALUES "
    "(%s, %s, %s, %s, 1, 'webhook_trigger', %s, %s, '[]', %s, %s, %s, %s)"
)
STEP = (
    "INSERT INTO runs_step (run_id, attempt, node_id, iteration, try_number, sequence, node_type, "
    "name, status, input, output, warnings, port, started_at, finished_at) VALUES "
    "(%s, 1, %s, '', 1, %s, 'data_mapper', '', 'completed', %s, %s, '[]', 'default', %s, %s)"
)
DELIVERY = (
    "INSERT INTO runs_delivery (id, workflow_id, run_id, verdict, status_code, message, method, "
    "remote_address, body_bytes, received_at) VALUES "
    "(%s, %s, %s, 'accepted', 202, '', 'POST', '127.0.0.1', 700, %s)"
)


def fill(workflow: Workflow, runs: int, a_day: int) -> None:
    youngest, gap = timezone.now() - timedelta(days=91), timedelta(days=1) / a_day
    numbers = iter(range(runs))
    while chunk := list(islice(numbers, AT_ONCE)):
        rows = [row for n in chunk for row in rows_of(workflow, n, youngest - n * gap)]
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in (RUN, STEP, DELIVERY):
                cursor.executemany(statement, [values for sql, values in rows if sql is statement])


def rows_of(workflow: Workflow, number: int, at: datetime) -> Iterator[tuple[str, tuple[Any, ...]]]:
    moment = connection.ops.adapt_datetimefield_value(at)
    end = connection.ops.adapt_datetimefield_value(at + timedelta(milliseconds=80))
    run_id = f"{first_id_at(at).int | 0x7 << 76 | 0x2 << 62 | number:032x}"
    sample = json.dumps({**SAMPLE, "number": number})
    status = "failed" if number % 10 == 0 else "completed"
    version = workflow.published_id
    pk = workflow.pk if connection.features.has_native_uuid_field else workflow.pk.hex
    yield RUN, (run_id, pk, version, status, sample, sample, moment, moment, moment, end)
    for place, name in enumerate(STEPS):
        yield STEP, (run_id, name, place, sample[:200], sample[:300], moment, end)
    yield DELIVERY, (run_id, pk, run_id, moment)


def main() -> None:
    workflow = services.create_workflow(name="Old orders", graph={"nodes": [START], "edges": []})
    services.publish_workflow(workflow=workflow)
    workflow.refresh_from_db()
    fill(workflow, int(sys.argv[1]), int(sys.argv[2]))


if __name__ == "__main__":
    main()
