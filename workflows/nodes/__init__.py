"""Every file in this folder is one node type; so is every entry point `altoflow.nodes`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType

from workflows.node_type import NodeType, TriggerType


@cache
def registry() -> Mapping[str, NodeType]:
    """All node types by their `type`, one instance each. Two of one name stop the start."""
    found: dict[str, NodeType] = {}
    for node_class in _classes():
        node_type = node_class()
        if node_type.type in found:
            raise RuntimeError(
                f"Two node types are called {node_type.type!r}: "
                f"{type(found[node_type.type]).__module__} and {node_class.__module__}. "
                "Rename one."
            )
        found[node_type.type] = node_type
    return dict(sorted(found.items()))


def is_trigger(node_type: str) -> bool:
    """A type that is not installed is none."""
    return isinstance(registry().get(node_type), TriggerType)


def _classes() -> Iterator[type[NodeType]]:
    for module in pkgutil.iter_modules(__path__):
        yield from _classes_in(importlib.import_module(f"{__name__}.{module.name}"))
    for entry in entry_points(group="altoflow.nodes"):
        loaded = entry.load()
        yield from _classes_in(loaded) if isinstance(loaded, ModuleType) else [loaded]


def _classes_in(module: ModuleType) -> Iterator[type[NodeType]]:
    for value in vars(module).values():
        if (
            inspect.isclass(value)
            and issubclass(value, NodeType)
            and value.__module__ == module.__name__
            and "type" in vars(value)
        ):
            yield value
