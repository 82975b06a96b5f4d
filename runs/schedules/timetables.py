"""What the schedule_trigger of a published version says."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from runs.triggers import VersionKey, trigger_of, triggers_of
from workflows.errors import WorkflowError
from workflows.graph import Graph
from workflows.node_type import Json
from workflows.nodes import registry
from workflows.schedule import DueTimes, parse_schedule

logger = logging.getLogger("altoflow.schedules")

TRIGGER = "schedule_trigger"


@dataclass(frozen=True, slots=True)
class Timetable:
    """Two that are equal in kind, value and time zone have the same due times."""

    kind: str
    value: str
    timezone: str
    missed: str = field(compare=False)
    times: DueTimes = field(compare=False)

    def next_after(self, moment: datetime) -> datetime | None:
        """None: it is never due again, because it can not be computed. One such schedule must not
        end the worker, and with it all others."""
        try:
            return self.times.next_after(moment)
        except Exception:
            logger.exception("The schedule %s stops: its next due time is unknown", self)
            return None


def timetable_of(graph: Json) -> Timetable | None:
    """None: a schedule does not start it. Raises GraphError, ValidationError."""
    for node in Graph.from_json(graph).nodes.values():
        if node.type == TRIGGER:
            form = registry()[TRIGGER].Config(data=dict(node.config))
            form.is_valid(raise_exception=True)
            return _timetable(form.validated_data)
    return None


def timetables_of(keys: Sequence[VersionKey]) -> dict[VersionKey, Timetable | None]:
    """Of each version its timetable; None also where it can not be used: the log says why, and the
    workflow is not due."""
    return {
        key: _timetable_of_trigger(*key) if trigger and trigger.type == TRIGGER else None
        for key, trigger in triggers_of(keys).items()
    }


@lru_cache(maxsize=4096)
def _timetable_of_trigger(workflow_id: UUID, version_id: int) -> Timetable | None:
    trigger = trigger_of(workflow_id, version_id)
    try:
        return _timetable(trigger.settings) if trigger else None
    except WorkflowError:
        logger.exception("The schedule of version %s can not be used", version_id)
        return None


def _timetable(config: Mapping[str, Json]) -> Timetable:
    told = (config["kind"], config["value"], config["timezone"])
    return Timetable(*told, missed=config["missed"], times=parse_schedule(*told))


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def moment_of(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
