from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, ClassVar

from rest_framework import serializers

from workflows.errors import NodeError
from workflows.http import HttpAnswer, HttpPolicy, send
from workflows.http_body import decode_body, encode_body, repeated
from workflows.http_fields import HeadersField
from workflows.limits import limits
from workflows.node_type import (
    Context,
    Json,
    JsonTemplateField,
    NodeConfig,
    NodeType,
    Output,
    TemplateField,
    parse_json_template,
)
from workflows.values import as_text, to_text, wrong_type

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
STATUS_RANGE = re.compile(r"\s*([1-5]\d\d)\s*(?:-\s*([1-5]\d\d)\s*)?", re.ASCII)
TOLD_HEADERS = (
    "content-type",
    "date",
    "location",
    "retry-after",
    "server",
    "www-authenticate",
    "x-request-id",
)
SHORTEST_SECONDS = 0.01


class QueryParameter(NodeConfig):
    name = serializers.CharField(label="Name", max_length=200)
    value = TemplateField(label="Value", allow_null=True, default="")


class HttpRequest(NodeType):
    """Calls a web address and gives back the answer. Connection errors and the statuses 429 and 5xx
    can be tried again; each request carries an Idempotency-Key, the same at every try, so that a
    server that knows it acts only once. Private addresses are refused."""

    type = "http_request"
    label = "HTTP request"
    category = "action"
    icon = "globe"
    keywords = ("webhook", "api", "rest", "fetch", "call", "get", "post", "url")
    effect = "outside"
    sends_idempotency_key = True
    example: ClassVar[dict[str, Json]] = {
        "method": "POST",
        "url": "https://api.example.com/orders/{{ trigger.order.id }}/notes",
        "query": [{"name": "notify", "value": "true"}],
        "headers": [{"name": "Authorization", "value": "Bearer {{ vault.orders_api }}"}],
        "body_type": "json",
        "body": {"text": "{{ trigger.note }}"},
        "expected_status": "200-299",
        "timeout_seconds": 10,
        "follow_redirects": True,
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {"order": {"id": 42}, "note": "Paid"},
        "vault": {"orders_api": "a secret of the vault"},
    }
    example_result = Output(
        {
            "status": 201,
            "headers": {"content-type": "application/json"},
            "body": {"id": 7, "text": "Paid"},
            "elapsed_ms": 83,
        }
    )
    example_varies = ("headers", "elapsed_ms")

    class Config(NodeConfig):
        only_for: ClassVar = {"body": ("body_type", ("json", "form", "text"))}

        method = serializers.ChoiceField(METHODS, label="Method", default="GET")
        url = TemplateField(
            label="URL", help_text="With http:// or https:// in front.", allow_blank=False
        )
        query = serializers.ListField(
            child=QueryParameter(),
            label="Query parameters",
            help_text="Appended to the URL, escaped. A list repeats the name.",
            default=list,
            max_length=100,
        )
        headers = HeadersField()
        body_type = serializers.ChoiceField(
            [("none", "None"), ("json", "JSON"), ("form", "Form"), ("text", "Text")],
            label="Body",
            help_text="Where it is left out: json when there is a body, else none.",
            required=False,
        )
        body = JsonTemplateField(
            label="Content",
            help_text="For form: an object, or a list of {name, value}.",
            default=None,
            allow_null=True,
            parse_text=False,
        )
        expected_status = serializers.CharField(
            label="Expected status",
            help_text='Others fail the step. For example "200-299" or "200,201,404".',
            default="200-399",
            max_length=200,
        )
        timeout_seconds = serializers.FloatField(
            label="Timeout in seconds",
            help_text="From the first to the last byte, redirects included.",
            default=30,
            min_value=0.1,
            max_value=300,
        )
        follow_redirects = serializers.BooleanField(
            label="Follow redirects",
            help_text="At most 5. To another server no credentials are sent along.",
            default=True,
        )

        def validate_expected_status(self, text: str) -> str:
            parse_statuses(text)
            return text

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            body = attrs["body"]
            attrs.setdefault("body_type", "none" if body is None else "json")
            if attrs["body_type"] == "json":
                try:
                    attrs["body"] = parse_json_template(body)
                except serializers.ValidationError as error:
                    raise serializers.ValidationError({"body": error.detail}) from None
            return attrs

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        answer = self._send(config, context)
        body = decode_body(config["method"], answer.status, answer.headers, answer.body)
        if not _is_expected(answer.status, config["expected_status"]):
            raise _unexpected(answer, body, context.now)
        return Output(
            {
                "status": answer.status,
                "headers": answer.headers,
                "body": body,
                "elapsed_ms": answer.elapsed_ms,
            }
        )

    def _send(self, config: dict[str, Json], context: Context) -> HttpAnswer:
        url = config["url"]
        if not isinstance(url, str) or not url.strip():
            raise wrong_type(url, "a URL", "url")
        body, content_type = encode_body(config["body_type"], config["body"])
        return send(
            config["method"],
            url.strip(),
            headers=_headers(config["headers"], content_type, context.idempotency_key),
            body=body,
            params=[
                pair
                for place, item in enumerate(config["query"])
                for pair in repeated(item["name"], item["value"], f"query[{place}].value")
            ],
            seconds=max(SHORTEST_SECONDS, min(config["timeout_seconds"], context.seconds_left)),
            max_bytes=limits().http_response_bytes,
            follow_redirects=config["follow_redirects"],
            policy=HttpPolicy.from_settings(),
        )


@lru_cache(maxsize=256)
def parse_statuses(text: str) -> tuple[tuple[int, int], ...]:
    """ "200-299,404" as inclusive ranges. Raises ValidationError."""
    ranges = []
    for part in text.split(","):
        found = STATUS_RANGE.fullmatch(part)
        low, high = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if low > high:
            raise serializers.ValidationError(
                f"{part.strip()!r} is no status. Write them like 200-299 or 200,201,404."
            )
        ranges.append((low, high))
    return tuple(ranges)


def _is_expected(status: int, text: str) -> bool:
    return any(low <= status <= high for low, high in parse_statuses(text))


def _headers(given: list[dict[str, Json]], content_type: str, key: str) -> dict[str, str]:
    headers = {"idempotency-key": key}
    if content_type:
        headers["content-type"] = content_type
    for place, header in enumerate(given):
        headers[header["name"].lower()] = to_text(header["value"], f"headers[{place}].value")
    return headers


def _unexpected(answer: HttpAnswer, body: Json, now: datetime) -> NodeError:
    told = {name: answer.headers[name] for name in TOLD_HEADERS if name in answer.headers}
    retryable = answer.status == 429 or answer.status >= 500
    text = as_text(body)
    return NodeError(
        f"The server answered with the status {answer.status}, which is not expected here."
        + (" It said:" if text else ""),
        code="http_status",
        details={"status": answer.status, "body": text, "headers": told},
        retryable=retryable,
        retry_after=_seconds(told.get("retry-after", ""), now) if retryable else None,
        quoted=text,
    )


def _seconds(text: str, now: datetime) -> float | None:
    """Retry-After (RFC 9110, 10.2.3): seconds, or the date of an HTTP message."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
