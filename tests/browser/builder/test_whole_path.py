"""The demo workflow from an empty canvas in the real product, by mouse alone and by keyboard alone:
drawn, published, switched on, run through its webhook, seen on the page of its run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from altoflow.github_events import Event, request_of
from builder.demo import NOBODY, SECRET, SUMMARY, demo_graph
from tests.acceptance.client import Client
from tests.browser.builder.drawing_hands import Hands, KeyHands, MouseHands
from tests.environment.installation import Installation
from tests.environment.ports import free_port

pytestmark = pytest.mark.browser

VALUE = "not to be guessed"
OPENED = Event("opened", 7, "The lamp is dark", "ada", ("bug",))


@pytest.fixture(scope="module")
def product(new_installation: Callable[..., Installation]) -> Iterator[tuple[Client, str]]:
    """With the receiver that is built in, a secret, and its address."""
    receiver = f"127.0.0.1:{free_port()}"
    installation = new_installation(
        "sqlite", ALTOFLOW_DEMO_RECEIVER=receiver, DJANGO_SUPERUSER_PASSWORD=VALUE
    )
    installation.start()
    made = installation.manage(
        "createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.com"
    )
    assert made.returncode == 0, made.stderr
    client = Client(installation)
    client.call("POST", "secrets/", {"name": SECRET, "value": VALUE})
    yield client, receiver
    installation.close()


def draw(hands: Hands, receiver: str) -> None:
    """What `demo_graph` holds."""
    hands.trigger("Webhook")
    hands.settings("webhook_trigger")
    named(hands, "GitHub", "github")
    hands.choose("config.signature.scheme", "GitHub")
    hands.choose("config.signature.secret", SECRET)
    hands.fill("config.deduplicate_by", "{{ trigger.headers.x-github-delivery }}")

    hands.add("Text condition", after="github")
    hands.settings("string_condition")
    named(hands, "Is it new?", "is_new")
    hands.fill("config.left", "{{ trigger.body.action }}")
    hands.choose("config.operator", "equals")
    hands.fill("config.right", "opened")

    hands.add("Text", after="is_new", port="true")
    hands.settings("text_transform")
    named(hands, "Write a summary", "summary")
    hands.fill("config.template", SUMMARY)

    hands.add("HTTP request", after="summary")
    hands.settings("http_request")
    named(hands, "Ask for its team", "ask_for_team")
    post(hands, receiver, "/teams/", '{"labels": "{{ trigger.body.issue.labels }}"}')
    hands.switch_on("continue_on_error")

    hands.add("HTTP request", after="ask_for_team")
    hands.settings("http_request")
    named(hands, "Announce it", "announce")
    team = "{{ ask_for_team.body.team | default: nobody.text }}"
    post(hands, receiver, "/issues/", f'{{"text": "{{{{ summary.text }}}}", "team": "{team}"}}')

    hands.add("Text", after="ask_for_team", port="error")
    hands.settings("text_transform")
    named(hands, "Nobody's", "nobody")
    hands.fill("config.template", NOBODY)
    hands.connect("nobody", "default", "announce")


def named(hands: Hands, name: str, node: str) -> None:
    hands.fill("name", name)
    hands.rename(node)


def post(hands: Hands, receiver: str, path: str, body: str) -> None:
    hands.choose("config.method", "POST")
    hands.fill("config.url", f"http://{receiver}{path}")
    hands.choose("config.body_type", "JSON")
    hands.fill("config.body", body)
    hands.fill("config.timeout_seconds", "5")


def meaning_of(graph: dict[str, Any]) -> tuple[Any, ...]:
    """Without ids of edges and places."""
    nodes = {
        node["id"]: (node["type"], node["name"], node["config"], node["continue_on_error"])
        for node in graph["nodes"]
    }
    edges = sorted((edge["source"], edge["port"], edge["target"]) for edge in graph["edges"])
    return nodes, edges


def sign_in(page: Page, installation: Installation) -> None:
    page.goto(f"{installation.url}/accounts/login/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(VALUE)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


@pytest.mark.parametrize("by", [MouseHands, KeyHands], ids=["mouse", "keyboard"])
def test_a_workflow_from_nothing_to_its_run(
    product: tuple[Client, str], page: Page, by: type[MouseHands | KeyHands]
) -> None:
    client, receiver = product
    workflow = client.call("POST", "workflows/", {"name": f"Drawn by {by.__name__}"})
    sign_in(page, client.installation)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{client.installation.url}/workflows/{workflow['id']}/")
    page.locator("html[data-builder=ready]").wait_for()
    hands = by(page)

    draw(hands, receiver)
    expect(page.locator("#save-text")).to_have_text("Saved")
    drawn = client.call("GET", f"workflows/{workflow['id']}/")["graph"]
    assert meaning_of(drawn) == meaning_of(demo_graph(receiver))

    hands.press("Publish…")
    hands.press("Publish")
    expect(page.locator("#topbar-state")).to_contain_text("Same as v1")
    hands.flip("Inactive")
    expect(page.locator("#topbar-state")).to_contain_text("Active")

    body, headers = request_of(OPENED, VALUE)
    address = client.call("GET", f"workflows/{workflow['id']}/")["webhook_url"]
    answer = requests.post(address, data=body, headers=headers, timeout=5)
    assert answer.status_code == 202, answer.text
    page.goto(f"{client.installation.url}/runs/{answer.json()['run_id']}/")
    expect(page.locator("#run-head")).to_contain_text("Completed")
    expect(page.locator("#steps > li")).to_have_count(5)
    expect(page.locator("#run-output")).to_contain_text("200")
