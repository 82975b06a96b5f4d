"""Low load: one webhook now and then, each over a connection of its own, watched until everybody
can read all steps of its run."""

from __future__ import annotations

import json
import time
from typing import ClassVar
from uuid import UUID

from bench.database import LostRuns
from bench.figures import Measures, Row
from bench.graphs import BODY, three_steps
from bench.load import Generator, Load
from bench.scenarios.bare import bare_accept_ms
from bench.stage import Scenario, Stage

PAUSE_SECONDS = 0.02
LOOK_SECONDS = 0.0005
PATIENCE_SECONDS = 10.0
ACCEPT_GOAL_MS = 15.0
READABLE_GOAL_MS = 50.0


class Latency(Scenario):
    name: ClassVar = "latency"

    def prepare(self, stage: Stage) -> None:
        self.hook = stage.publish("low load", three_steps())

    def round(self, stage: Stage) -> None:
        accepted, readable = [], []
        load = Load(stage.product.port, self.hook.path, most=1, body=BODY)
        for _ in range(stage.dose.requests):
            # In this process, so that watching begins with the answer.
            (answer,) = Generator(load).run().check(202).answers
            run = UUID(json.loads(answer.body)["run_id"])
            accepted.append(answer.seconds)
            readable.append(self.watch(stage, run) - answer.answered_at)
            time.sleep(PAUSE_SECONDS)
        stage.measures.add_latencies("low accept", accepted)
        stage.measures.add_latencies("low readable", readable)

    def watch(self, stage: Stage, run: UUID) -> float:
        """When the run was first seen completed, with all its steps."""
        deadline = time.time() + PATIENCE_SECONDS
        while not stage.product.database.is_readable(run, self.hook.steps):
            if time.time() > deadline:
                raise LostRuns(f"The run {run} was not completed after {PATIENCE_SECONDS:g} s.")
            time.sleep(LOOK_SECONDS)
        return time.time()

    def rows(self, measures: Measures) -> list[Row]:
        accept = (bare_accept_ms(measures), "bare answer + commit")
        commit = (measures["commit"], "bare commit")
        return [
            Row("accept, low load, p50", measures["low accept p50"], "ms", *accept, ACCEPT_GOAL_MS),
            Row("accept, low load, p95", measures["low accept p95"], "ms", *accept),
            Row(
                "answer → all steps readable, low load, p50",
                measures["low readable p50"],
                "ms",
                *commit,
                READABLE_GOAL_MS,
            ),
            Row(
                "answer → all steps readable, low load, p95",
                measures["low readable p95"],
                "ms",
                *commit,
            ),
        ]
