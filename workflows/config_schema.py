"""The JSON Schema (2020-12) of a node type's config, for the palette and the side panel.

Beyond the standard:

- `x-template` marks a template string or literal, `x-json-template` JSON whose texts are templates,
  `x-html` a template that writes HTML; `x-scope` lists names that templates know only there;
- `x-labels` names the values of an `enum`;
- `x-only-for` is `{other field: [values]}`: the field means something only with one of them;
- `x-multiline` asks for room for several lines;
- `x-rules` describes rules (workflows.rules); `x-json-schema`, `x-timezone`, `x-vault` (references
  like `{{ vault.name }}`) and `x-workflow` (an id) say what is to be chosen or written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from django.core.validators import RegexValidator
from rest_framework import serializers
from rest_framework.fields import empty

from workflows.node_type import MULTILINE, JsonTemplateField, NodeConfig, TemplateField

Schema: TypeAlias = dict[str, Any]
Field: TypeAlias = Any  # serializers.Field is generic over four types that do not matter here


def json_schema(config_class: type[NodeConfig]) -> Schema:
    """A field class of a node type's own says what it takes in its attribute `value_schema`;
    without that it takes anything."""
    return _object(config_class())


def _schema(field: Field) -> Schema:
    own: Schema | None = getattr(field, "value_schema", None)
    if own is not None:
        return _with_null(own, field) | _annotations(field)
    for kind, describe in _KINDS.items():
        if isinstance(field, kind):
            return _with_null(describe(field), field) | _annotations(field)
    return _annotations(field)


def _object(serializer: Field) -> Schema:
    fields = serializer.fields
    properties = {name: _schema(field) for name, field in fields.items()}
    for name, (other, values) in getattr(serializer, "only_for", {}).items():
        properties[name]["x-only-for"] = {other: [*values]}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name, field in fields.items() if field.required],
        "additionalProperties": False,
    }


def _list(field: Field) -> Schema:
    least = field.min_length
    if not field.allow_empty:
        least = max(least or 0, 1)
    schema = {"type": "array", "items": _schema(field.child)}
    return schema | _given(minItems=least, maxItems=field.max_length)


def _map(field: Field) -> Schema:
    return {"type": "object", "additionalProperties": _schema(field.child)}


def _choice(field: Field) -> Schema:
    labels = {value: str(label) for value, label in field.choices.items()}
    named = any(value != label for value, label in labels.items())
    return {"enum": [*labels]} | ({"x-labels": labels} if named else {})


def _text(field: Field) -> Schema:
    least = field.min_length or (None if field.allow_blank else 1)
    patterns = [v.regex for v in field.validators if isinstance(v, RegexValidator)]
    pattern = re.compile(patterns[0]).pattern.replace(r"\Z", "$") if patterns else None
    return {"type": "string"} | _given(minLength=least, maxLength=field.max_length, pattern=pattern)


def _number(field: Field) -> Schema:
    kind = "integer" if isinstance(field, serializers.IntegerField) else "number"
    return {"type": kind} | _given(minimum=field.min_value, maximum=field.max_value)


_KINDS: dict[type[Field], Callable[[Field], Schema]] = {
    TemplateField: lambda field: (
        {"x-template": True} | _given(minLength=None if field.allow_blank else 1)
    ),
    JsonTemplateField: lambda field: {"x-json-template": True},
    serializers.JSONField: lambda field: {},
    serializers.ListSerializer: _list,
    serializers.BaseSerializer: _object,
    serializers.ListField: _list,
    serializers.DictField: _map,
    serializers.ChoiceField: _choice,
    serializers.CharField: _text,
    serializers.BooleanField: lambda field: {"type": "boolean"},
    serializers.IntegerField: _number,
    serializers.FloatField: _number,
}


def _with_null(schema: Schema, field: Field) -> Schema:
    if not field.allow_null:
        return schema
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return schema | {"type": [*kinds, "null"]} if kinds and "null" not in kinds else schema


def _annotations(field: Field) -> Schema:
    notes = _given(
        title=str(field.label or "") or None, description=str(field.help_text or "") or None
    )
    if field.style.get("base_template") == MULTILINE["base_template"]:
        notes["x-multiline"] = True
    if field.default is not empty:
        notes["default"] = field.default() if callable(field.default) else field.default
    return notes


def _given(**keywords: Any) -> Schema:
    return {name: value for name, value in keywords.items() if value is not None}
