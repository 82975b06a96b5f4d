from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rest_framework import serializers

from workflows.config_schema import json_schema
from workflows.node_type import (
    MULTILINE,
    HtmlTemplateField,
    JsonTemplateField,
    NodeConfig,
    TemplateField,
)


class Row(NodeConfig):
    name = serializers.CharField(max_length=5)
    value = TemplateField(allow_null=True, default="")


class Anything(serializers.Field[Any, Any, Any, Any]):
    pass


class Colour(Anything):
    value_schema = {"type": "string", "format": "color"}


class AnyColour(Anything):
    value_schema = {"type": ["string", "array"]}


FIELDS = {
    "text": (
        serializers.CharField(max_length=9, help_text="Short.", label="Say"),
        {"type": "string", "minLength": 1, "maxLength": 9, "title": "Say", "description": "Short."},
    ),
    "text that may be blank": (
        serializers.CharField(allow_blank=True, default=""),
        {"type": "string", "default": ""},
    ),
    "text that may be null": (
        serializers.CharField(allow_blank=True, allow_null=True),
        {"type": ["string", "null"]},
    ),
    "pattern": (
        serializers.RegexField(r"^a+\Z"),
        {"type": "string", "minLength": 1, "pattern": "^a+$"},
    ),
    "integer": (
        serializers.IntegerField(min_value=1, max_value=10, default=3),
        {"type": "integer", "minimum": 1, "maximum": 10, "default": 3},
    ),
    "number": (serializers.FloatField(min_value=0.5), {"type": "number", "minimum": 0.5}),
    "boolean": (serializers.BooleanField(default=True), {"type": "boolean", "default": True}),
    "choice": (
        serializers.ChoiceField(["a", "b"], default="a"),
        {"enum": ["a", "b"], "default": "a"},
    ),
    "named choice": (
        serializers.ChoiceField([("a", "First"), ("b", "Second")]),
        {"enum": ["a", "b"], "x-labels": {"a": "First", "b": "Second"}},
    ),
    "choice or null": (serializers.ChoiceField(["a"], allow_null=True), {"enum": ["a", None]}),
    "template": (TemplateField(), {"x-template": True}),
    "template with content": (
        TemplateField(allow_blank=False),
        {"x-template": True, "minLength": 1},
    ),
    "JSON template": (JsonTemplateField(default=None), {"x-json-template": True, "default": None}),
    "JSON": (serializers.JSONField(default=dict), {"default": {}}),
    "list of texts": (
        serializers.ListField(child=serializers.CharField(), max_length=3, default=list),
        {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "maxItems": 3,
            "default": [],
        },
    ),
    "list that is not empty": (
        serializers.ListField(child=serializers.IntegerField(), allow_empty=False),
        {"type": "array", "items": {"type": "integer"}, "minItems": 1},
    ),
    "map": (
        serializers.DictField(child=TemplateField()),
        {"type": "object", "additionalProperties": {"x-template": True}},
    ),
    "field of a kind of its own": (Anything(), {}),
    "field that describes itself": (Colour(), {"type": "string", "format": "color"}),
    "field that describes itself or null": (
        AnyColour(allow_null=True),
        {"type": ["string", "array", "null"]},
    ),
    "HTML": (HtmlTemplateField(), {"x-template": True, "x-html": True}),
    "long text": (
        TemplateField(style=MULTILINE, default=""),
        {"x-template": True, "x-multiline": True, "default": ""},
    ),
}


def one_field(field: serializers.Field[Any, Any, Any, Any]) -> type[NodeConfig]:
    return type("OneField", (NodeConfig,), {"field": field})


@pytest.mark.parametrize(("field", "expected"), FIELDS.values(), ids=FIELDS)
def test_field(field: Any, expected: dict[str, Any]) -> None:
    schema = json_schema(one_field(field))
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["field"] == {"title": "Field"} | expected
    assert schema["required"] == ([] if "default" in expected else ["field"])
    assert schema["additionalProperties"] is False


ROW = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 5, "title": "Name"},
        "value": {"x-template": True, "title": "Value", "default": ""},
    },
    "required": ["name"],
    "additionalProperties": False,
}
NESTED = {
    "object": (Row(label="One"), ROW | {"title": "One"}),
    "list of objects": (Row(many=True), {"type": "array", "items": ROW, "title": "Field"}),
    "list field of objects": (
        serializers.ListField(child=Row(), min_length=2),
        {"type": "array", "items": ROW, "minItems": 2, "title": "Field"},
    ),
}


@pytest.mark.parametrize(("field", "expected"), NESTED.values(), ids=NESTED)
def test_nested(field: Any, expected: dict[str, Any]) -> None:
    found = json_schema(one_field(field))["properties"]["field"]
    if "items" in found:
        found["items"].pop("title", None)
    assert found == expected


class Size(NodeConfig):
    only_for = {"width": ("kind", ("fixed",))}
    kind = serializers.ChoiceField(["fixed", "free"])
    width = serializers.IntegerField(required=False)


def test_field_that_means_something_only_with_another() -> None:
    properties = json_schema(Size)["properties"]
    assert properties["width"] == {
        "type": "integer",
        "title": "Width",
        "x-only-for": {"kind": ["fixed"]},
    }
    assert "x-only-for" not in properties["kind"]
