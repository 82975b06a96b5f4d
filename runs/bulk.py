"""The same action on many runs, each on its own: one that can not does not stop the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from uuid import UUID

from runs import services
from runs.models import Run
from workflows.errors import WorkflowError

Action = Literal["resume", "rerun", "cancel"]
ACTIONS: tuple[Action, ...] = get_args(Action)
MOST_AT_ONCE = 200
"""Runs; a page has fewer."""
NAMED = 5
"""Of the runs that could not, for each reason."""

_DO: dict[Action, Callable[[Run], Any]] = {
    "resume": lambda run: services.resume_run(run=run),
    "rerun": lambda run: services.rerun(run=run),
    "cancel": lambda run: services.cancel_run(run=run),
}
_DONE: dict[Action, str] = {
    "resume": "resumed",
    "rerun": "started again, as new runs",
    "cancel": "cancelled",
}


@dataclass(slots=True)
class Result:
    """`refused`: for each reason the runs that could not."""

    action: Action
    done: int = 0
    refused: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))

    @property
    def is_whole(self) -> bool:
        return self.done > 0 and not self.refused

    def sentence(self) -> str:
        """What happened, and what did not for which reason."""
        parts = [f"{_counted(self.done)} {_DONE[self.action]}."]
        for reason, runs in self.refused.items():
            parts.append(f"{_counted(len(runs))} not: {reason} ({_names(runs)})")
        return " ".join(parts)


def act_on(action: Action, run_ids: Iterable[UUID]) -> Result:
    """Oldest first. Ids that are gone are refused like runs that can not."""
    result = Result(action)
    wanted = list(dict.fromkeys(run_ids))[:MOST_AT_ONCE]
    runs = Run.objects.select_related("workflow", "version").defer("workflow__draft")
    found = runs.in_bulk(wanted)
    for run_id in sorted(wanted):
        if run_id not in found:
            result.refused["There is no such run any more."].append(run_id)
            continue
        try:
            _DO[action](found[run_id])
        except WorkflowError as error:
            result.refused[error.message].append(run_id)
        else:
            result.done += 1
    return result


def _counted(number: int) -> str:
    return f"{number:,} run was" if number == 1 else f"{number:,} runs were"


def _names(runs: list[UUID]) -> str:
    text = ", ".join(str(run_id)[-8:] for run_id in runs[:NAMED])
    more = len(runs) - NAMED
    return f"{text} and {more} more" if more > 0 else text
