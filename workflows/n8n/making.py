"""What a converter gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from workflows.n8n.data import Data
from workflows.n8n.document import Source
from workflows.n8n.fields import Fields
from workflows.node_type import Json


class NoMatch(Exception):
    """The node becomes a placeholder. The reason, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Made:
    """A node here. `outputs` are the ports of each output in n8n; `data` is what later nodes see as
    their `$json`, None where that is what this node got."""

    type: str
    config: dict[str, Json]
    data: Data | None = None
    outputs: Sequence[Sequence[str]] = (("default",),)
    data_of_output: Mapping[int, Data] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """One node to convert."""

    node: Source
    id: str
    input: Data
    fields: Fields
    note: Callable[[str], None]
    zone: str
    answers: bool
    split_field: str = ""
    """For a loop: the list within the data before it, which n8n splits first."""
    pinned: Json = None
