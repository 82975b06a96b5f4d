"""Fields that take the JSON type they name and nothing that merely looks like it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from workflows.errors import Problem, WorkflowError
from workflows.graph import flattened, joined


class FormError(WorkflowError):
    """Fields that are missing, unknown, or have a value that they can not have."""

    code = "invalid"

    def __init__(self, problems: list[Problem]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            f"{first.field}: {first.message}{more}" if first.field else first.message + more,
            details={"errors": [problem.as_json() for problem in problems]},
        )


def checked(form: serializers.Serializer[Any], place: str = "") -> dict[str, Any]:
    """What `form` makes of its data. Raises FormError; `place` is put before the fields' names."""
    if form.is_valid():
        return dict(form.validated_data)
    pairs = flattened(form.errors)
    raise FormError(
        [Problem("invalid", message, field=joined(place, path)) for path, message in pairs]
    )


class Text(serializers.CharField):
    """A number or a boolean is no text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class TrueOrFalse(serializers.BooleanField):
    """'yes', 'on' and 1 are no booleans."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class WholeNumber(serializers.IntegerField):
    """'5' and 5.0 are no whole numbers."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class AnyJson(serializers.JSONField):
    """JSON whose form is checked elsewhere. null counts as missing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=False, **kwargs)
