from __future__ import annotations

import secrets
import string
from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers

from workflows.node_type import Context, Json, NodeConfig, NodeType, Output

LETTERS_AND_DIGITS = string.ascii_letters + string.digits
PASSWORD_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#$%&*+-=?@_")
LENGTHS = {"uuid": 36, "password": 20, "random_string": 32, "integer": 6}
LONGEST_INTEGER = 15
"""Digits that a number keeps in every JSON reader."""
SHORTEST_PASSWORD = 8


class Generate(NodeType):
    """Makes something random that nobody can guess: an id, a password, a text, or a number of so
    many digits."""

    type = "generate"
    label = "Generate"
    category = "action"
    icon = "dices"
    keywords = ("random", "uuid", "password", "token", "code", "number", "id")
    example: ClassVar[dict[str, Json]] = {
        "kind": "random_string",
        "length": 12,
        "alphabet": "ABCDEFGHJKLMNPQRSTUVWXYZ23456789",
    }
    example_result = Output({"value": "7KQ2M9XWAH4C"})
    example_varies = ("value",)

    class Config(NodeConfig):
        only_for: ClassVar = {
            "length": ("kind", ("password", "random_string", "integer")),
            "alphabet": ("kind", ("password", "random_string")),
        }

        kind = serializers.ChoiceField(
            [
                ("uuid", "UUID"),
                ("password", "Password"),
                ("random_string", "Random text"),
                ("integer", "Whole number"),
            ],
            label="Kind",
            default="uuid",
        )
        length = serializers.IntegerField(
            label="Length",
            help_text="Characters, or digits of a number. Where it is left out: 20 for a "
            "password, 32 for a text, 6 for a number.",
            min_value=1,
            max_value=1_000,
            required=False,
            allow_null=True,
        )
        alphabet = serializers.CharField(
            label="Characters",
            help_text="To choose from, for passwords and texts. Blank: letters and digits, and in "
            "passwords signs too.",
            default="",
            allow_blank=True,
            trim_whitespace=False,
            max_length=500,
        )

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            kind, length = attrs["kind"], attrs.get("length")
            if attrs["alphabet"] and len(set(attrs["alphabet"])) < 2:
                raise serializers.ValidationError({"alphabet": "Give at least two characters."})
            if kind == "password" and length is not None and length < SHORTEST_PASSWORD:
                raise serializers.ValidationError(
                    {"length": f"A password has at least {SHORTEST_PASSWORD} characters."}
                )
            if kind == "integer" and length is not None and length > LONGEST_INTEGER:
                raise serializers.ValidationError(
                    {"length": f"A whole number has at most {LONGEST_INTEGER} digits."}
                )
            return attrs

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        kind = config["kind"]
        length = config.get("length") or LENGTHS[kind]
        if kind == "uuid":
            value: Json = str(UUID(bytes=secrets.token_bytes(16), version=4))
        elif kind == "integer":
            least = 10 ** (length - 1) if length > 1 else 0
            value = least + secrets.randbelow(10**length - least)
        elif kind == "password" and not config["alphabet"]:
            value = _password(length)
        else:
            value = _text(length, config["alphabet"] or LETTERS_AND_DIGITS)
        return Output({"value": value})


def _text(length: int, alphabet: str) -> str:
    """Each character as likely as any other, also when the alphabet names one twice."""
    choices = sorted(set(alphabet))
    return "".join(secrets.choice(choices) for _ in range(length))


def _password(length: int) -> str:
    """At least one character of each kind, at places that nobody can guess."""
    while True:
        text = _text(length, "".join(PASSWORD_KINDS))
        if all(set(kind) & set(text) for kind in PASSWORD_KINDS):
            return text
