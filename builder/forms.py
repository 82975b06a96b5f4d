"""The form of a node type's settings, made from the JSON Schema of its Config.

The form comes without values: one form serves all nodes of its type. The script fills it from the
graph and reads it back (static/js/builder/form.js), so that typing needs no server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from workflows.config_schema import json_schema
from workflows.node_type import Json, NodeType, TriggerType

Schema: TypeAlias = Mapping[str, Any]

ROW_KINDS = ("text", "template", "switch", "choice")
"""What two of fit beside each other in a list."""
BACKOFFS = {"fixed": "The same each time", "exponential": "Twice as long each time"}


@dataclass(frozen=True, slots=True)
class Option:
    """`value` is JSON, for options need not be texts."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class FormField:
    """`kind` names the template that draws the field and the part of fields.js that reads it."""

    name: str
    kind: str
    label: str
    help: str = ""
    required: bool = False
    default: Json = None
    options: tuple[Option, ...] = ()
    only_for: str = ""
    """As JSON: {other field: [values]}."""
    fields: tuple[FormField, ...] = ()
    """Of an object, or of each item."""
    item: FormField | None = None
    """Of a list or map whose items are no objects."""
    kinds: tuple[FormField, ...] = ()
    """Of rules: one object for each kind of question."""
    deepest: int = 0
    most: int | None = None
    is_multiline: bool = False
    is_html: bool = False
    is_strict: bool = False
    """JSON and nothing else; without it a text may stand there bare."""
    is_late: bool = False
    """Taken over when the field is left, not at each letter: edges hang on it."""
    is_row: bool = False
    datalist: str = ""
    pattern: str = ""
    longest: int = 0
    """Characters; 0 for no limit that matters here."""
    least: float | None = None
    greatest: float | None = None
    """Limits of what is part of the graph itself, and so must never be wrong in it."""
    start: Json = None
    """What an object that may be missing holds when it is switched on."""

    @property
    def is_optional_object(self) -> bool:
        return self.kind == "object" and self.start is not None

    @property
    def placeholder(self) -> str:
        if self.default in (None, "", [], {}) or isinstance(self.default, bool):
            return ""
        return self.default if isinstance(self.default, str) else json.dumps(self.default)

    @property
    def default_json(self) -> str:
        return json.dumps(self.default)

    @property
    def start_json(self) -> str:
        return json.dumps(self.start) if self.start is not None else ""

    @property
    def row_size(self) -> int:
        return len(self.fields)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a form offers besides its schema."""

    secrets: Sequence[str] = ()
    workflows: Sequence[tuple[str, str]] = field(default_factory=tuple)
    """(id, name)"""


def config_fields(node_type: NodeType, choices: Choices) -> tuple[FormField, ...]:
    """One field for each of the Config, in its order."""
    fields = _fields(json_schema(node_type.Config), choices)
    return tuple(_with_late_ports(each, node_type.port_list) for each in fields)


def kinds_in(fields: Iterable[FormField]) -> set[str]:
    """Of fields within fields too."""
    found: set[str] = set()
    for each in fields:
        inner = (*each.fields, *each.kinds, *((each.item,) if each.item else ()))
        found |= {each.kind, *kinds_in(inner)}
    return found


def _with_late_ports(found: FormField, port_list: str) -> FormField:
    if not port_list or found.name != port_list:
        return found
    inner = (replace(each, is_late=each.name == "port") for each in found.fields)
    return replace(found, fields=tuple(inner))


def _fields(schema: Schema, choices: Choices) -> tuple[FormField, ...]:
    required = schema.get("required", ())
    return tuple(
        _field(name, each, choices, required=name in required)
        for name, each in schema.get("properties", {}).items()
    )


def _field(name: str, schema: Schema, choices: Choices, *, required: bool = False) -> FormField:
    kind = _kind(schema)
    only_for = schema.get("x-only-for")
    made = FormField(
        name=name,
        kind=kind,
        label=schema.get("title") or name.replace("_", " ").capitalize(),
        help=schema.get("description", ""),
        required=required,
        default=schema.get("default"),
        options=_options(kind, schema, choices),
        only_for=json.dumps(only_for) if only_for else "",
        most=schema.get("maxItems"),
        is_multiline=bool(schema.get("x-multiline")),
        is_html=bool(schema.get("x-html")),
        is_strict="x-json-template" not in schema,
        pattern=schema.get("pattern", ""),
        datalist="time-zones" if schema.get("x-timezone") else "",
    )
    return _with_insides(made, schema, choices)


def _kind(schema: Schema) -> str:
    for keyword, kind in _BY_KEYWORD:
        if keyword in schema:
            return kind
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else [each for each in kinds if each != "null"]
    if len(kinds) != 1:
        return "json"
    match kinds[0]:
        case "boolean":
            return "switch"
        case "integer" | "number":
            return "number"
        case "string":
            return "text"
        case "array" if "items" in schema:
            return "set" if "enum" in schema["items"] else "list"
        case "object" if "properties" in schema:
            return "object"
        case "object" if isinstance(schema.get("additionalProperties"), Mapping):
            return "map"
    return "json"


_BY_KEYWORD = (
    ("x-rules", "rules"),
    ("x-vault", "vault"),
    ("x-workflow", "workflow"),
    ("x-timezone", "text"),
    ("x-json-template", "json"),
    ("x-json-schema", "json"),
    ("x-template", "template"),
    ("enum", "choice"),
)


def _options(kind: str, schema: Schema, choices: Choices) -> tuple[Option, ...]:
    if kind == "vault":
        return tuple(
            Option(json.dumps(f"{{{{ vault.{each} }}}}"), each) for each in choices.secrets
        )
    if kind == "workflow":
        return tuple(Option(json.dumps(pk), name) for pk, name in choices.workflows)
    source = schema.get("items", {}) if kind == "set" else schema
    labels = source.get("x-labels", {})
    values = (value for value in source.get("enum", ()) if value is not None)
    return tuple(Option(json.dumps(value), str(labels.get(value, value))) for value in values)


def _with_insides(made: FormField, schema: Schema, choices: Choices) -> FormField:
    if made.kind == "object":
        return replace(made, fields=_fields(schema, choices))
    if made.kind in ("list", "map"):
        inner = schema["items"] if made.kind == "list" else schema["additionalProperties"]
        if _kind(inner) == "object":
            fields = _fields(inner, choices)
            return replace(made, fields=fields, is_row=_fits_a_row(fields))
        return replace(made, item=_field("", {"title": made.label, **inner}, choices))
    if made.kind == "rules":
        rules = schema["x-rules"]
        kinds = (_rule_kind(name, each, choices) for name, each in rules["kinds"].items())
        labels = rules["x-labels"]
        options = (
            Option(json.dumps(each), labels.get(each, each)) for each in rules["combinators"]
        )
        return replace(made, kinds=tuple(kinds), options=tuple(options), deepest=rules["deepest"])
    return made


def _rule_kind(name: str, schema: Schema, choices: Choices) -> FormField:
    fields = _fields(schema, choices)
    return FormField(name, "object", schema.get("title", name), fields=fields)


def _fits_a_row(fields: Sequence[FormField]) -> bool:
    return len(fields) <= 2 and all(
        each.kind in ROW_KINDS and not each.is_multiline and not each.only_for for each in fields
    )


# ---------------------------------------------------------------- what every node has

_NAME = FormField("name", "text", "Name", longest=200)
_ID = FormField(
    "id",
    "text",
    "Id",
    help="How templates call this node. They follow when you change it.",
    is_late=True,
    longest=64,
)
_NOTES = FormField(
    "notes", "text", "Notes", help="For those who read it.", is_multiline=True, longest=10_000
)
_CATCH = FormField(
    "continue_on_error",
    "switch",
    "Continue on error",
    help="A failure takes the port error and does not end the run.",
    default=False,
)
_RETRY = FormField(
    "retry",
    "object",
    "Try again when it fails",
    start={"max_attempts": 3, "wait_seconds": 5, "backoff": "exponential", "max_wait_seconds": 300},
    fields=(
        FormField(
            "max_attempts",
            "number",
            "Attempts, the first included",
            required=True,
            least=1,
            greatest=10,
        ),
        FormField("wait_seconds", "number", "Seconds to wait", default=1, least=0, greatest=3600),
        FormField(
            "backoff",
            "choice",
            "The next wait",
            default="fixed",
            options=tuple(Option(json.dumps(k), label) for k, label in BACKOFFS.items()),
        ),
        FormField(
            "max_wait_seconds",
            "number",
            "Seconds to wait at most",
            default=300,
            least=0,
            greatest=3600,
        ),
    ),
)


def named_fields(node_type: NodeType | None) -> tuple[FormField, ...]:
    """What is above the settings."""
    label = node_type.label if node_type else ""
    return (replace(_NAME, default=label),)


def failure_fields(node_type: NodeType) -> Iterable[FormField]:
    if node_type.can_fail:
        yield _CATCH
    if not isinstance(node_type, TriggerType):
        yield _RETRY
    if node_type.effect == "outside":
        usual = "repeat it" if node_type.sends_idempotency_key else "fail"
        yield FormField(
            "on_interrupt",
            "choice",
            "Cut off by a crash",
            help="It is not known then whether its effect was made.",
            options=(
                Option("null", f"As usual: {usual}"),
                Option('"retry"', "Repeat it"),
                Option('"fail"', "Fail"),
            ),
        )


def other_fields() -> tuple[FormField, ...]:
    return (_NOTES, _ID)
