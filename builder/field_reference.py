"""The fields of a node type in words, read from the JSON Schema of its config alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from workflows import plain_json

Schema: TypeAlias = Mapping[str, Any]

KINDS = {
    "x-rules": "Rules",
    "x-json-schema": "JSON Schema",
    "x-vault": "Secret",
    "x-workflow": "Workflow",
    "x-timezone": "Time zone",
    "x-html": "HTML template",
    "x-template": "Template",
    "x-json-template": "JSON template",
}
"""The first that a schema has says what the field takes."""
TYPES = {
    "string": "Text",
    "integer": "Whole number",
    "number": "Number",
    "boolean": "Yes or no",
    "array": "List",
    "object": "Object",
}
NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class ChoiceReference:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Condition:
    """The field means something only where `field` has one of the values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldReference:
    """`default` is JSON text, empty where there is none worth showing. `fields` are those of the
    object, or of each row of the list; `rules` the fields of each kind of rule."""

    name: str
    label: str
    help: str
    kind: str
    is_required: bool
    default: str
    limits: tuple[str, ...]
    choices: tuple[ChoiceReference, ...]
    only_for: tuple[Condition, ...]
    fields: tuple[FieldReference, ...]
    rules: tuple[RuleReference, ...]


@dataclass(frozen=True, slots=True)
class RuleReference:
    kind: str
    label: str
    fields: tuple[FieldReference, ...]


def fields_of(schema: Schema) -> tuple[FieldReference, ...]:
    """Those of an object, in their order."""
    required = schema.get("required", ())
    return tuple(
        _field(name, part, name in required) for name, part in schema.get("properties", {}).items()
    )


def _field(name: str, schema: Schema, is_required: bool) -> FieldReference:
    items = schema.get("items", {})
    rules = schema.get("x-rules", {})
    return FieldReference(
        name=name,
        label=schema.get("title", name),
        help=schema.get("description", ""),
        kind=_kind(schema),
        is_required=is_required,
        default=_default(schema),
        limits=tuple(_limits(schema, items)),
        choices=_choices(schema) or _choices(items),
        only_for=tuple(
            Condition(other, tuple(map(str, values)))
            for other, values in schema.get("x-only-for", {}).items()
        ),
        fields=fields_of(schema) or fields_of(items),
        rules=tuple(
            RuleReference(kind, form.get("title", kind), fields_of(form))
            for kind, form in rules.get("kinds", {}).items()
        ),
    )


def _kind(schema: Schema) -> str:
    for mark, word in KINDS.items():
        if mark in schema:
            return word
    if "enum" in schema:
        return "Choice"
    words = [TYPES[kind] for kind in _types(schema) if kind in TYPES]
    if words == ["List"]:
        return _kind_of_list(schema.get("items", {}))
    return " or ".join(words).capitalize() or "JSON"


def _kind_of_list(items: Schema) -> str:
    if "enum" in items:
        return "Choices"
    return "List of objects" if "properties" in items else "List"


def _types(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return kinds if isinstance(kinds, list) else [kinds]


def _default(schema: Schema) -> str:
    """An empty default goes without saying."""
    if "default" not in schema or schema["default"] in NOTHING:
        return ""
    return plain_json.dump(schema["default"])


def _choices(schema: Schema) -> tuple[ChoiceReference, ...]:
    labels = schema.get("x-labels", {}) if "enum" in schema else {}
    return tuple(
        ChoiceReference(str(value), _label(str(value), labels.get(value, value)))
        for value in schema.get("enum", ())
        if value is not None
    )


def _label(value: str, label: Any) -> str:
    """Without the value in front, where a label repeats it; empty where it says nothing more."""
    text = str(label).removeprefix(f"{value}: ")
    return "" if text == value else text


def _limits(schema: Schema, items: Schema) -> Iterator[str]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        yield f"{least:,} to {most:,}"
    elif least is not None or most is not None:
        yield f"at least {least:,}" if least is not None else f"at most {most:,}"
    if "maxLength" in schema:
        yield f"at most {schema['maxLength']:,} characters"
    rows = "rows" if "properties" in items else "rules" if "x-rules" in schema else "items"
    if schema.get("minItems"):
        yield f"at least {schema['minItems']:,}"
    if "maxItems" in schema:
        yield f"at most {schema['maxItems']:,} {rows}"
    if "x-rules" in schema:
        yield f"groups at most {schema['x-rules']['deepest']} deep"
