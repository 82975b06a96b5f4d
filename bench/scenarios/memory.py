"""What all processes of the installation weigh together."""

from __future__ import annotations

import time
from typing import ClassVar

from bench.figures import Measures, Row
from bench.graphs import BODY, three_steps
from bench.load import Load
from bench.stage import Scenario, Stage

SETTLE_SECONDS = 2.0
LOOK_SECONDS = 0.25
CONNECTIONS = 64
GOAL_MIB = 250.0


class Memory(Scenario):
    name: ClassVar = "memory"

    def prepare(self, stage: Stage) -> None:
        """Has to come before any other scenario uses the installation."""
        time.sleep(SETTLE_SECONDS)
        stage.measures.add("idle", stage.product.mib())
        self.hook = stage.publish("memory", three_steps())

    def round(self, stage: Stage) -> None:
        port, seconds = stage.product.port, stage.dose.seconds
        load = Load(port, self.hook.path, connections=CONNECTIONS, seconds=seconds, body=BODY)
        stage.generator.begin_load(load)
        looks, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(LOOK_SECONDS, seconds / 2))
            looks.append(stage.product.mib())
        stage.generator.outcome(load).check(202)
        stage.product.database.wait_until_idle()
        after = stage.product.mib()
        stage.measures.add("loaded", max(*looks, after))
        stage.measures.add("idle again", after)

    def rows(self, measures: Measures) -> list[Row]:
        goal = (GOAL_MIB, "the goal")
        return [
            Row("memory, idle after start", measures["idle"], "MiB", *goal, GOAL_MIB),
            Row("memory, 64 connections", measures["loaded"], "MiB", *goal),
            Row("memory, idle after load", measures["idle again"], "MiB", *goal),
        ]
