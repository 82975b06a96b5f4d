"""What the schedule_trigger of a published version says."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from rest_framework.serializers import ValidationError

from workflows.errors import WorkflowError
from workflows.graph import Graph
from workflows.models import Version
from workflows.node_type import Json
from workflows.nodes import registry
from workflows.schedule import Schedule as DueTimes
from workflows.schedule import parse_schedule

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
    """None: a schedule does not start it. Raises WorkflowError, ValidationError."""
    for node in Graph.from_json(graph).nodes.values():
        if node.type == TRIGGER:
            form = registry()[TRIGGER].Config(data=dict(node.config))
            form.is_valid(raise_exception=True)
            config = form.validated_data
            told = (config["kind"], config["value"], config["timezone"])
            return Timetable(*told, missed=config["missed"], times=parse_schedule(*told))
    return None


@lru_cache(maxsize=4096)
def timetable_of_version(_workflow_id: UUID, version_id: int) -> Timetable | None:
    """None also for one that can not be used: its workflow is not due, and the log says why. A
    version never changes, so it is read once in a process."""
    try:
        return timetable_of(Version.objects.values_list("graph", flat=True).get(pk=version_id))
    except (WorkflowError, ValidationError):
        logger.exception("The schedule of version %s can not be used", version_id)
        return None


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def moment_of(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
