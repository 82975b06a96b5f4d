"""What a node makes of secrets, masked where the redaction of whole values can not see it: an
upper-case copy, a piece, the fields of a secret that is JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workflows.errors import NodeError
from workflows.node_type import Context, ForEach, Json, NodeType, Output, Result
from workflows.redaction import MASK


def execute(
    node_type: NodeType, config: dict[str, Any], shown: dict[str, Any] | None, context: Context
) -> Result:
    """Raises NodeError.

    `shown` is the config with its secrets masked; None where it reads none. A node without outside
    effect is executed with it too, and a text or number that comes out otherwise depends on a
    secret. Conditions show what they compare as it is, so they do without.
    """
    result = node_type.execute(config, context)
    if shown is None or node_type.effect == "outside" or node_type.category == "condition":
        return result
    if not isinstance(result, (Output, ForEach)):
        return result
    try:
        twin = node_type.execute(shown, context)
    except NodeError:
        twin = None
    if isinstance(result, Output):
        other = twin.value if isinstance(twin, Output) else MASK
        return replace(result, value=without_secrets(result.value, other))
    others = twin.items if isinstance(twin, ForEach) else MASK
    return replace(result, items=without_secrets(result.items, others))


def without_secrets(value: Json, twin: Json) -> Any:
    """The value, in its shape, with each text and number masked that its twin does not share."""
    if isinstance(value, Mapping):
        fields = twin if isinstance(twin, Mapping) else {}
        return {key: without_secrets(item, fields.get(key, MASK)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        same = isinstance(twin, (list, tuple)) and len(twin) == len(value)
        others = twin if same else [MASK] * len(value)
        return [without_secrets(item, other) for item, other in zip(value, others, strict=True)]
    if value is None or isinstance(value, bool) or value == twin:
        return value
    return twin if isinstance(twin, str) and MASK in twin else MASK
