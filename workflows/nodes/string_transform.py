from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from workflows.errors import NodeError
from workflows.node_type import (
    Context,
    Json,
    NodeConfig,
    NodeType,
    Output,
    TemplateField,
    is_template,
)
from workflows.patterns import check_replacement, compile_pattern
from workflows.text_operations import MOST_LENGTH, OPERATIONS, apply
from workflows.values import to_text

DEFAULTS: dict[str, dict[str, Json]] = {
    "trim": {"characters": ""},
    "replace": {"replacement": ""},
    "regex_replace": {"replacement": "", "case_sensitive": True},
    "slugify": {"separator": "-"},
    "pad": {"side": "left", "character": " "},
    "join": {"separator": ", "},
    "truncate": {"ending": "…"},
}


def _operations_with(field: str) -> tuple[str, tuple[str, ...]]:
    return "op", tuple(
        name
        for name, operation in OPERATIONS.items()
        if field in operation.fields or field in operation.optional
    )


class Step(NodeConfig):
    only_for: ClassVar = {
        field: _operations_with(field)
        for operation in OPERATIONS.values()
        for field in (*operation.fields, *operation.optional)
    }

    op = serializers.ChoiceField(
        [(name, f"{name}: {operation.help}") for name, operation in OPERATIONS.items()],
        label="Operation",
    )
    search = TemplateField(label="Search for", required=False)
    replacement = TemplateField(
        label="Replace by",
        help_text="Blank: what is found is taken out. For regex_replace $1 is the first group.",
        required=False,
        allow_null=True,
    )
    pattern = TemplateField(label="Pattern", help_text="As RE2 has it.", required=False)
    case_sensitive = serializers.BooleanField(
        label="Upper and lower case differ", help_text="Left out: they do.", required=False
    )
    separator = TemplateField(
        label="Separator",
        help_text="For split, blank: every character is a part. Left out: a - for slugify, a comma "
        "and a blank for join.",
        required=False,
    )
    length = serializers.IntegerField(
        label="Length",
        help_text="In characters.",
        min_value=1,
        max_value=MOST_LENGTH,
        required=False,
    )
    side = serializers.ChoiceField(
        ["left", "right", "both"],
        label="Side",
        help_text="Where it is filled up. Left out: left.",
        required=False,
    )
    character = TemplateField(
        label="Character", help_text="To fill up with. Left out: a blank.", required=False
    )
    characters = TemplateField(
        label="Characters",
        help_text="Each of them is taken from the ends. Left out: blanks and line breaks.",
        required=False,
    )
    ending = TemplateField(
        label="Ending", help_text="Put behind a text that was cut. Left out: …", required=False
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        op = attrs["op"]
        operation = OPERATIONS[op]
        known = {"op", *operation.fields, *operation.optional}
        if unknown := sorted(set(attrs) - known):
            raise serializers.ValidationError(
                {unknown[0]: f"{op} has no field {unknown[0]!r}. Remove it."}
            )
        if missing := [name for name in operation.fields if attrs.get(name) is None]:
            raise serializers.ValidationError({missing[0]: f"{op} needs it."})
        if op == "replace" and attrs["search"] == "":
            raise serializers.ValidationError({"search": "There is nothing to search for."})
        if op == "regex_replace":
            _check_pattern(attrs)
        defaults = DEFAULTS.get(op, {})
        return attrs | {name: defaults[name] for name in defaults if name not in attrs}


class StringTransform(NodeType):
    """Changes a text step by step: trims, replaces, cuts, pads, splits into a list and joins again.
    After split, the operations work on each text of the list."""

    type = "string_transform"
    label = "Change text"
    category = "action"
    icon = "case-sensitive"
    keywords = ("string", "trim", "upper", "lower", "replace", "regex", "slug", "split", "join")
    example: ClassVar[dict[str, Json]] = {
        "input": "  Order {{ trigger.order.id }}: Crème brûlée  ",
        "operations": [
            {"op": "trim"},
            {"op": "regex_replace", "pattern": "Order ([0-9]+)", "replacement": "no $1"},
            {"op": "slugify", "separator": "-"},
            {"op": "truncate", "length": 40, "ending": ""},
        ],
    }
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"order": {"id": 42}}}
    example_result = Output({"text": "no-42-creme-brulee"})

    class Config(NodeConfig):
        input = TemplateField(label="Text", allow_null=True)
        operations = serializers.ListField(
            child=Step(),
            label="Operations",
            help_text="Done in this order.",
            allow_empty=False,
            max_length=50,
        )

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        value = config["input"]
        start: str | list[str] = (
            [to_text(item, f"input[{place}]") for place, item in enumerate(value)]
            if isinstance(value, list)
            else to_text(value, "input")
        )
        result = apply(start, config["operations"])
        return Output({"items": result} if isinstance(result, list) else {"text": result})


def _check_pattern(attrs: dict[str, Any]) -> None:
    pattern, replacement = attrs["pattern"], attrs.get("replacement")
    try:
        if isinstance(pattern, str) and not is_template(pattern):
            compile_pattern(pattern)
            if isinstance(replacement, str) and not is_template(replacement):
                check_replacement(pattern, replacement)
    except NodeError as error:
        raise serializers.ValidationError({"pattern": error.message}) from None
