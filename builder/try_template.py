"""A template tried in the documentation: resolved with the data beside it, and forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from builder.json_input import pretty, read_json
from workflows import plain_json
from workflows.errors import WorkflowError
from workflows.models import Secret
from workflows.node_type import Json
from workflows.templating import MASK, compile_value

LONGEST_DATA = 100_000
LONGEST_SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Trial:
    """What a template gives, or in `error` why it gives nothing. `cut` counts the characters that
    are not shown."""

    text: str = ""
    kind: str = ""
    cut: int = 0
    warnings: tuple[str, ...] = ()
    error: str = ""


def try_template(template: str, data: str) -> Trial:
    """No secret is read: each output that names one is masked, as in every log."""
    try:
        names = _names(data)
        resolved = compile_value(template).resolve(names, masked=True)
        value = plain_json.clean(resolved.value)
    except WorkflowError as error:
        return Trial(error=error.message)
    text = value if isinstance(value, str) else pretty(value)
    return Trial(
        text=text[:LONGEST_SHOWN],
        kind=kind_of(value),
        cut=max(len(text) - LONGEST_SHOWN, 0),
        warnings=resolved.warnings,
    )


def kind_of(value: Json) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "boolean"
        case str():
            return "text"
        case int() | float():
            return "number"
        case list():
            return f"list of {len(value):,}"
        case _:
            return f"object with {len(value):,} {'key' if len(value) == 1 else 'keys'}"


def _names(data: str) -> dict[str, Json]:
    """What the template sees. Raises WorkflowError."""
    if len(data) > LONGEST_DATA:
        raise WorkflowError(f"The data has more than {LONGEST_DATA:,} characters. Use less of it.")
    names = read_json(data, "data") if data.strip() else {}
    if not isinstance(names, dict):
        raise WorkflowError(
            'The data is an object with the names that templates use, like {"trigger": …}.'
        )
    made_up = names.get("vault")
    known = [*_usable_secrets(), *(made_up if isinstance(made_up, Mapping) else ())]
    return {**names, "vault": dict.fromkeys(known, MASK)}


def _usable_secrets() -> list[str]:
    usable = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return list(Secret.objects.filter(usable).values_list("name", flat=True))
