"""The templates: each is installed and run to its end, and does what it says."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lucide.templatetags.lucide import lucide
from pytest_django import Settings

from altoflow.demo_receiver import Receiver
from builder.gallery import (
    RECEIVER,
    Template,
    categories,
    find_templates,
    install_template,
    templates,
)
from builder.panels import sample_payload
from builder.tour import COOKIE, MOST_RUNS
from runs.events import emit
from runs.models import Job, Run, Step
from runs.services import start_run
from runs.work import WorkLoop
from tests.environment.postgres import free_port
from tests.runs.driver import drain
from tests.runs.records import run_of, workflow_called
from tests.runs.test_views import client_of, text_of
from workflows import services, vault
from workflows.compiled import trigger_in
from workflows.errors import ConflictError, NotFoundError
from workflows.graph import Graph
from workflows.models import Role, Secret, Version, Workflow
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


@pytest.fixture
def editor() -> Client:
    return client_of(Role.EDITOR)


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


# ---------------------------------------------------------------- all of them


def test_they_are_enough_and_each_has_its_place() -> None:
    assert len(templates()) >= 12
    assert len({template.name for template in templates()}) == len(templates())
    assert len({template.order for template in templates()}) == len(templates())
    assert 3 <= sum(template.featured for template in templates()) <= 4
    assert categories() == ("Messages", "Data", "APIs", "Control")
    wanted = {"manual", "webhook", "schedule", "api", "event"}
    assert {template.trigger.type for template in templates()} == {f"{n}_trigger" for n in wanted}


@pytest.mark.parametrize("template", templates(), ids=SLUGS)
def test_a_document_is_complete(template: Template) -> None:
    assert template.name
    assert template.learn.endswith(".")
    assert template.description.endswith(".")
    assert lucide(template.icon).startswith("<svg")
    for graph in template.graphs:
        places = [(node["position"]["x"], node["position"]["y"]) for node in graph["nodes"]]
        assert len(set(places)) == len(places) > 2
        assert all(node["name"] for node in graph["nodes"])
    text = json.dumps(template.graphs)
    assert text.count("http://") == text.count(f"{RECEIVER}/")
    assert {name for name in template.secrets if f"vault.{name}" in text} == set(template.secrets)
    assert text.count("vault.") == len(template.secrets)


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


# ---------------------------------------------------------------- installing


@pytest.mark.both_databases
def test_a_second_copy_has_a_number_and_helpers_of_its_own() -> None:
    made = [install_template(slug="approval-with-sub-workflow", user=None) for _ in range(3)]
    names = sorted(Workflow.objects.values_list("name", flat=True))
    assert names == [
        *("Approval with a sub-workflow" + ending for ending in ("", " 2", " 3")),
        *("Ask for approval" + ending for ending in ("", " 2", " 3")),
    ]
    asked = [workflow.draft["nodes"][2]["config"]["workflow"] for workflow in made]
    helpers = Workflow.objects.filter(name__startswith="Ask").order_by("name")
    assert asked == [str(helper.pk) for helper in helpers]
    assert [workflow.is_active for workflow in made] == [False] * 3


def test_a_deleted_one_leaves_its_name() -> None:
    services.delete_workflow(workflow=install_template(slug="uptime-check", user=None))
    assert install_template(slug="uptime-check", user=None).name == "Uptime check"


def test_a_secret_that_is_there_stays() -> None:
    vault.set_secret(name="stripe_webhook_secret", value="whsec_mine")
    install_template(slug="stripe-payment-check", user=None)
    assert vault.snapshot().values["stripe_webhook_secret"] == "whsec_mine"
    install_template(slug="github-issue-to-chat", user=None)
    assert len(vault.snapshot().values["github_webhook_secret"]) >= 32
    assert Secret.objects.count() == 2


def test_an_unknown_one_is_said_so() -> None:
    with pytest.raises(NotFoundError, match="no template"):
        install_template(slug="nothing", user=None)


def test_without_the_demo_those_that_call_it_are_not_offered(
    settings: Settings, editor: Client
) -> None:
    settings.DEMO = False
    with pytest.raises(ConflictError, match="ALTOFLOW_DEMO=true"):
        install_template(slug="uptime-check", user=None)
    assert not Workflow.objects.exists()
    answer = editor.get("/workflows/templates/")
    assert "The demo is switched off here" in text_of(answer)
    assert "Use this" not in text_of(answer)
    assert "Uptime check" not in text_of(editor.get("/"))
    answer = editor.post("/workflows/templates/uptime-check/install/", follow=True)
    assert "ALTOFLOW_DEMO=true" in text_of(answer)


@pytest.mark.parametrize(
    ("category", "words", "expected"),
    [
        ("", "", SLUGS),
        ("Data", "", ["nightly-api-sync", "clean-up-and-validation", "batch-over-a-list"]),
        ("", "PAYMENT stripe", ["stripe-payment-check"]),
        ("Data", "stripe", []),
        ("", "schedule", ["nightly-api-sync", "uptime-check"]),
        ("", "%_\\", []),
    ],
)
def test_they_are_found(category: str, words: str, expected: list[str]) -> None:
    found = find_templates(category=category, words=words)
    assert [template.slug for template in found] == expected


# ---------------------------------------------------------------- the page


def test_a_template_is_used(editor: Client) -> None:
    page = text_of(editor.get("/workflows/templates/"))
    assert all(template.name in page and template.learn in page for template in templates())
    answer = editor.post("/workflows/templates/batch-over-a-list/install/", follow=True)
    workflow = Workflow.objects.get()
    assert answer.redirect_chain == [(f"/workflows/{workflow.pk}/", 302)]
    assert "Batch over a list was added. Press “Run now”" in text_of(answer)
    assert sample_of(workflow) == {"customers": [*range(1, 9)]}
    assert workflow.published is not None
    assert workflow.published.note == "From the template Batch over a list"
    assert workflow.published.created_by is not None


def test_the_page_filters_and_says_when_nothing_is_left(editor: Client) -> None:
    page = text_of(editor.get("/workflows/templates/?category=Data&q=pages"))
    assert "Nightly API sync" in page
    assert "Batch over a list" not in page
    page = text_of(editor.get("/workflows/templates/?category=No&q=%3Cb%3E"))
    assert "No template is about “<b>”" in page


def test_a_viewer_looks_without_buttons() -> None:
    viewer = client_of(Role.VIEWER)
    page = text_of(viewer.get("/workflows/templates/"))
    assert "Stripe payment check" in page
    assert "Use this" not in page
    assert viewer.post("/workflows/templates/uptime-check/install/").status_code == 403
    assert not Workflow.objects.exists()


def test_the_page_asks_the_database_nothing_about_templates(editor: Client) -> None:
    editor.get("/workflows/templates/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        editor.get("/workflows/templates/")
    assert len(queries) <= 3, [query["sql"] for query in queries]


# ---------------------------------------------------------------- first use


@pytest.mark.parametrize("address", ["/", "/workflows/"])
def test_an_empty_place_offers_the_demo_and_a_few_templates(editor: Client, address: str) -> None:
    page = text_of(editor.get(address))
    names = [template.name for template in templates() if template.featured]
    places = [page.index(name) for name in ["Add the demo workflow", *names]]
    assert places == sorted(places)
    assert f"All {len(templates())} templates" in page


@pytest.mark.both_databases
def test_the_tour_follows_what_is_done(editor: Client) -> None:
    def done() -> list[str]:
        page = editor.get("/").content.decode()
        return [part.split("</h3>")[0].split(">")[-1] for part in page.split('data-done="yes"')[1:]]

    first, second, third = "Choose a template", "Run it", "Look at every step"
    assert done() == []
    workflow = workflow_called("Orders")
    assert done() == [first]
    run = run_of(workflow)
    assert done() == [first, second]
    assert editor.get("/runs/").cookies.get(COOKIE) is None
    assert editor.get(f"/runs/{run.pk}/").cookies[COOKIE].value == "looked"
    assert done() == [first, second, third]


def test_the_tour_is_closed_for_good(editor: Client) -> None:
    run = run_of(workflow_called("Orders"))
    assert "First steps" in text_of(editor.get("/"))
    answer = editor.post("/tour/close/", follow=True)
    assert answer.redirect_chain == [("/", 302)]
    editor.get(f"/runs/{run.pk}/")
    assert "First steps" not in text_of(editor.get("/"))


def test_the_tour_is_for_those_who_begin_and_may_edit(editor: Client) -> None:
    workflow = workflow_called("Orders")
    for _ in range(MOST_RUNS):
        run_of(workflow)
    assert "First steps" in text_of(editor.get("/"))
    assert "First steps" not in text_of(client_of(Role.VIEWER).get("/"))
    run_of(workflow)
    assert "First steps" not in text_of(editor.get("/"))


def test_a_run_page_that_is_not_there_was_not_looked_at(editor: Client) -> None:
    answer = editor.get("/runs/0198c9a4-7d2e-7c41-9f0b-3a5d6e7f8091/")
    assert answer.status_code == 404
    assert COOKIE not in answer.cookies
