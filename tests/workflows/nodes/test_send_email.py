"""send_email against a real mail server on this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from tests.workflows.nodes.smtp_server import MailServer, mail_server
from tests.workflows.nodes.support import Run, error, execute, output, problems
from workflows.errors import NodeError
from workflows.nodes import registry

ONE = {"to": "ada@example.com", "subject": "Hello", "text": "Hi"}


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = "Altoflow <flows@example.org>"
        yield server


def send(config: dict[str, Any], data: dict[str, Any] | None = None) -> Any:
    return output("send_email", {**ONE, **config}, data)


# ---------------------------------------------------------------- what arrives


def test_a_text(server: MailServer) -> None:
    made = send({"subject": "No {{ n.id }}", "text": "Dear {{ n.name }}"}, {"n": {"id": 7}})
    (mail,) = server.mails
    assert mail.sender == "<flows@example.org>"
    assert mail.recipients == ["ada@example.com"]
    assert mail.message["From"] == "Altoflow <flows@example.org>"
    assert mail.message["To"] == "ada@example.com"
    assert mail.message["Subject"] == "No 7"
    assert mail.message["Message-ID"] == made["message_id"]
    assert mail.message.get_content_type() == "text/plain"
    assert mail.message.get_content().strip() == "Dear"
    assert made["recipients"] == ["ada@example.com"]


def test_html(server: MailServer) -> None:
    send({"text": "", "html": "<b>{{ n }}</b>"}, {"n": "<script>&"})
    message = server.mails[0].message
    assert message.get_content_type() == "text/html"
    assert message.get_content().strip() == "<b>&lt;script&gt;&amp;</b>"


def test_text_and_html(server: MailServer) -> None:
    send({"text": "plain {{ n }}", "html": "<i>{{ n }}</i>"}, {"n": "a & b"})
    message = server.mails[0].message
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert plain.get_content().strip() == "plain a & b"
    assert html.get_content().strip() == "<i>a &amp; b</i>"


def test_one_output_alone_is_html_itself(server: MailServer) -> None:
    send({"text": "", "html": "{{ n }}"}, {"n": "<h1>Made before</h1>"})
    assert server.mails[0].message.get_content().strip() == "<h1>Made before</h1>"


def test_copies_and_answers(server: MailServer) -> None:
    made = send(
        {"cc": "b@example.com", "bcc": ["c@example.com"], "reply_to": "Desk <d@example.com>"}
    )
    (mail,) = server.mails
    assert mail.recipients == ["ada@example.com", "b@example.com", "c@example.com"]
    assert mail.message["Cc"] == "b@example.com"
    assert mail.message["Bcc"] is None
    assert mail.message["Reply-To"] == "Desk <d@example.com>"
    assert made["recipients"] == mail.recipients


ADDRESSES: dict[str, tuple[Any, list[str], str]] = {
    "one": ("a@example.com", ["a@example.com"], "a@example.com"),
    "text with commas": (
        "a@example.com, b@example.com,",
        ["a@example.com", "b@example.com"],
        "a@example.com, b@example.com",
    ),
    "list": (
        ["a@example.com", "", "b@example.com"],
        ["a@example.com", "b@example.com"],
        "a@example.com, b@example.com",
    ),
    "names": (
        "Ada Lovelace <a@example.com>",
        ["a@example.com"],
        "Ada Lovelace <a@example.com>",
    ),
    "a comma in a name": (
        '"Lovelace, Ada" <a@example.com>, b@example.com',
        ["a@example.com", "b@example.com"],
        '"Lovelace, Ada" <a@example.com>, b@example.com',
    ),
    "other letters": (
        "Zoë Ångström <z@example.com>",
        ["z@example.com"],
        "Zoë Ångström <z@example.com>",
    ),
    "an address in a name": (
        '"x@evil.com" <a@example.com>',
        ["a@example.com"],
        '"x@evil.com" <a@example.com>',
    ),
    "a domain of other letters": (
        "a@bücher.example",
        ["a@xn--bcher-kva.example"],
        "a@xn--bcher-kva.example",
    ),
}


@pytest.mark.parametrize(("given", "recipients", "shown"), ADDRESSES.values(), ids=ADDRESSES)
def test_addresses(server: MailServer, given: Any, recipients: list[str], shown: str) -> None:
    made = send({"to": "{{ n }}"}, {"n": given})
    assert server.mails[0].recipients == recipients == made["recipients"]
    assert str(server.mails[0].message["To"]) == shown


def test_the_message_id_is_the_same_at_each_try(server: MailServer) -> None:
    for key in ("one", "one", "two"):
        execute("send_email", ONE, run=Run(idempotency_key=key))
    first, again, other = (mail.message["Message-ID"] for mail in server.mails)
    assert first == again != other
    assert first.endswith("@example.org>")


# ---------------------------------------------------------------- what is refused


INJECTIONS: dict[str, dict[str, Any]] = {
    "subject": {"subject": "Hello\r\nBcc: x@evil.com"},
    "subject, line feed": {"subject": "Hello\nBcc: x@evil.com"},
    "subject, return": {"subject": "Hello\rBcc: x@evil.com"},
    "subject, NUL": {"subject": "Hello\0"},
    "to": {"to": "a@example.com\r\nBcc: x@evil.com"},
    "to, name": {"to": "A\nBcc: x@evil.com <a@example.com>"},
    "cc, in a list": {"cc": ["b@example.com\nX: y"]},
    "reply_to": {"reply_to": "d@example.com\r\nX: y"},
}


@pytest.mark.parametrize("config", INJECTIONS.values(), ids=INJECTIONS)
def test_data_writes_no_headers(server: MailServer, config: dict[str, Any]) -> None:
    ((name, value),) = config.items()
    with pytest.raises(NodeError) as caught:
        send({name: "{{ n }}"}, {"n": value})
    assert (caught.value.code, caught.value.retryable) == ("header_injection", False)
    assert server.mails == []


BAD: dict[str, Any] = {
    "no address": "Ada",
    "no domain": "ada@",
    "two signs": "a@b@example.com",
    "a blank": "a b@example.com",
    "a bracket": "a@example.com>",
    "text behind": "<a@example.com> b@evil.com",
    "two in brackets": "<a@example.com,b@example.com>",
    "a long one": f"{'a' * 250}@example.com",
    "one of several": "a@example.com, nobody",
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_bad_addresses(server: MailServer, value: str) -> None:
    assert error("send_email", {**ONE, "to": "{{ n }}"}, {"n": value}).code == "bad_address"
    assert server.mails == []


@pytest.mark.parametrize("value", [{"a": 1}, [["a@example.com"]]], ids=["object", "list in list"])
def test_wrong_type(value: Any) -> None:
    assert error("send_email", {**ONE, "to": "{{ n }}"}, {"n": value}).code == "wrong_type"


@pytest.mark.parametrize("value", [None, "", [], " , "], ids=str)
def test_nobody_to_send_to(value: Any) -> None:
    assert error("send_email", {**ONE, "to": "{{ n }}"}, {"n": value}).code == "no_recipient"


def test_too_many_addresses() -> None:
    many = [f"a{n}@example.com" for n in range(101)]
    assert "101 addresses, 100 is the limit" in error("send_email", {**ONE, "to": many}).message


# ---------------------------------------------------------------- failures

REPLIES: dict[str, tuple[str, str | None, bool, str]] = {
    "busy at MAIL": ("MAIL", "451 try later", True, "451"),
    "not this sender": ("MAIL", "550 not you", False, "550"),
    "mailbox is full for now": ("RCPT", "452 full", True, "452"),
    "no such mailbox": ("RCPT", "550 unknown", False, "550"),
    "busy at DATA": ("DATA", "421 closing", True, "421"),
    "refused at the end": ("END", "554 spam", False, "554"),
    "greylisted at the end": ("END", "450 greylisted", True, "450"),
    "gone at the end": ("END", None, True, "could not be sent"),
    "gone at once": ("EHLO", None, True, "could not be sent"),
}


@pytest.mark.parametrize(("command", "reply", "again", "says"), REPLIES.values(), ids=REPLIES)
def test_what_the_server_refuses(
    server: MailServer, command: str, reply: str | None, again: bool, says: str
) -> None:
    server.replies[command] = reply
    caught = error("send_email", ONE)
    assert caught.retryable is again
    assert says in caught.message


def test_nobody_listens(server: MailServer, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        settings.EMAIL_PORT = unused.getsockname()[1]
    caught = error("send_email", ONE)
    assert (caught.code, caught.retryable) == ("email_failed", True)


def test_a_server_that_says_nothing(server: MailServer, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_PORT = silent.getsockname()[1]
        with pytest.raises(NodeError) as caught:
            execute("send_email", ONE, run=Run(seconds_left=1))
    assert caught.value.retryable


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "nobody": ({"subject": "a", "text": "b"}, "to"),
    "an empty list": ({"to": [], "text": "b"}, "to"),
    "nothing to say": ({"to": "a@example.com", "subject": "a"}, "text"),
    "sender": ({"to": "a@example.com", "text": "a", "from": "x"}, "from"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("send_email", config)


@pytest.mark.parametrize("name", ["to", "cc", "bcc"])
def test_one_receiver_of_any_kind_is_enough(server: MailServer, name: str) -> None:
    output("send_email", {name: "a@example.com", "text": "Hi"})
    assert server.mails[0].recipients == ["a@example.com"]


def test_a_crash_asks_before_it_is_sent_again() -> None:
    node = registry()["send_email"]
    assert (node.effect, node.sends_idempotency_key) == ("outside", False)
