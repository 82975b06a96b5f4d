"""The demo: installed by a button or by its command, and played to its end."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from altoflow.demo_receiver import Receiver, ask_to_step_aside
from altoflow.github_events import Event, payload_of, request_of
from builder.demo import NAME, SECRET, demo_graph, install_demo
from tests.environment.installation import Installation
from tests.environment.ports import free_port
from workflows import services, vault
from workflows.errors import ConflictError
from workflows.graph import Graph
from workflows.models import Secret, Workflow
from workflows.node_type import IncomingRequest
from workflows.nodes.webhook_trigger import WebhookTrigger
from workflows.validation import check_graph

OPENED = Event("opened", 7, "A title", "ada", ("bug", "documentation"))


# ---------------------------------------------------------------- the workflow


def test_its_graph_has_neither_errors_nor_warnings() -> None:
    findings = check_graph(Graph.from_json(demo_graph("127.0.0.1:8009")))
    assert (findings.errors, findings.warnings) == ((), ())


@pytest.mark.django_db
def test_it_is_installed_once_and_ready_to_start() -> None:
    workflow = install_demo(user=None)
    assert workflow.name == NAME
    assert workflow.is_active
    assert workflow.published is not None
    secret = vault.snapshot().values[SECRET]
    assert len(secret) >= 32
    assert install_demo(user=None) == workflow
    assert (Workflow.objects.count(), Secret.objects.count()) == (1, 1)
    assert vault.snapshot().values[SECRET] == secret


@pytest.mark.django_db
def test_what_somebody_changed_in_it_stays() -> None:
    workflow = install_demo(user=None)
    graph = workflow.draft
    graph["nodes"][2]["config"]["template"] = "Mine"
    services.update_workflow(workflow=workflow, graph=graph)
    services.deactivate_workflow(workflow=workflow)
    again = install_demo(user=None)
    assert again.is_active
    assert again.draft["nodes"][2]["config"]["template"] == "Mine"


@pytest.mark.django_db
def test_it_is_made_anew_after_it_was_deleted() -> None:
    first = install_demo(user=None)
    services.delete_workflow(workflow=first)
    assert install_demo(user=None) != first


@pytest.mark.django_db
def test_an_operator_can_switch_it_off(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(ConflictError, match="ALTOFLOW_DEMO=true"):
        install_demo(user=None)
    assert not Workflow.objects.exists()


# ---------------------------------------------------------------- the events


def test_events_are_signed_as_the_trigger_expects_it() -> None:
    body, headers = request_of(OPENED, "a secret")
    config = WebhookTrigger.Config(
        data={"signature": {"scheme": "github", "secret": f"{{{{ vault.{SECRET} }}}}"}}
    )
    config.is_valid(raise_exception=True)
    lower = {name.lower(): value for name, value in headers.items()}
    now = datetime.now(UTC)
    asked = IncomingRequest("POST", lower, "", body, now, {SECRET: "a secret"})
    assert WebhookTrigger().accept(config.validated_data, asked)["body"] == payload_of(OPENED)
    assert headers["X-GitHub-Event"] == "issues"
    assert request_of(OPENED, "a secret")[1]["X-GitHub-Delivery"] != headers["X-GitHub-Delivery"]


@pytest.mark.parametrize(
    ("action", "state", "has_label"),
    [("opened", "open", False), ("closed", "closed", False), ("labeled", "open", True)],
)
def test_an_event_is_shaped_as_documented(action: str, state: str, has_label: bool) -> None:
    payload = json.loads(request_of(Event(action, 7, "A title", "ada", ("bug",)), "s")[0])
    assert payload["action"] == action
    assert payload["issue"]["state"] == state
    assert payload["issue"]["user"]["login"] == payload["sender"]["login"] == "ada"
    assert payload["issue"]["html_url"].startswith(payload["repository"]["html_url"])
    assert ("label" in payload) == has_label


# ---------------------------------------------------------------- the command


@pytest.fixture(scope="module")
def running(new_installation: Callable[..., Installation]) -> Iterator[Installation]:
    receiver = f"127.0.0.1:{free_port()}"
    installation = new_installation("sqlite", ALTOFLOW_DEMO_RECEIVER=receiver)
    installation.start()
    yield installation
    installation.close()


def test_the_demo_shows_every_branch_a_failure_and_its_resume(running: Installation) -> None:
    for _ in range(2):
        played = running.manage("demo", "--url", running.url)
        assert played.returncode == 0, played.stderr
        before, failing, resumed = re.split(
            r"The receiver goes down|The receiver is back", (played.stdout)
        )
        assert before.count("completed in") == 4
        assert "Ask for its team -> Announce it" in before
        assert "Ask for its team -> Nobody's -> Announce it" in before
        assert before.count("GitHub -> Is it new?\n") == 2
        assert before.count(f"{running.url}/runs/") == 4
        assert "failed in" in failing
        assert "connection refused" in failing
        assert "completed, attempt 2" in resumed
        assert resumed.count("reused in attempt 2") == 4
        assert "attempt 1: Announce it, failed\n" in resumed
        assert "attempt 2: Announce it, completed\n" in resumed
        assert "/teams/ 1 time(s), /issues/ 1 time(s)" in resumed


def test_a_receiver_that_can_not_listen_is_said_so(running: Installation) -> None:
    address = running.env["ALTOFLOW_DEMO_RECEIVER"]
    place = ask_to_step_aside(address)
    assert place is not None
    with place, socket.create_server(("127.0.0.1", int(address.split(":")[1]))):
        played = running.manage("demo", "--url", running.url)
    assert played.returncode == 1
    assert "ALTOFLOW_DEMO_RECEIVER" in played.stderr


def test_a_server_with_another_database_is_said_so(
    running: Installation, new_installation: Callable[..., Installation]
) -> None:
    other = new_installation("sqlite", ALTOFLOW_DEMO_RECEIVER=f"127.0.0.1:{free_port()}")
    played = other.manage("demo", "--url", running.url)
    assert played.returncode == 1
    assert "ALTOFLOW_DATA_DIR" in played.stderr


def test_a_missing_server_is_said_so() -> None:
    with pytest.raises(CommandError, match="make run"):
        call_command("demo", "--url", f"http://127.0.0.1:{free_port()}")


def test_the_receiver_is_really_down_when_it_has_answered() -> None:
    receiver = Receiver(f"127.0.0.1:{free_port()}")
    receiver.start()
    receiver.goes_down_after = "/issues/"
    host, port = receiver._address
    with socket.create_connection((host, port), timeout=5) as caller:
        caller.sendall(b"POST /issues/ HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
        assert caller.recv(100).startswith(b"HTTP/1.1 200")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, port), timeout=5)
    receiver.stop()
    receiver.start()
    socket.create_connection((host, port), timeout=5).close()
    receiver.stop()
