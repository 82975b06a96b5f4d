"""Failed runs by cause: the same workflow, step and error code, and a message that differs only in
its numbers, ids, addresses and quoted values."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from runs.figures import first_id_at, moment_of_id
from runs.models import Run
from runs.selectors import LIST_FIELDS
from workflows.errors import NotFoundError
from workflows.models import Workflow

LOOKED_AT = 3_000
"""Of the newest failed runs; their errors are read one by one."""
CAUSES_SHOWN = 50
RUNS_SHOWN = 100
LONGEST_MESSAGE = 240
REPLACED = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]*[^\s\"'<>.,:;!?)]", re.IGNORECASE), "‹address›"),
    (re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|“[^”\n]*”"), "‹value›"),
    (re.compile(r"\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b", re.IGNORECASE), "‹id›"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE), "‹id›"),
    (re.compile(r"\d+(?:[.,:]\d+)*"), "‹n›"),
    (re.compile(r"\s+"), " "),
)


@dataclass(slots=True)
class Cause:
    key: str
    workflow: uuid.UUID
    node: str
    """Empty where the run failed outside of a step."""
    code: str
    message: str
    """What all of them say, or what their messages have in common."""
    workflow_name: str = ""
    runs: list[uuid.UUID] = field(default_factory=list)
    """Newest first."""
    resumable: list[uuid.UUID] = field(default_factory=list)
    """Those that are no copies from the archive."""

    @property
    def count(self) -> int:
        return len(self.runs)

    @property
    def first(self) -> datetime:
        return moment_of_id(self.runs[-1])

    @property
    def last(self) -> datetime:
        return moment_of_id(self.runs[0])


@dataclass(frozen=True, slots=True)
class Failures:
    """`causes`: those with most runs first. `looked_at`: how many failed runs were looked at, where
    there are older ones in the period; else 0."""

    causes: Sequence[Cause]
    total: int
    looked_at: int = 0

    def cause(self, key: str) -> Cause:
        """Raises NotFoundError."""
        found = next((cause for cause in self.causes if cause.key == key), None)
        if found is None:
            raise NotFoundError("No failed run of this period has this cause any more.")
        return found


@lru_cache(maxsize=4096)
def normalised(message: str) -> str:
    """What a message has in common with others of the same cause."""
    text = message[: 4 * LONGEST_MESSAGE]
    for pattern, word in REPLACED:
        text = pattern.sub(word, text)
    return text.strip()[:LONGEST_MESSAGE]


def find_failures(*, since: datetime, workflow: uuid.UUID | None = None) -> Failures:
    """Two queries, whatever there is."""
    rows = list(
        Run.objects.filter(status=Run.Status.FAILED, id__gte=first_id_at(since))
        .order_by("-id")
        .values_list("id", "workflow_id", "error", "restored_at")[: LOOKED_AT + 1]
    )
    causes = _grouped(row for row in rows[:LOOKED_AT] if workflow in (None, row[1]))
    names = dict(
        Workflow.objects.filter(pk__in={cause.workflow for cause in causes}).values_list(
            "pk", "name"
        )
    )
    for cause in causes:
        cause.workflow_name = names[cause.workflow]
    causes.sort(key=lambda cause: cause.count, reverse=True)
    total = sum(cause.count for cause in causes)
    return Failures(causes, total, LOOKED_AT if len(rows) > LOOKED_AT else 0)


def _grouped(rows: Iterable[tuple[Any, ...]]) -> list[Cause]:
    """`rows` newest first."""
    causes: dict[tuple[Any, ...], Cause] = {}
    for run_id, workflow, error, restored_at in rows:
        told = _told(workflow, error or {})
        common, exact = told[-1], str((error or {}).get("message", ""))[:LONGEST_MESSAGE]
        cause = causes.get(told)
        if cause is None:
            cause = causes[told] = Cause(_key(told), *told[:-1], message=exact)
        elif cause.message != exact:
            cause.message = common
        cause.runs.append(run_id)
        if restored_at is None:
            cause.resumable.append(run_id)
    return list(causes.values())


def _told(workflow: uuid.UUID, error: dict[str, Any]) -> tuple[uuid.UUID, str, str, str]:
    node = (error.get("details") or {}).get("node") or ""
    return (
        workflow,
        str(node),
        str(error.get("code", "")),
        normalised(str(error.get("message", ""))),
    )


def _key(told: tuple[Any, ...]) -> str:
    return hashlib.sha256("\0".join(map(str, told)).encode()).hexdigest()[:16]


def newest_runs(cause: Cause) -> list[Run]:
    """As a list shows them."""
    runs = Run.objects.select_related("workflow", "version").only(*LIST_FIELDS)
    return list(runs.filter(pk__in=cause.runs[:RUNS_SHOWN]).order_by("-id"))
