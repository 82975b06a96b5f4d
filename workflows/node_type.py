"""What a node type is. One file in `workflows/nodes/` is one node type; nothing else lists it.

The life of a node's config:

1. `Config` (a DRF serializer) checks the raw JSON when a graph is saved, and when it is compiled.
2. Fields that hold templates (`TemplateField`, `JsonTemplateField`) are compiled once per version.
3. Before each execution they are resolved against the run's data; all other fields stay as they
   were checked. The result is the step's input. Only an `ItemTemplatesField` is resolved within
   `execute`, once for each item.
4. `execute(config, context)` gets that dict and returns what should happen; the engine does it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

from rest_framework import serializers

from workflows import plain_json
from workflows.errors import WorkflowError

Json: TypeAlias = Any  # None | bool | int | float | str | list[Json] | dict[str, Json]

MOST_WARNINGS = 50
PORT = re.compile(r"[a-z0-9_]{1,64}")
MULTILINE = {"base_template": "textarea.html"}
"""The `style` of a field that people write several lines into."""
_LOOKS_LIKE_JSON = re.compile(r"\s*(\[|\{(?![{%]))")


class TemplateField(serializers.JSONField):
    """A template string, or a literal of any JSON type. It reaches `execute` resolved: one output
    alone (`{{ expr }}`) as the raw value, else as text. `allow_blank=False` refuses a text of
    blanks at save; what a template resolves to is for `execute` to judge."""

    default_error_messages = {"blank": "This field may not be blank."}

    def __init__(self, *, allow_blank: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.allow_blank = allow_blank

    def to_internal_value(self, data: Any) -> Any:
        if not self.allow_blank and isinstance(data, str) and not data.strip():
            self.fail("blank")
        return super().to_internal_value(data)


class HtmlTemplateField(TemplateField):
    """A template that writes HTML: what its outputs write is escaped. One output alone is the HTML
    itself."""

    value_schema: ClassVar[dict[str, Any]] = {"x-template": True, "x-html": True}


class JsonTemplateField(serializers.JSONField):
    """Any JSON value whose string leaves are templates, resolved leaf by leaf. A text that looks
    like an object or a list is parsed first, so that no value can break the JSON around it;
    `parse_text=False` leaves that to the config."""

    def __init__(self, *, parse_text: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.parse_text = parse_text

    def to_internal_value(self, data: Any) -> Any:
        if self.parse_text:
            data = parse_json_template(data)
        return super().to_internal_value(data)


class ItemTemplatesField(JsonTemplateField):
    """A list of JSON whose templates are about an `item` that only `execute` knows. It reaches
    `execute` as ItemTemplates. No secret can be used in it."""


class ItemTemplates(list[Json]):
    """As a list it is what was written, for the log; `for_item` gives it with its templates
    resolved. `warnings` are those of all items so far."""

    def __init__(
        self,
        written: list[Json],
        resolve: Callable[[Json], tuple[Json, Iterable[str]]] | None = None,
    ) -> None:
        super().__init__(written)
        self._resolve = resolve or (lambda item: (written, ()))
        self._warnings: dict[str, None] = {}

    def for_item(self, item: Json) -> list[Json]:
        """Raises TemplateError."""
        value, warnings = self._resolve(item)
        self._warnings.update(dict.fromkeys(warnings))
        return value

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(self._warnings)[:MOST_WARNINGS]


def parse_json_template(value: Json) -> Json:
    """A text that looks like a JSON object or list parsed, all else as it is. Raises
    ValidationError."""
    if not isinstance(value, str) or not _LOOKS_LIKE_JSON.match(value):
        return value
    try:
        return plain_json.decode(value)
    except ValueError as error:
        raise serializers.ValidationError(
            f"This is no valid JSON: {error}. A template inside needs quotes around it; "
            '"{{ name }}" alone becomes the value itself, of any type.'
        ) from None


def is_template(value: Json) -> bool:
    """Whether a text holds template markup, so that it can be judged only when it is resolved."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


class NodeConfig(serializers.Serializer[Any]):
    """Base of all configs. Unknown keys are refused, so that a typing error is never silent."""

    only_for: ClassVar[Mapping[str, tuple[str, tuple[str, ...]]]] = {}
    """Fields that mean something only where another field has one of these values."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            known = ", ".join(self.fields) or "none"
            raise serializers.ValidationError(
                {name: [f"There is no field {name!r} here. Fields: {known}."] for name in unknown}
            )
        return super().to_internal_value(data)


@dataclass(frozen=True, slots=True)
class Output:
    """The step completed: `value` is its output, and the edges of `port` are taken."""

    value: Json
    port: str = "default"
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """The whole run ends now."""

    status: Literal["completed", "failed"]
    message: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on after so many seconds, with the output `{waited_seconds, resumed_at}`. Holds no
    worker."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Call:
    """Start another workflow by its id. The output is `{run_id}`; with `wait` the step goes on when
    that run has ended, with `{run_id, status, output}`."""

    workflow: str
    inputs: dict[str, Json]
    wait: bool = False


@dataclass(frozen=True, slots=True)
class ForEach:
    """Run the body behind the port `item` once for each item, at most `concurrency` at a time. The
    output is `{items, count}`."""

    items: list[Json]
    concurrency: int = 1


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer the caller of an `api_trigger`; the run goes on."""

    status: int
    headers: dict[str, str]
    body: Json


Result: TypeAlias = Output | End | Wait | Call | ForEach | Respond


class Context(Protocol):
    """What a node may know about the run it works in."""

    @property
    def run_id(self) -> str: ...
    @property
    def node_id(self) -> str: ...
    @property
    def now(self) -> datetime:
        """Aware, UTC."""

    @property
    def idempotency_key(self) -> str:
        """The same over retries, crash recovery and resume of this step."""

    @property
    def seconds_left(self) -> float:
        """Until this step must have ended."""

    @property
    def trigger(self) -> Json:
        """The payload that the run was started with."""


class NodeType:
    """An action or a condition. Subclasses are found in `workflows/nodes/` and through the
    entry-point group `altoflow.nodes`; the class docstring is the help text users see."""

    type: ClassVar[str]
    label: ClassVar[str]
    category: ClassVar[Literal["trigger", "action", "condition", "flow"]]
    icon: ClassVar[str]
    """A lucide icon name."""
    keywords: ClassVar[tuple[str, ...]] = ()
    """Other words that people search it by in the palette."""
    ports: ClassVar[tuple[str, ...]] = ("default",)
    port_list: ClassVar[str] = ""
    """The list in the config whose items name further ports, in a field `port`."""
    effect: ClassVar[Literal["none", "outside"]] = "none"
    """`none`: pure, may be repeated. `outside`: recorded before and after, run in a thread."""
    waits: ClassVar[bool] = False
    """Whether a run may be held up here, or starts another run."""
    can_fail: ClassVar[bool] = True
    """Whether `continue_on_error` gives the node a port `error`."""
    starts_runs: ClassVar[bool] = False
    """Whether repeating a step starts another run of some workflow."""
    sends_idempotency_key: ClassVar[bool] = False
    """Whether an interrupted step is repeated by default."""
    example: ClassVar[dict[str, Json]] = {}
    """A valid config, as in the documentation."""
    example_data: ClassVar[dict[str, Json]] = {}
    """What its templates see, by the names that they use: `trigger`, `vault`, ids of nodes."""
    example_result: ClassVar[Result | None] = None
    """What `execute` gives for the example. A trigger without one gives its sample."""
    example_varies: ClassVar[tuple[str, ...]] = ()
    """Keys of that output which are not the same each time."""

    class Config(NodeConfig):
        pass

    def ports_for(self, config: Mapping[str, Json]) -> tuple[str, ...]:
        """The ports of a node with this raw config (before templates are resolved), even of one
        that is not valid yet."""
        ports = [item.get("port") for item in self._port_items(config)]
        named = [port for port in ports if isinstance(port, str) and PORT.fullmatch(port)]
        return tuple(dict.fromkeys([*named, *self.ports]))

    def port_label(self, config: Mapping[str, Json], port: str) -> str:
        """What people call a port: the label of the item that names it, else the port itself."""
        labels = [i.get("label") for i in self._port_items(config) if i.get("port") == port]
        return str((labels and labels[0]) or port)

    def _port_items(self, config: Mapping[str, Json]) -> list[Mapping[str, Json]]:
        items = config.get(self.port_list)
        return (
            [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
        )

    def execute(self, config: dict[str, Json], context: Context) -> Result:
        """Do the work, return what should happen. Raises NodeError."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """One HTTP request, as it came. Header names are in lower case; `query` is the text behind the
    question mark; `secrets` are those of the vault that can be used now."""

    method: str
    headers: Mapping[str, str]
    query: str
    body: bytes
    received_at: datetime
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


class RequestRefused(WorkflowError):
    """A request that starts no run. `verdict` is one of runs.models.Delivery.Verdict and gives the
    HTTP status; `note` is for the owner of the workflow only."""

    def __init__(
        self,
        message: str,
        *,
        verdict: str,
        note: str = "",
        headers: Mapping[str, str] | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code=verdict, details=details)
        self.verdict = verdict
        self.note = note
        self.headers = headers or {}


class TriggerConfig(NodeConfig):
    """Base of the configs of triggers."""

    sample = serializers.JSONField(
        label="Sample payload",
        help_text="The button Run offers it as the payload.",
        required=False,
        allow_null=True,
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The sample after what matters more."""
        fields = super().get_fields()
        return fields | {"sample": fields.pop("sample")}


class TriggerType(NodeType):
    """The start of a workflow. Its output is the payload that the run was started with."""

    category: ClassVar[Literal["trigger", "action", "condition", "flow"]] = "trigger"
    can_fail: ClassVar[bool] = False
    sample: ClassVar[Json] = {}
    """An output as users will see it, so that the variable picker works before the first run."""

    def execute(self, config: dict[str, Json], context: Context) -> Result:
        return Output(context.trigger)


class RequestTrigger(TriggerType):
    """A trigger that an HTTP request starts."""

    def accept(self, config: dict[str, Json], request: IncomingRequest) -> Json:
        """The payload of the run that this request starts; `config` is the checked config, its
        templates not resolved. Raises RequestRefused."""
        raise NotImplementedError
