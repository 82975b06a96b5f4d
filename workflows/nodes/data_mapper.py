from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from workflows.names import repeated_names
from workflows.node_type import (
    Context,
    Json,
    JsonTemplateField,
    NodeConfig,
    NodeType,
    Output,
    TemplateField,
)
from workflows.target_paths import TARGET_CHARACTERS, Tree, parse_target
from workflows.values import wrong_type


class Mapping(NodeConfig):
    target = serializers.CharField(
        label="Target",
        help_text="Where the value goes, for example: customer.emails[0].address",
        max_length=TARGET_CHARACTERS,
    )
    value = TemplateField(label="Value", allow_null=True)
    default = serializers.JSONField(
        label="Default",
        help_text="Used where the value is null or unknown.",
        default=None,
        allow_null=True,
    )

    def validate_target(self, target: str) -> str:
        parse_target(target)
        return target


class DataMapper(NodeType):
    """Builds an object: field by field, or from a JSON template as a whole. Missing objects and
    lists on the way to a target are made, gaps in a list are filled with null."""

    type = "data_mapper"
    label = "Map data"
    category = "action"
    icon = "combine"
    keywords = ("set", "fields", "object", "transform", "rename", "json")
    example: ClassVar[dict[str, Json]] = {
        "mappings": [
            {"target": "customer.name", "value": "{{ trigger.first }} {{ trigger.last }}"},
            {"target": "customer.tags[0]", "value": "{{ trigger.tag }}", "default": "new"},
        ]
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {"first": "Ada", "last": "Lovelace", "tag": None}
    }
    example_result = Output({"customer": {"name": "Ada Lovelace", "tags": ["new"]}})

    class Config(NodeConfig):
        mappings = serializers.ListField(
            child=Mapping(),
            label="Fields",
            help_text="One row for each value of the object.",
            required=False,
            allow_null=True,
            max_length=500,
        )
        template = JsonTemplateField(
            label="Template",
            help_text="In place of fields: JSON whose texts are templates.",
            required=False,
            allow_null=True,
        )

        def validate_mappings(self, mappings: list[dict[str, Any]] | None) -> Json:
            if twice := repeated_names(mapping["target"] for mapping in mappings or ()):
                raise serializers.ValidationError(
                    f"The target {twice[0]} is given twice. Give each value its own."
                )
            return mappings

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            has_fields, has_template = (
                bool(attrs.get("mappings")),
                attrs.get("template") is not None,
            )
            if has_fields == has_template:
                raise serializers.ValidationError(
                    "Give either mappings or a template"
                    + (", not both." if has_fields else "; there is neither.")
                )
            return attrs

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        if not config.get("mappings"):
            return Output(_container(config["template"]))
        tree = Tree()
        for mapping in config["mappings"]:
            value = mapping["value"]
            tree.put(mapping["target"], mapping["default"] if value is None else value)
        return Output(tree.root)


def _container(value: Json) -> Json:
    if not isinstance(value, (dict, list)):
        raise wrong_type(value, "an object or a list", "template")
    return value
