"""The limits of the product, each one a setting `ALTOFLOW_<NAME>`."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, counts and bytes as the names say."""

    run_seconds: float = 3600.0
    node_seconds: float = 300.0
    iterator_items: int = 1000
    iterator_depth: int = 5
    delay_seconds: float = 900.0
    call_seconds: float = 30.0
    webhook_body_bytes: int = 1024 * 1024
    http_response_bytes: int = 5 * 1024 * 1024
    step_output_bytes: int = 1024 * 1024
    graph_nodes: int = 500
    retention_days: int = 90
    vault_value_length: int = 2000


def limits() -> Limits:
    """The limits in force."""
    configured: Limits = settings.ALTOFLOW_LIMITS
    return configured
