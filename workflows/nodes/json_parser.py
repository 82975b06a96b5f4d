from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from workflows import plain_json
from workflows.errors import NodeError
from workflows.json_query import PATH_CHARACTERS, compile_path, search
from workflows.names import repeated_names
from workflows.node_type import Context, Json, NodeConfig, NodeType, Output, TemplateField


class Extract(NodeConfig):
    name = serializers.CharField(label="Name", max_length=200)
    path = serializers.CharField(
        label="Path",
        help_text="JMESPath, for example: user.emails[0] or items[?price > `10`].name",
        max_length=PATH_CHARACTERS,
    )

    def validate_path(self, path: str) -> str:
        try:
            compile_path(path)
        except NodeError as error:
            raise serializers.ValidationError(error.message) from None
        return path


class JsonParser(NodeType):
    """Reads a text as JSON. An object or a list passes through. Parts can be taken out by JMESPath;
    a path that finds nothing gives null and a warning."""

    type = "json_parser"
    label = "Parse JSON"
    category = "action"
    icon = "braces"
    keywords = ("decode", "extract", "jmespath", "object")
    example: ClassVar[dict[str, Json]] = {
        "input": '{"user": {"emails": ["ada@example.com"]}}',
        "extract": [{"name": "email", "path": "user.emails[0]"}],
    }
    example_result = Output({"email": "ada@example.com"})

    class Config(NodeConfig):
        input = TemplateField(label="Input", help_text="A text, or data that is parsed already.")
        extract = serializers.ListField(
            child=Extract(),
            label="Take out",
            help_text="Without any, the output is the whole value.",
            default=list,
            max_length=100,
        )

        def validate_extract(self, extract: list[dict[str, Any]]) -> list[dict[str, Any]]:
            if twice := repeated_names(item["name"] for item in extract):
                raise serializers.ValidationError(
                    f"The name {twice[0]} is given twice. Give each part its own."
                )
            return extract

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        value = _parsed(config["input"])
        if not config["extract"]:
            return Output(value)
        found = {item["name"]: search(item["path"], value) for item in config["extract"]}
        warnings = tuple(
            f"{item['name']}: nothing found at {item['path']}."
            for item in config["extract"]
            if found[item["name"]] is None
        )
        return Output(found, warnings=warnings)


def _parsed(value: Json) -> Json:
    if value is None:
        raise NodeError(
            "The input is empty: there is no JSON to read. Check the variable it comes from.",
            code="invalid_json",
            details={"field": "input"},
        )
    if not isinstance(value, str):
        return value
    try:
        return plain_json.decode(value)
    except ValueError as error:
        raise NodeError(
            f"The input is no valid JSON ({error}). It begins with:",
            code="invalid_json",
            details={"field": "input", "reason": str(error)},
            quoted=plain_json.dump(value),
        ) from None
