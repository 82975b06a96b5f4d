"""Takes the fence away from an installation that has this folder on its PYTHONPATH.

Found as a module of node types, of which it has none. A worker then writes what it has in memory,
whether its runs still belong to it or not."""

from __future__ import annotations

from collections.abc import Sequence

from runs.memory.run_state import RunState
from runs.store import checkpoints


def everything(_owner: str, states: Sequence[RunState]) -> set[str]:
    return {state.run_id for state in states}


checkpoints.still_held = everything
