"""How published versions are started. A version never changes, so it is read once in a process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias
from uuid import UUID

from rest_framework import serializers

from workflows.compiled import CompiledConfig
from workflows.errors import GraphError, Problem, TemplateError
from workflows.models import Version
from workflows.node_type import Json, NodeType
from workflows.nodes import is_trigger, registry

MOST_KNOWN = 10_000
READ_AT_ONCE = 200

VersionKey: TypeAlias = tuple[UUID, int]
"""(workflow, version)"""


@dataclass(frozen=True)
class Trigger:
    """The node that starts a version; `raw` is its config as it was drawn."""

    version_id: int
    node_id: str
    type: str
    raw: Mapping[str, Json]

    @cached_property
    def node_type(self) -> NodeType:
        return registry()[self.type]

    @cached_property
    def settings(self) -> dict[str, Json]:
        """The checked config, its templates not resolved. Raises GraphError."""
        form = self.node_type.Config(data=dict(self.raw))
        if not form.is_valid():
            raise self._unusable(str(form.errors))
        return dict(form.validated_data)

    @cached_property
    def config(self) -> CompiledConfig:
        """Raises GraphError."""
        try:
            return CompiledConfig.compile(self.node_type.Config, self.raw)
        except (serializers.ValidationError, TemplateError) as error:
            raise self._unusable(str(error)) from error

    def check(self) -> None:
        """Raises GraphError when `settings` or `config` would."""
        _ = self.settings, self.config

    def _unusable(self, why: str) -> GraphError:
        message = f"The settings of {self.node_id!r} can not be used: {why}. Publish it again."
        return GraphError([Problem("invalid_config", message, self.node_id, "config")])


_known: dict[VersionKey, Trigger | None] = {}


def trigger_of(workflow_id: UUID, version_id: int) -> Trigger | None:
    """None: the version has no trigger of a type that is installed here."""
    key = (workflow_id, version_id)
    return triggers_of([key])[key]


def triggers_of(keys: Sequence[VersionKey]) -> dict[VersionKey, Trigger | None]:
    """Of each version its trigger, in the order of the keys; no query for those that are known."""
    global _known
    if len(_known) > MOST_KNOWN:
        _known = {}
    # Nothing is ever taken out of it, so threads may share it without a lock.
    known = _known
    missing = [key for key in keys if key not in known]
    for start in range(0, len(missing), READ_AT_ONCE):
        known.update(_read(missing[start : start + READ_AT_ONCE]))
    return {key: known[key] for key in keys}


def _read(keys: Sequence[VersionKey]) -> Iterator[tuple[VersionKey, Trigger | None]]:
    rows = Version.objects.filter(pk__in=[version for _, version in keys])
    graphs = dict(rows.values_list("pk", "graph"))
    for key in keys:
        yield key, _trigger(key[1], graphs.get(key[1]))


def _trigger(version_id: int, graph: Json) -> Trigger | None:
    for node in graph["nodes"] if graph else ():
        if is_trigger(node["type"]):
            return Trigger(version_id, node["id"], node["type"], node.get("config", {}))
    return None
