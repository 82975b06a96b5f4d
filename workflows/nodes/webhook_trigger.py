from __future__ import annotations

import re
from typing import Any, ClassVar

from rest_framework import serializers

from workflows.node_type import (
    IncomingRequest,
    Json,
    NodeConfig,
    RequestRefused,
    RequestTrigger,
    TemplateField,
    TriggerConfig,
)
from workflows.request_body import read_body, read_fields
from workflows.signatures import HEADERS, SignatureError, check_signature

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
VAULT_REFERENCE = re.compile(r"\s*\{\{-?\s*vault\.([a-z][a-z0-9_]*)\s*-?\}\}\s*")
CHECKED = ("hmac_sha256", "github", "stripe")
NOT_KEPT = frozenset({"cookie", "proxy-authorization"})


class VaultReferences(serializers.Field[Any, Any, Any, Any]):
    """`{{ vault.name }}`, or a list of two such while a secret is being changed. It stays as it is
    in the step's input: the value itself is only used to check the signature."""

    value_schema: ClassVar[dict[str, Any]] = {
        "type": ["array", "string"],
        "items": {"type": "string", "pattern": f"^{VAULT_REFERENCE.pattern}$"},
        "maxItems": 2,
        "pattern": f"^({VAULT_REFERENCE.pattern})?$",
        "x-vault": True,
    }

    def to_internal_value(self, data: Any) -> list[str]:
        references = data if isinstance(data, list) else [data] if data not in ("", None) else []
        if len(references) > 2:
            raise serializers.ValidationError("Give at most two secrets: the new and the old one.")
        for reference in references:
            if not isinstance(reference, str) or not VAULT_REFERENCE.fullmatch(reference):
                raise serializers.ValidationError(
                    "Name a secret of the vault, like {{ vault.webhook_secret }}. "
                    "A secret itself must not stand in a workflow."
                )
        return list(references)

    def to_representation(self, value: Any) -> Any:
        return value


class Signature(NodeConfig):
    only_for: ClassVar = {
        "header": ("scheme", CHECKED),
        "secret": ("scheme", CHECKED),
        "tolerance_seconds": ("scheme", ("stripe",)),
    }

    scheme = serializers.ChoiceField(
        choices=[
            ("none", "None"),
            ("hmac_sha256", "HMAC-SHA256 of the body"),
            ("github", "GitHub"),
            ("stripe", "Stripe"),
        ],
        label="Scheme",
        default="none",
    )
    header = serializers.RegexField(
        r"^[A-Za-z0-9-]*\Z",
        label="Header",
        help_text="Blank: the usual one of the scheme, X-Signature for HMAC-SHA256.",
        max_length=100,
        allow_blank=True,
        default="",
        error_messages={"invalid": "Use letters, digits and -, like X-Signature."},
    )
    secret = VaultReferences(
        label="Secret",
        help_text="{{ vault.name }}; a list of two while the secret is being changed.",
        default=list,
    )
    tolerance_seconds = serializers.IntegerField(
        label="Largest age of a signature, in seconds",
        help_text="Stripe only.",
        min_value=1,
        max_value=86_400,
        default=300,
    )

    def validate(self, attrs: Any) -> Any:
        if attrs["scheme"] != "none" and not attrs["secret"]:
            raise serializers.ValidationError(
                {"secret": ["Name the secret that signatures are checked with."]}
            )
        if attrs["scheme"] == "none" and attrs["secret"]:
            raise serializers.ValidationError(
                {
                    "scheme": [
                        "Nothing is checked without a scheme. Choose one for this secret, or take "
                        "the secret out."
                    ]
                }
            )
        return attrs


class WebhookTrigger(RequestTrigger):
    """Starts when a request comes to the address of this workflow. The request is answered as soon
    as the run is stored."""

    type = "webhook_trigger"
    label = "Webhook"
    icon = "webhook"
    keywords = ("http", "request", "incoming", "hook", "github", "stripe", "post")
    example: ClassVar[dict[str, Json]] = {
        "methods": ["POST"],
        "signature": {"scheme": "github", "secret": "{{ vault.github_webhook_secret }}"},
        "deduplicate_by": "{{ trigger.headers.x-github-delivery }}",
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {"headers": {"x-github-delivery": "72d3162e-cc78-11e3"}}
    }
    sample: ClassVar[Json] = {
        "body": {"action": "opened"},
        "headers": {"content-type": "application/json", "user-agent": "curl/8.5.0"},
        "query": {},
        "method": "POST",
        "received_at": "2026-01-31T12:00:00.000000Z",
    }

    class Config(TriggerConfig):
        methods = serializers.ListField(
            child=serializers.ChoiceField(choices=[(name, name) for name in METHODS]),
            label="Methods",
            help_text="Requests with another method are refused with 405.",
            min_length=1,
            default=lambda: ["POST"],
        )
        signature = Signature(
            label="Signature",
            help_text="Requests that are not signed with the secret are refused with 401.",
            default=dict,
        )
        deduplicate_by = TemplateField(
            label="Deduplicate by",
            help_text="Requests with the same value within 24 hours start one run, for example: "
            "{{ trigger.body.id }}. A header Idempotency-Key goes before it.",
            default="",
        )

        def validate_signature(self, signature: Any) -> Any:
            """The default too gets the defaults of its own fields."""
            form = Signature(data=dict(signature))
            form.is_valid(raise_exception=True)
            return form.validated_data

    def accept(self, config: dict[str, Json], request: IncomingRequest) -> Json:
        """1. method  2. signature  3. body."""
        if request.method not in config["methods"]:
            allowed = ", ".join(config["methods"])
            raise RequestRefused(
                f"This webhook takes {allowed}.", verdict="bad_method", headers={"Allow": allowed}
            )
        _check(config["signature"], request)
        return {
            "body": _body(request),
            "headers": {n: _shown(n, v) for n, v in request.headers.items() if n not in NOT_KEPT},
            "query": _query(request.query),
            "method": request.method,
            "received_at": f"{request.received_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        }


def _check(signature: dict[str, Json], request: IncomingRequest) -> None:
    scheme = signature["scheme"]
    if scheme == "none":
        return
    names = [VAULT_REFERENCE.fullmatch(text)[1] for text in signature["secret"]]  # type: ignore[index]
    secrets = [request.secrets[name] for name in names if request.secrets.get(name)]
    if not secrets:
        raise RequestRefused(
            "The signature can not be checked here. Ask the owner of this webhook.",
            verdict="bad_signature",
            note=f"The secret {names[0]!r} is not in the vault, or it has expired. Set it there.",
        )
    header = signature["header"] or HEADERS[scheme]
    try:
        check_signature(
            scheme,
            request.headers.get(header.lower(), ""),
            request.body,
            secrets,
            now=request.received_at,
            tolerance_seconds=signature["tolerance_seconds"],
        )
    except SignatureError as error:
        raise RequestRefused(
            f"{error} It is expected in the header {header}.", verdict="bad_signature"
        ) from None


def _body(request: IncomingRequest) -> Json:
    try:
        return read_body(request.headers.get("content-type", ""), request.body)
    except ValueError as error:
        reason = str(error).rstrip(".")
        message = f"The body can not be read as its Content-Type says: {reason}."
        raise RequestRefused(message, verdict="bad_json") from None


def _query(text: str) -> Json:
    try:
        return read_fields(text)
    except ValueError as error:
        raise RequestRefused(f"The query can not be read. {error}", verdict="unusable") from None


def _shown(name: str, value: str) -> str:
    """Credentials of the sender are not for everybody who may look at runs."""
    return f"{value.partition(' ')[0]} •••" if name == "authorization" else value
