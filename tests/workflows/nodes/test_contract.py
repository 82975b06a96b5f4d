"""What holds for every node type, those of other packages included."""

from __future__ import annotations

import inspect
import re
import socket
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import lucide
import pytest
from jsonschema import Draft202012Validator
from rest_framework.serializers import ValidationError

from tests.workflows.nodes.support import Run
from workflows.compiled import CompiledConfig
from workflows.config_schema import json_schema
from workflows.errors import NodeError
from workflows.node_type import NodeConfig, NodeType, Output, Result, TriggerType
from workflows.nodes import registry
from workflows.plain_json import clean

TYPES = registry().values()
CATEGORIES = get_args(get_args(get_type_hints(NodeType)["category"])[0])
PORT = re.compile(r"[a-z0-9_]{1,64}")
pytestmark = pytest.mark.parametrize("node", TYPES, ids=[node.type for node in TYPES])


class EverySecret(dict[str, str]):
    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return f"value-of-{name}"


def compiled(node: NodeType, config: dict[str, Any]) -> CompiledConfig:
    return CompiledConfig.compile(node.Config, config)


def parts_of(schema: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema and those of all fields in it."""
    yield place, schema
    parts = schema.get("properties", {}) | schema.get("x-rules", {}).get("kinds", {})
    parts |= {"[]": schema["items"]} if "items" in schema else {}
    for name, part in parts.items():
        yield from parts_of(part, f"{place}.{name}")


def test_it_is_called_like_its_file(node: NodeType) -> None:
    package, _, file = type(node).__module__.rpartition(".")
    assert node.type == file or package != "workflows.nodes"
    assert registry()[node.type] is node


def test_people_can_find_and_understand_it(node: NodeType) -> None:
    assert node.label.strip() == node.label != ""
    assert node.category in CATEGORIES
    assert isinstance(node.keywords, tuple)
    assert all(word == word.lower() for word in node.keywords)
    own_help = type(node).__dict__.get("__doc__")
    assert own_help and own_help.strip().endswith("."), "the docstring is the help text"


def test_its_icon_exists(node: NodeType) -> None:
    assert lucide._render_icon(node.icon, 24).startswith("<svg")


def test_its_ports_are_sound(node: NodeType) -> None:
    for ports in (node.ports, node.ports_for(node.example), node.ports_for({})):
        assert len(set(ports)) == len(ports)
        assert all(PORT.fullmatch(port) for port in ports)
        assert "error" not in ports, "it comes with continue_on_error"
    if node.category == "trigger":
        assert isinstance(node, TriggerType)
        assert not node.can_fail
        assert clean(node.sample) == node.sample


ODD_DRAFTS: list[dict[str, Any]] = [
    {name: odd for name in ("cases", "methods", "mappings", "items", "rules")}
    for odd in (None, 5, "text", {}, [None, 5, "text", {}, {"port": 5}, {"port": None}])
]


def test_ports_of_a_draft_that_is_not_valid_yet(node: NodeType) -> None:
    for draft in ODD_DRAFTS:
        assert set(node.ports) <= set(node.ports_for(draft))


def test_its_example_is_valid_and_complete_enough(node: NodeType) -> None:
    compiled(node, node.example)
    assert clean(node.example) == node.example
    fields = node.Config().fields
    assert set(node.example) <= set(fields)
    assert bool(node.example) == bool(fields)


def test_its_documentation_shows_what_its_example_gives(node: NodeType) -> None:
    if not isinstance(node, TriggerType):
        missing = "set example_result: what execute() gives for the example (see test_examples.py)"
        assert isinstance(node.example_result, get_args(Result)), missing
    assert clean(node.example_data) == node.example_data
    seen = CompiledConfig.compile(node.Config, node.example).variables
    names = {re.split(r"[.\[]", path)[0] for path in seen}
    known = {"trigger"} if isinstance(node, TriggerType) else {"item"}
    assert names <= known | set(node.example_data), "set example_data: what templates see"


def test_unknown_fields_are_refused(node: NodeType) -> None:
    with pytest.raises(ValidationError) as caught:
        compiled(node, {**node.example, "surprise": 1})
    assert "surprise" in caught.value.detail


def test_its_fields_are_labelled(node: NodeType) -> None:
    form = node.Config()
    assert isinstance(form, NodeConfig)
    for name, field in form.fields.items():
        assert field.label, name


def test_its_schema_describes_the_example(node: NodeType) -> None:
    schema = json_schema(node.Config)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(node.example)


def test_its_schema_says_what_each_field_takes(node: NodeType) -> None:
    for place, schema in parts_of(json_schema(node.Config), node.type):
        if "default" in schema:
            Draft202012Validator(schema).validate(schema["default"])
        for name, part in schema.get("properties", {}).items():
            for other, values in part.get("x-only-for", {}).items():
                choices = schema["properties"][other]["enum"]
                assert set(values) < set(choices), f"{place}.{name}"
                assert name not in schema["required"], f"{place}.{name}"


def test_checked_config_can_be_checked_again(node: NodeType) -> None:
    form = node.Config(data=node.example)
    form.is_valid(raise_exception=True)
    again = node.Config(data=form.validated_data)
    again.is_valid(raise_exception=True)
    assert again.validated_data == form.validated_data


def test_it_says_whether_its_effect_may_be_repeated(node: NodeType) -> None:
    if node.effect == "outside":
        declared = any("sends_idempotency_key" in vars(cls) for cls in type(node).__mro__[:-2])
        assert declared, "set sends_idempotency_key, to True or to False"
    else:
        assert not node.sends_idempotency_key


@pytest.mark.parametrize(
    "data", [{}, {"trigger": None}, {"trigger": {"order": {"id": 7, "total": 5}}}]
)
def test_it_ends_in_a_result_or_a_node_error(
    node: NodeType, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every name resolves to this machine, which is private."""
    here = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [here])
    names = {"vault": EverySecret(any="secret"), **data}
    config = compiled(node, node.example).resolve(names).value
    run = Run(trigger=data.get("trigger"), seconds_left=2)
    before = clean(config)
    try:
        result = node.execute(config, run)
    except NodeError as error:
        assert error.message.endswith((".", "…")) or ":" in error.message
        assert error.code
        assert clean(error.as_json()) == error.as_json()
        return
    assert config == before, "the config is kept and used again"
    assert isinstance(result, get_args(Result))
    if isinstance(result, Output):
        assert result.port in node.ports_for(node.example)
        assert clean(result.value) == result.value


def test_pure_types_need_no_thread_of_their_own(node: NodeType) -> None:
    """An instance is shared by all threads: it may keep nothing."""
    assert not vars(node)
    assert inspect.isclass(node.Config)
