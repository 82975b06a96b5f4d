"""Each template is installed and run to its end by the real engine, and does what it says."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from altoflow.demo_receiver import Receiver
from builder.gallery import install_template, templates
from builder.panels import sample_payload
from runs.intake.events import emit
from runs.models import Job, Run, Step
from runs.services import start_run
from runs.worker.work_loop import WorkLoop
from tests.environment.ports import free_port
from tests.runs.driver import drain
from workflows import services, vault
from workflows.compiled import trigger_in
from workflows.graph import Graph
from workflows.models import Version, Workflow
from workflows.selectors import webhook_url
from workflows.validation import check_graph

pytestmark = pytest.mark.django_db

SLUGS = [template.slug for template in templates()]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.DEMO_RECEIVER = f"127.0.0.1:{free_port()}"
    settings.HTTP_ALLOW_HOSTS = frozenset([settings.DEMO_RECEIVER])
    made = Receiver(settings.DEMO_RECEIVER)
    made.start()
    yield made
    made.stop()


def sample_of(workflow: Workflow) -> Any:
    """What the button Run offers."""
    assert workflow.published is not None
    return sample_payload(trigger_in(Graph.from_json(workflow.published.graph)))


def work_off() -> None:
    loop, end = WorkLoop(0), time.monotonic() + 15
    while Job.objects.exists() and time.monotonic() < end:
        drain(loop)
        time.sleep(0.01)
    loop.close()


def run_now(workflow: Workflow, payload: Any) -> Run:
    run = start_run(workflow=workflow, payload=payload, trigger_type="manual_trigger")
    work_off()
    run.refresh_from_db()
    return run


def messages() -> list[str]:
    """What the chat was told, in this order: "channel: text"."""
    rows = Step.objects.filter(status="completed", node_type="http_request").order_by("started_at")
    bodies = [row.output["body"] for row in rows if str(row.input["url"]).endswith("/chat/")]
    return [f"{body['channel']}: {body['text']}" for body in bodies]


@dataclass(frozen=True)
class Promise:
    """What a run of a template does. `steps`: node -> a part of its output, as JSON."""

    said: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()
    mails: tuple[str, ...] = ()
    payload: Any = None
    """Other than the sample."""


def form(**body: str) -> dict[str, Any]:
    return {"body": body}


def issue(action: str, *labels: str) -> dict[str, Any]:
    user = {"login": "ada"}
    found = {"number": 7, "title": "T", "html_url": "https://g/7", "user": user}
    found["labels"] = [{"name": label} for label in labels]
    body = {"action": action, "issue": found, "repository": {"full_name": "a/b"}}
    return {"body": body, "headers": {"x-github-delivery": "d-7"}}


def payment(order: str, cents: int, kind: str = "payment_intent.succeeded") -> dict[str, Any]:
    paid = {"amount_received": cents, "currency": "eur", "metadata": {"order_id": order}}
    return {"body": {"id": "evt_2", "type": kind, "data": {"object": paid}}}


UP_AND_DOWN = "ops: search did not answer after all tries: "
PROMISES: dict[str, tuple[str, Promise]] = {
    "issue: bug": (
        "github-issue-to-chat",
        Promise(
            (
                "repairs: #41 The lamp does not light\nby ada in lighthouse-lab/lamp\n"
                "https://github.com/lighthouse-lab/lamp/issues/41",
            )
        ),
    ),
    "issue: question": (
        "github-issue-to-chat",
        Promise(("help: #7 T\nby ada in a/b\nhttps://g/7",), payload=issue("opened", "question")),
    ),
    "issue: no label": (
        "github-issue-to-chat",
        Promise(("general: #7 T\nby ada in a/b\nhttps://g/7",), payload=issue("opened")),
    ),
    "issue: closed": ("github-issue-to-chat", Promise(payload=issue("closed", "bug"))),
    "form": (
        "form-to-email",
        Promise(mails=("team@example.com: Question from Ada Brown", "ada@example.com: We have")),
    ),
    "form: incomplete": (
        "form-to-email",
        Promise(("help: A form was not complete:\n- ",), payload=form(name="Ada", message="Hi")),
    ),
    "new user": (
        "welcome-new-user",
        Promise(("people: grace is new here",), mails=("grace@example.com: Welcome, grace",)),
    ),
    "new user without an address": (
        "welcome-new-user",
        Promise(("people: ada is new",), payload={"data": {"username": "ada", "email": ""}}),
    ),
    "sync": (
        "nightly-api-sync",
        Promise(("orders: Stored 8 paid orders of 23, from 5 pages.",)),
    ),
    "clean-up": (
        "clean-up-and-validation",
        Promise(
            steps=(
                ("store", '"stored": 2'),
                ("good", '{"name": "Ada Brown", "email": "ada@example.com", "country": "DE"}'),
                ("report", "2 of 4 contacts are stored.\\ngrace@example: "),
            )
        ),
    ),
    "batch": (
        "batch-over-a-list",
        Promise(("sales: 3 of 8 are on the business plan: Grace, Alan, Rosa",)),
    ),
    "payment": ("stripe-payment-check", Promise(("shop: Order 1004 is paid: €16.48",))),
    "payment: too little": (
        "stripe-payment-check",
        Promise(
            ("finance: Order 1004: 1000 cents were paid, 1648 are due.",),
            payload=payment("1004", 1000),
        ),
    ),
    "payment: no such order": (
        "stripe-payment-check",
        Promise(
            ("finance: A payment for order 7, which can not be found: ",), payload=payment("7", 1)
        ),
    ),
    "payment: another event": (
        "stripe-payment-check",
        Promise(payload=payment("1004", 1648, "charge.updated")),
    ),
    "answer": (
        "answer-an-api-call",
        Promise(
            steps=(("answer", '"status": 200'), ("answer", '"name": "Alan"'), ("answer", "16.48"))
        ),
    ),
    "answer: unknown": (
        "answer-an-api-call",
        Promise(
            steps=(("not_found", '"status": 404'), ("not_found", "There is no order 7.")),
            payload={"body": {"order_id": 7}},
        ),
    ),
    "fan-out": (
        "fan-out-and-join",
        Promise(("offers: A lamp costs €62.80 and",)),
    ),
    "fan-out: nothing left": (
        "fan-out-and-join",
        Promise(
            ("purchase: No cable is left. Please order some.",),
            payload={"sku": "cable", "country": "DE"},
        ),
    ),
    "retry": (
        "retry-with-error-branch",
        Promise((UP_AND_DOWN,), steps=(("is_down", "search is down; ops knows."),)),
    ),
    "retry: up": (
        "retry-with-error-branch",
        Promise(steps=(("is_up", "shop is up."),), payload={"service": "shop"}),
    ),
    "approval": (
        "approval-with-sub-workflow",
        Promise(("expenses: Grace approved A new lamp (450) for Ada.",)),
    ),
    "approval: declined": (
        "approval-with-sub-workflow",
        Promise(
            ("expenses: Grace declined A boat (9000) for Ada.",),
            payload={"who": "Ada", "what": "A boat", "amount": 9000},
        ),
    ),
    "approval: small": (
        "approval-with-sub-workflow",
        Promise(
            ("expenses: A pen (3) for Ada is small",),
            payload={"who": "Ada", "what": "A pen", "amount": 3},
        ),
    ),
    "uptime": ("uptime-check", Promise(("ops: Down: search (503)",))),
}


def test_every_template_keeps_a_promise() -> None:
    assert {slug for slug, promise in PROMISES.values() if promise.payload is None} == set(SLUGS)


@pytest.mark.parametrize(("slug", "promise"), PROMISES.values(), ids=PROMISES)
def test_it_runs_as_it_is(receiver: Receiver, slug: str, promise: Promise) -> None:
    workflow = install_template(slug=slug, user=None)
    for version in Version.objects.all():
        findings = check_graph(Graph.from_json(version.graph))
        assert (findings.errors, findings.warnings) == ((), ())
    run = run_now(workflow, promise.payload or sample_of(workflow))
    assert (run.status, run.error) == (Run.Status.COMPLETED, None)
    assert [step.warnings for step in Step.objects.all() if step.warnings] == []
    said = messages()
    assert [text[: len(part)] for text, part in zip(said, promise.said, strict=True)] == [
        *promise.said
    ]
    steps = {step.node_id: json.dumps(step.output) for step in run.steps.filter(iteration="")}
    assert [(node, part) for node, part in promise.steps if part not in steps[node]] == []
    sent = {f"{message.to[0]}: {message.subject}" for message in mail.outbox}
    assert len(sent) == len(promise.mails)
    assert all(any(text.startswith(part) for text in sent) for part in promise.mails)


def test_a_retry_mends_the_busy_service(receiver: Receiver) -> None:
    run = run_now(install_template(slug="retry-with-error-branch", user=None), {"service": "shop"})
    tries = run.steps.filter(node_id="busy").order_by("try_number")
    assert [(step.status, step.try_number) for step in tries] == [("failed", 1), ("completed", 2)]


def test_the_approval_waits_in_a_run_of_its_own(receiver: Receiver) -> None:
    workflow = install_template(slug="approval-with-sub-workflow", user=None)
    run = run_now(workflow, sample_of(workflow))
    child = Run.objects.get(parent_run=run)
    assert child.workflow.name == "Ask for approval"
    assert child.workflow.is_active
    assert child.steps.get(node_id="wait").output["waited_seconds"] >= 1


def signed_by_github(key: bytes, body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={hmac.digest(key, body, 'sha256').hex()}"}


def signed_by_stripe(key: bytes, body: bytes) -> dict[str, str]:
    now = int(time.time())
    digest = hmac.digest(key, f"{now}.".encode() + body, "sha256").hex()
    return {"Stripe-Signature": f"t={now},v1={digest}"}


@pytest.mark.parametrize(
    ("slug", "sign"),
    [("github-issue-to-chat", signed_by_github), ("stripe-payment-check", signed_by_stripe)],
)
def test_what_is_signed_with_its_secret_starts_it(
    receiver: Receiver, slug: str, sign: Callable[[bytes, bytes], dict[str, str]]
) -> None:
    workflow = services.activate_workflow(workflow=install_template(slug=slug, user=None))
    (name,) = next(template for template in templates() if template.slug == slug).secrets
    body = json.dumps(sample_of(workflow)["body"]).encode()
    path = "/" + (webhook_url(workflow, "http://t/") or "").split("/", 3)[3]
    for key, status in ((vault.snapshot().values[name].encode(), 202), (b"another", 401)):
        answer = Client().post(path, body, "application/json", headers=sign(key, body))
        assert answer.status_code == status
    work_off()
    assert Run.objects.get().status == Run.Status.COMPLETED
    assert len(messages()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_new_user_is_welcomed(receiver: Receiver) -> None:
    services.activate_workflow(workflow=install_template(slug="welcome-new-user", user=None))
    emit("user.signed_up", {"id": 3, "username": "hedy", "email": "hedy@example.com"})
    work_off()
    assert [message.to for message in mail.outbox] == [["hedy@example.com"]]
