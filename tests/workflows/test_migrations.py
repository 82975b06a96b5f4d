"""Migrations that change rows, there and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from runs.models import Run
from tests.runs.driver import graph, node
from tests.runs.records import run_of, workflow_called
from workflows.models import Version, Workflow
from workflows.services import publish_workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

BEFORE, AFTER = "0003_activated_at", "0004_drafts_that_run"


def migrate(name: str) -> Any:
    """The models of workflows as they are then."""
    wanted = [("workflows", name)]
    MigrationExecutor(connection).migrate(wanted)
    return MigrationExecutor(connection).loader.project_state(wanted).apps


@pytest.fixture
def migrated() -> Iterator[Callable[[str], Any]]:
    yield migrate
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def drawn(name: str) -> dict[str, Any]:
    return graph(node(name), f"start -> {name}")


def numbers(workflow: Workflow, model: Any = Version) -> list[tuple[int, int, str]]:
    """(id, number, name of the node)"""
    rows = model.objects.filter(workflow_id=workflow.pk).order_by("number", "pk")
    return [(row.pk, row.number, row.graph["nodes"][1]["id"]) for row in rows]


def test_snapshots_of_drafts_become_versions_on_the_way_back(
    migrated: Callable[[str], Any],
) -> None:
    tried, untouched = workflow_called("Tried"), workflow_called("Untouched")
    first, before = tried.published, numbers(untouched)
    snapshots = [
        Version.objects.create(workflow=tried, number=0, graph=drawn(name)) for name in "xyz"
    ]
    second = publish_workflow(workflow=tried)
    pinned = run_of(tried)
    Run.objects.filter(pk=pinned.pk).update(version=snapshots[1])
    never_published = Workflow.objects.create(name="New", webhook_hash="h", webhook_token="none")
    only = Version.objects.create(workflow=never_published, number=0, graph=drawn("w"))
    assert first is not None

    apps = migrated(BEFORE)
    old = apps.get_model("workflows", "Version")
    expected = [
        (first.pk, 1, "a"),
        (second.pk, 2, "a"),
        (snapshots[0].pk, 3, "x"),
        (snapshots[1].pk, 4, "y"),
        (snapshots[2].pk, 5, "z"),
    ]
    assert numbers(tried, old) == expected
    assert numbers(untouched, old) == before
    assert numbers(never_published, old) == [(only.pk, 1, "w")]
    assert set(old.objects.values_list("number", "note")) >= {
        (2, ""),
        (3, "A draft that was tried"),
    }
    published = apps.get_model("workflows", "Workflow").objects.get(pk=tried.pk).published_id
    assert published == second.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        old.objects.create(workflow_id=tried.pk, number=5, graph={})

    migrated(AFTER)
    assert numbers(tried) == expected
    assert Run.objects.get().version_id == snapshots[1].pk
    for _ in range(2):
        Version.objects.create(workflow=tried, number=0, graph=drawn("x"))
    tried.refresh_from_db()
    assert publish_workflow(workflow=tried).number == 6
