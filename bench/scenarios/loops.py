"""Iterators: a thousand items of pure steps, a thousand items with a call each, five levels."""

from __future__ import annotations

from statistics import median
from typing import ClassVar
from uuid import UUID

from bench.database import LostRuns
from bench.figures import Measures, Row
from bench.graphs import BODY
from bench.load import Load
from bench.loop_graphs import (
    CONCURRENCY,
    ITEMS,
    LoopCase,
    a_call_each,
    five_levels,
    three_pure_nodes,
)
from bench.product import Hook
from bench.receiver import Receiver
from bench.scenarios.bare import bare_rows_ms
from bench.stage import Scenario, Stage, run_ids

CALL_SECONDS = 0.02
PURE_GOAL_MS = 600.0
CALLS_GOAL_MS = 3_000.0
WARM_UP = 2


class Loops(Scenario):
    """It has an installation of its own: there one worker makes 64 calls at a time, as everywhere,
    and not 32 like the one of `calls`."""

    name: ClassVar = "loops"

    def prepare(self, stage: Stage) -> None:
        self.receiver = Receiver(CALL_SECONDS)
        self.product = stage.new_product("loops").__enter__()
        cases = {
            "pure items": three_pure_nodes(),
            "item calls": a_call_each(self.receiver.url),
            "levels": five_levels(),
        }
        self.cases = {name: (case, self.publish(stage, name, case)) for name, case in cases.items()}

    def publish(self, stage: Stage, name: str, case: LoopCase) -> Hook:
        return stage.publish(name, case.graph, product=self.product, body=case.body, times=WARM_UP)

    def round(self, stage: Stage) -> None:
        bare = Load(self.receiver.port, "/", connections=CONCURRENCY, most=ITEMS, body=BODY)
        bare_seconds = stage.generator.send(bare).check(200).seconds
        stage.measures.add("item calls bare", bare_seconds * 1000)
        self.receiver.most_open()
        for name, (case, hook) in self.cases.items():
            took = [self.run_once(stage, case, hook) for _ in range(stage.dose.loops)]
            stage.measures.add(name, median(took) * 1000)
        stage.measures.add("item calls open", self.receiver.most_open())

    def run_once(self, stage: Stage, case: LoopCase, hook: Hook) -> float:
        """Seconds from `started_at` to `finished_at`, with every step stored exactly once."""
        load = Load(self.product.port, hook.path, most=1, body=case.body)
        (run,) = run_ids(stage.generator.send(load).check(202).answers)
        self.product.database.wait_until_idle()
        (row,) = self.product.database.completed([run], case.steps)
        self.check(run, case)
        return row.seconds

    def check(self, run: UUID, case: LoopCase) -> None:
        stored = self.product.database.step_counts(run)
        if stored != case.counts:
            raise LostRuns(f"The run {run} has the steps {stored}, not {case.counts}.")

    def rows(self, measures: Measures) -> list[Row]:
        levels = self.cases["levels"][0].steps
        return [
            Row(
                "1,000 items of three pure steps, start → end",
                measures["pure items"],
                "ms",
                bare_rows_ms(measures, 3 * ITEMS),
                "3,000 bare rows",
                PURE_GOAL_MS,
            ),
            Row(
                "1,000 items with a call of 20 ms, 50 at a time",
                measures["item calls"],
                "ms",
                measures["item calls bare"],
                "the same calls, bare",
                CALLS_GOAL_MS,
            ),
            Row("item calls under way at once, at most", measures["item calls open"], ""),
            Row(
                f"5 levels of 4 items, {levels:,} steps, start → end",
                measures["levels"],
                "ms",
                bare_rows_ms(measures, levels),
                f"{levels:,} bare rows",
            ),
        ]

    def close(self) -> None:
        self.product.__exit__()
        self.receiver.close()
