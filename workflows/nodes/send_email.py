from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
from typing import Any, ClassVar

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from rest_framework import serializers

from workflows.errors import NodeError
from workflows.mailboxes import Mailbox, one_line, to_mailboxes
from workflows.node_type import (
    MULTILINE,
    Context,
    HtmlTemplateField,
    Json,
    NodeConfig,
    NodeType,
    Output,
    TemplateField,
)
from workflows.values import as_text, to_text

LONGEST_SECONDS = 30.0
RECEIVERS = ("to", "cc", "bcc")
_HOST = re.compile(r"[A-Za-z0-9.-]+")


class SendEmail(NodeType):
    """Sends an e-mail, as text, as HTML or both. Addresses are a list, or a text with commas. What
    templates write into HTML is escaped. A try again sends the same Message-ID."""

    type = "send_email"
    label = "Send an e-mail"
    category = "action"
    icon = "mail"
    keywords = ("email", "mail", "smtp", "message", "notify")
    effect = "outside"
    sends_idempotency_key = False
    example: ClassVar[dict[str, Json]] = {
        "to": "Ada Lovelace <ada@example.com>, bob@example.com",
        "reply_to": "support@example.com",
        "subject": "Your order {{ trigger.order.id }}",
        "text": "Thank you! It costs {{ trigger.order.total }}.",
        "html": "<p>Thank you! It costs <b>{{ trigger.order.total }}</b>.</p>",
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {"order": {"id": 42, "total": "€ 119.90"}}
    }
    example_result = Output(
        {
            "message_id": "<8f14e45fceea167a5a36dedd4bea2543@example.com>",
            "recipients": ["ada@example.com", "bob@example.com"],
        }
    )
    example_varies = ("message_id",)

    class Config(NodeConfig):
        to = TemplateField(
            label="To",
            help_text="A list, or a text with commas, like: Ada <ada@example.com>, bob@example.com",
            default="",
            allow_null=True,
        )
        cc = TemplateField(label="Copy to", default="", allow_null=True)
        bcc = TemplateField(label="Blind copy to", default="", allow_null=True)
        reply_to = TemplateField(
            label="Answers go to",
            help_text="Blank: to the sender, which is set for the whole installation.",
            default="",
            allow_null=True,
        )
        subject = TemplateField(label="Subject", default="", allow_null=True)
        text = TemplateField(label="Text", default="", allow_null=True, style=MULTILINE)
        html = HtmlTemplateField(
            label="HTML",
            help_text="Values in it are escaped; one output alone is taken as HTML.",
            default="",
            allow_null=True,
            style=MULTILINE,
        )

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            if all(attrs[name] in (None, "", []) for name in RECEIVERS):
                raise serializers.ValidationError({"to": "Give at least one address."})
            if not attrs["text"] and not attrs["html"]:
                raise serializers.ValidationError({"text": "Give a text, HTML, or both."})
            return attrs

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        boxes = {name: to_mailboxes(config[name], name) for name in (*RECEIVERS, "reply_to")}
        recipients = [box.address for name in RECEIVERS for box in boxes[name]]
        if not recipients:
            raise NodeError(
                "There is nobody to send it to: to, cc and bcc are empty. "
                "Check the variables they come from.",
                code="no_recipient",
            )
        message_id = _message_id(context.idempotency_key)
        message = _message(config, boxes, message_id)
        _send(message, max(1.0, min(LONGEST_SECONDS, context.seconds_left)))
        return Output({"message_id": message_id, "recipients": list(dict.fromkeys(recipients))})


def _message_id(key: str) -> str:
    """The same for each try of a step."""
    sender: str = settings.DEFAULT_FROM_EMAIL
    host = _HOST.match(sender.rpartition("@")[2])
    digest = hashlib.sha256(key.encode()).hexdigest()[:40]
    return f"<{digest}@{host[0] if host else 'altoflow.invalid'}>"


def _message(
    config: dict[str, Json], boxes: dict[str, list[Mailbox]], message_id: str
) -> EmailMultiAlternatives:
    text, html = as_text(config["text"]), as_text(config["html"])
    written = {name: [str(box) for box in found] for name, found in boxes.items()}
    message = EmailMultiAlternatives(
        subject=one_line(to_text(config["subject"], "subject"), "subject"),
        body=text or html,
        to=written["to"],
        cc=written["cc"],
        bcc=written["bcc"],
        reply_to=written["reply_to"],
        headers={"Message-ID": message_id},
    )
    if html and text:
        message.attach_alternative(html, "text/html")
    elif html:
        message.content_subtype = "html"
    return message


def _send(message: EmailMultiAlternatives, seconds: float) -> None:
    """Raises NodeError: what may go well later is retryable (RFC 5321, 4.2.1: replies 4yz)."""
    try:
        message.connection = get_connection(timeout=seconds)
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        replies = list(error.recipients.values()) or [(0, b"")]
        retryable = any(_is_passing(code) for code, _ in replies)
        raise _refused(*replies[0], retryable) from None
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error, _is_passing(error.smtp_code)) from None
    except smtplib.SMTPServerDisconnected as error:
        raise _failed(error, retryable=True) from None
    except (smtplib.SMTPException, ssl.SSLCertVerificationError, ValueError) as error:
        raise _failed(error, retryable=False) from None
    except OSError as error:
        raise _failed(error, retryable=True) from None


def _is_passing(code: int) -> bool:
    """-1 stands for a connection that broke in the middle of a reply."""
    return 400 <= code < 500 or code == -1


def _refused(code: int, reply: bytes | str, retryable: bool) -> NodeError:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
    return NodeError(
        f"The mail server refused the e-mail with the code {code}. It said:",
        code="email_refused",
        details={"smtp_code": code, "reply": text},
        retryable=retryable,
        quoted=text or "nothing",
    )


def _failed(error: Exception, *, retryable: bool) -> NodeError:
    return NodeError(
        "The e-mail could not be sent. Check the e-mail settings (EMAIL_URL). The reason:",
        code="email_failed",
        details={"reason": type(error).__name__},
        retryable=retryable,
        quoted=str(error) or type(error).__name__,
    )
