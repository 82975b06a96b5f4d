"""Something of everything that the pages show, long names and long words too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from runs.archive.archiving import archive_runs
from runs.archive.restore import restore_run
from runs.models import Run
from runs.store import leases
from tests.runs.archives import old_run, rich_run
from tests.runs.driver import graph as drawn
from tests.runs.driver import node, publish
from tests.runs.records import delivery_of, resumed_run, run_of, step_of, workflow_called
from tests.workflows.definitions import graph
from workflows import services
from workflows.models import Workflow
from workflows.vault import set_secret

LONG_NAME = "Nightly reconciliation of all orders with accounting"
DEEP = {"user": {"name": "Ada", "tags": ["x", "y"], "more": {"deep": {"er": "the end"}}}}
ERROR = {
    "code": "told_to",
    "message": "https://a.example/" + "long/" * 30,
    "details": {"node": "b"},
}
SENT = {"method": "POST", "url": "https://a.example/", "body": {"it's": "•••"}}
HOOK: dict[str, Any] = {"nodes": [{"id": "hook", "type": "webhook_trigger"}], "edges": []}


def history() -> dict[str, Any]:
    """Runs that failed and were resumed, deliveries, a secret, a draft with problems."""
    orders = workflow_called(LONG_NAME)
    now = timezone.now()
    failed = run_of(orders, "failed", now - timedelta(minutes=9), payload={"body": DEEP})
    Run.objects.filter(pk=failed.pk).update(error=ERROR)
    step_of(failed, "start", output={"body": DEEP})
    step_of(failed, "a", warnings=["a.usr: did you mean a.user?"])
    step_of(failed, "b", "failed", error=ERROR)
    resumed = resumed_run(orders)
    delivery_of(orders, run=failed)
    delivery_of(orders, "bad_signature", message="The signature does not match. " * 5)
    set_secret(name="a_secret_with_quite_a_long_name_for_a_phone", value="value of it")
    nodes = [*HOOK["nodes"], {"id": "call", "type": "http_request"}]
    draft = services.create_workflow(name="Draft", graph={"nodes": nodes, "edges": []})
    return {"workflow": orders, "draft": draft, "failed": failed, "resumed": resumed}


def looped_run() -> Run:
    """A run with attempts, tries, waits, iterations, one of which failed, an HTTP step with a
    secret."""
    workflow = publish(
        drawn(
            node("call", "http_request", url="https://a.example/"),
            node("each", "iterator", items="{{ trigger }}"),
            node("b"),
            "start -> call",
            "call -> each",
            "each:item -> b",
        )
    )
    workflow.name = LONG_NAME
    workflow.save()
    now = timezone.now() - timedelta(minutes=5)
    run = run_of(workflow, "failed", now, attempt=2, error=ERROR)
    step_of(run, "start")
    tried = {"node_type": "http_request", "input": SENT}
    step_of(run, "call", "failed", error=ERROR, wake_at=now + timedelta(milliseconds=50), **tried)
    step_of(run, "call", try_number=2, **tried)
    step_of(run, "each", "failed", node_type="iterator", superseded_by=2, error=ERROR)
    step_of(run, "each", "failed", node_type="iterator", attempt=2, error=ERROR)
    for number in range(60):
        failed = {"status": "failed", "error": ERROR} if number == 41 else {}
        step_of(run, "b", iteration=str(number), attempt=2, **failed)
    leases.beat("one-0", 0, "one", 1)
    return run


def broken_workflow() -> Workflow:
    """Published once, now with problems; its only run failed."""
    workflow = services.create_workflow(name="A workflow with quite a long name " * 4, graph=HOOK)
    services.publish_workflow(workflow=workflow)
    bad = {"id": "call", "type": "http_request", "config": {"method": "SHOUT"}}
    nodes = {"nodes": [*HOOK["nodes"], bad], "edges": []}
    services.update_workflow(workflow=workflow, graph=nodes, description="Long words: " + "x" * 90)
    run_of(workflow, "failed", error={"code": "x", "message": "It broke. " * 9, "details": {}})
    return workflow


def changed_workflow() -> Workflow:
    """In two versions."""
    workflow = services.create_workflow(name="Greet", graph=graph())
    services.publish_workflow(workflow=workflow)
    services.update_workflow(workflow=workflow, graph=graph("Bye\n" * 9 + "x" * 200, name="Greet"))
    services.publish_workflow(workflow=workflow, note="A note " * 30)
    return workflow


def archived_runs() -> tuple[Run, Run]:
    """A failed one, and one that has a copy among the runs."""
    workflow = workflow_called(LONG_NAME)
    failed = rich_run(workflow)
    restored, *_ = (old_run(workflow, days=100 + number) for number in range(3))
    archive_runs(rest=0)
    restore_run(run_id=restored.pk)
    return failed, restored
