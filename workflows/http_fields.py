"""Fields of nodes that send HTTP headers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from workflows.http_syntax import HEADER_NAME
from workflows.names import repeated_names
from workflows.node_type import NodeConfig, TemplateField


class Header(NodeConfig):
    name = serializers.RegexField(
        rf"^{HEADER_NAME.pattern}\Z",
        label="Name",
        max_length=200,
        error_messages={"invalid": "A header name has no blanks, colons or other such signs."},
    )
    value = TemplateField(label="Value", allow_null=True, default="")


class HeadersField(serializers.ListField):
    """A list of {name, value}, each name once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child=Header(),
            label="Headers",
            help_text="Each name once.",
            default=list,
            max_length=100,
            **kwargs,
        )

    def to_internal_value(self, data: Any) -> Any:
        headers = super().to_internal_value(data)
        if twice := repeated_names(header["name"].lower() for header in headers):
            raise serializers.ValidationError(
                f"The header {twice[0]} is given twice. Join its values with a comma."
            )
        return headers
