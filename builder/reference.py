"""A node type described for people, from its class alone: a new one needs no work here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from rest_framework import serializers

from builder.field_reference import FieldReference, fields_of
from workflows.compiled import CompiledConfig
from workflows.config_schema import json_schema
from workflows.errors import NotFoundError, WorkflowError
from workflows.node_type import (
    Call,
    End,
    ForEach,
    Json,
    NodeType,
    Output,
    Respond,
    Result,
    TriggerType,
    Wait,
)
from workflows.nodes import registry

CATEGORIES = {
    "trigger": ("Triggers", "What starts a workflow. Each workflow has exactly one."),
    "action": ("Actions", "What a workflow does: calls, mails, and work on data."),
    "condition": ("Conditions", "What decides on which way a run goes on."),
    "flow": ("Flow", "What holds up, repeats, answers or ends a run."),
}
PORTS = {
    "default": "Goes on here when the step has completed.",
    "true": "Goes on here when the result is true.",
    "false": "Goes on here when the result is false.",
    "item": "The nodes behind it run once for each item.",
    "error": "Goes on here when the step fails and “Continue on error” is on.",
}


@dataclass(frozen=True, slots=True)
class PortReference:
    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ExampleReference:
    """`input` is the config as `execute` gets it; None where it has no templates to resolve.
    `outcome` says what happens; `port` is empty where no edge is taken. `varies`: keys of the
    output that are not the same each time."""

    config: Json
    data: Json
    input: Json
    outcome: str
    output: Json
    has_output: bool
    port: str
    varies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeReference:
    """`facts` are sentences about effects, repeats and waiting."""

    type: str
    label: str
    category: str
    icon: str
    keywords: tuple[str, ...]
    help: str
    ports: tuple[PortReference, ...]
    facts: tuple[str, ...]
    fields: tuple[FieldReference, ...]
    example: ExampleReference | None

    @property
    def summary(self) -> str:
        """The first sentence of its help."""
        first, dot, _ = self.help.partition(". ")
        return first + "." if dot else first


@dataclass(frozen=True, slots=True)
class Category:
    name: str
    label: str
    help: str
    nodes: tuple[NodeReference, ...]


def node_reference(node_type: str) -> NodeReference:
    """Raises NotFoundError for a type that is not installed."""
    found = registry().get(node_type)
    if found is None:
        raise NotFoundError(f"The node type {node_type!r} is not installed here.")
    return described(found.type)


def catalogue(q: str = "") -> list[Category]:
    """All node types by category, or those that have all words of `q`."""
    words = q.lower().split()
    shown = [described(name) for name in registry()]
    shown = sorted((each for each in shown if has_all(words, each)), key=lambda each: each.label)
    found = (
        Category(name, label, text, tuple(each for each in shown if each.category == name))
        for name, (label, text) in CATEGORIES.items()
    )
    return [category for category in found if category.nodes]


def has_all(words: list[str], node: NodeReference) -> bool:
    text = " ".join((node.type, node.label, node.help, *node.keywords)).lower()
    return all(word in text for word in words)


@cache
def described(node_type: str) -> NodeReference:
    """Node types do not change while the process lives."""
    return describe(registry()[node_type])


def describe(node_type: NodeType) -> NodeReference:
    return NodeReference(
        type=node_type.type,
        label=node_type.label,
        category=node_type.category,
        icon=node_type.icon,
        keywords=node_type.keywords,
        help=" ".join((type(node_type).__doc__ or "").split()),
        ports=tuple(_ports(node_type)),
        facts=tuple(_facts(node_type)),
        fields=fields_of(json_schema(node_type.Config)),
        example=_example(node_type),
    )


def _ports(node_type: NodeType) -> Iterator[PortReference]:
    for port in node_type.ports:
        yield PortReference(port, PORTS.get(port, ""))
    own = [p for p in node_type.ports_for(node_type.example) if p not in node_type.ports]
    if own:
        names = " and ".join(own)
        yield PortReference("…", f"Ports that the settings name; {names} in the example below.")
    if node_type.can_fail:
        yield PortReference("error", PORTS["error"])


def _facts(node_type: NodeType) -> Iterator[str]:
    if isinstance(node_type, TriggerType):
        yield "A workflow has exactly one trigger. It has no retry and no port error."
        return
    if node_type.effect == "outside":
        yield "It acts on the world outside: the step is recorded before and after it acts."
        yield (
            "A step that a crash cut off is made again with the same Idempotency-Key."
            if node_type.sends_idempotency_key
            else "A step that a crash cut off fails, unless “When interrupted” says to try again."
        )
        yield "With a retry set, it is tried again where the failure may pass by itself."
    elif node_type.starts_runs:
        yield "It starts a run of another workflow, and starts it only once over crashes."
        yield "With a retry set, it starts another when the run that it waits for has failed."
    else:
        yield "It has no effect outside of the run, so it is repeated freely after a crash."
        if node_type.can_fail:
            yield "A retry rarely helps: the same data would fail again."
    if node_type.waits:
        yield "A run may be held up here. Meanwhile it holds no worker."


# ---------------------------------------------------------------- the example


def _example(node_type: NodeType) -> ExampleReference | None:
    """None where the type has none that can be shown."""
    result = result_of_example(node_type)
    if result is None:
        return None
    data = _names_of_example(node_type)
    try:
        compiled = CompiledConfig.compile(node_type.Config, node_type.example)
        resolved = compiled.resolve(data, masked=True).value
    except (serializers.ValidationError, WorkflowError):
        return None
    outcome, output = outcome_of(result)
    return ExampleReference(
        config=node_type.example,
        data=data if compiled.variables else {},
        input=resolved if compiled.variables else None,
        outcome=outcome,
        output=output,
        has_output=not isinstance(result, End),
        port="" if isinstance(result, End) else getattr(result, "port", "default"),
        varies=node_type.example_varies,
    )


def _names_of_example(node_type: NodeType) -> dict[str, Json]:
    """The templates of a trigger see what starts the run."""
    if isinstance(node_type, TriggerType) and not node_type.example_data:
        return {"trigger": node_type.sample}
    return node_type.example_data


def result_of_example(node_type: NodeType) -> Result | None:
    if node_type.example_result is None and isinstance(node_type, TriggerType):
        return Output(node_type.sample)
    return node_type.example_result


def outcome_of(result: Result) -> tuple[str, Any]:
    """What the engine does with it, in a sentence, and the output of the step in the end."""
    match result:
        case Output():
            return "", result.value
        case Wait():
            return f"The run goes on after {result.seconds:g} s.", {
                "waited_seconds": result.seconds,
                "resumed_at": "2026-01-31T12:00:00+00:00",
            }
        case ForEach():
            return (
                "The nodes behind the port item run for each item, at most "
                f"{result.concurrency} at once; then the run goes on with their outputs.",
                {"items": [f"output for item {n}" for n, _ in enumerate(result.items)]}
                | {"count": len(result.items)},
            )
        case Call():
            made = {"run_id": "0198c9a5-11aa-7b52-8c1d-4e6f708192a3"}
            if not result.wait:
                return "The other workflow is started; the run goes on at once.", made
            ended = {"status": "completed", "output": {"note": "the other run's output"}}
            return "The run goes on when the other one has ended.", made | ended
        case Respond():
            answer = {"status": result.status, "headers": result.headers, "body": result.body}
            return "The caller gets the answer; the run goes on.", answer
        case End():
            message = f" with the message “{result.message}”" if result.message else ""
            return f"The run ends as {result.status}{message}.", None
