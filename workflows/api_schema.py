"""What the OpenAPI document says of keys, errors and pages of results."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "workflows.access.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "alto_..."}


class ErrorOut(serializers.Serializer[Any]):
    """Every error, everywhere. `message` says what to do."""

    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.JSONField(
        help_text='Findings are in "errors": node, field, code, message'
    )


def answers(success: dict[int, Any], *errors: int) -> dict[int, Any]:
    """Responses for extend_schema: those of success, and 401, 403 and `errors` as ErrorOut."""
    return {**success, **dict.fromkeys((401, 403, *errors), ErrorOut)}
