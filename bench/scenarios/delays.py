"""Hundreds of runs that wait two seconds, started at once: how late each of them goes on."""

from __future__ import annotations

from typing import ClassVar

from bench.figures import Measures, Row
from bench.graphs import BODY, delayed
from bench.load import Load
from bench.stage import Scenario, Stage, run_ids

DELAY_SECONDS = 2
CONNECTIONS = 16
LOAD_SECONDS = 10.0
GOAL_MS = 1_000.0


class Delays(Scenario):
    name: ClassVar = "delays"

    def prepare(self, stage: Stage) -> None:
        self.runs = stage.dose.delays
        self.hook = stage.publish("a delay", delayed(DELAY_SECONDS))

    def round(self, stage: Stage) -> None:
        load = Load(
            stage.product.port,
            self.hook.path,
            connections=CONNECTIONS,
            most=self.runs,
            seconds=LOAD_SECONDS,
            body=BODY,
        )
        ids = run_ids(stage.generator.send(load).check(202).answers)
        database = stage.product.database
        database.wait_until_idle()
        ends = {row.id: row.finished_at for row in database.completed(ids, self.hook.steps)}
        waits = database.step_times(ids, "node_1")
        stage.measures.add_latencies("late", (ends[wait.run] - wait.wake_at for wait in waits))

    def rows(self, measures: Measures) -> list[Row]:
        return [
            Row(
                f"{self.runs} delays of 2 s at once, due → completed, {percent}",
                measures[f"late {percent}"],
                "ms",
                measures["commit"],
                "bare commit",
                GOAL_MS,
            )
            for percent in ("p50", "p95", "p99")
        ]
