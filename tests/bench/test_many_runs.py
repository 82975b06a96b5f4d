"""The made-up history is one that the product could have."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from uuid import uuid4

from bench.many_runs import RARE_TEXT, STATUSES, many_runs
from runs.models import Run

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_runs_as_they_are_stored() -> None:
    workflows = [(uuid4(), 1), (uuid4(), 2)]
    made = list(many_runs(workflows, 900, NOW))
    assert all(a["id"] < b["id"] for a, b in itertools.pairwise(made))
    assert {run["status"] for run in made} <= set(STATUSES) <= set(Run.Status.values)
    assert {(run["workflow_id"], run["version_id"]) for run in made} == set(workflows)
    assert sum(RARE_TEXT in run["payload"] for run in made) == 1
    for run in made:
        assert json.loads(run["payload"])["body"]["lines"]
        assert (run["error"] is not None) == (run["status"] == "failed")
        assert set(run) <= {field.attname for field in Run._meta.fields}
