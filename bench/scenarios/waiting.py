"""Ten thousand runs that wait: what they cost an installation that does nothing else."""

from __future__ import annotations

import json
import time
from typing import ClassVar

from bench.cpu import share_of_a_core
from bench.database import LostRuns
from bench.figures import Measures, Row
from bench.graphs import delayed
from bench.load import Load
from bench.stage import Scenario, Stage, run_ids

CONNECTIONS = 64
LONGEST_DELAY = 900
PATIENCE_SECONDS = 60.0
SETTLE_SECONDS = 2.0
LOOK_SECONDS = 0.2
WATCH_SECONDS = 5.0


class Waiting(Scenario):
    """Once, in an installation of its own, which ends with its runs still waiting. The figures
    without them are taken after runs of the same workflow that waited for nothing."""

    name: ClassVar = "waiting"

    def prepare(self, stage: Stage) -> None:
        self.runs = stage.dose.waiting
        self.product = stage.new_product("waiting")
        self.is_running = self.is_measured = False

    def round(self, stage: Stage) -> None:
        if self.is_measured:
            return
        self.is_measured = True
        self.product.__enter__()
        self.is_running = True
        graph, body = delayed("{{ trigger.body.seconds }}"), json.dumps({"seconds": 0})
        self.hook = stage.publish("waiting", graph, product=self.product, body=body)
        self.start_runs(stage, seconds=0, most=self.runs // 5)
        self.product.database.wait_until_idle()
        self.weigh(stage, "without waiting")
        self.start_runs(stage, seconds=LONGEST_DELAY, most=self.runs)
        self.wait_until_parked()
        self.weigh(stage, "waiting")
        self.close()

    def start_runs(self, stage: Stage, *, seconds: int, most: int) -> None:
        load = Load(
            self.product.port,
            self.hook.path,
            connections=CONNECTIONS,
            seconds=PATIENCE_SECONDS,
            most=most,
            body=json.dumps({"seconds": seconds}),
        )
        started = run_ids(stage.generator.send(load).check(202).answers)
        if len(started) != most:
            raise LostRuns(f"Of {most} runs {len(started)} were started in {PATIENCE_SECONDS:g} s.")

    def wait_until_parked(self) -> None:
        """Waiting, and held by no worker."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (parked := self.count_parked()) < self.runs:
            if time.monotonic() > deadline:
                raise LostRuns(f"Of {self.runs} runs {parked} were waiting.")
            time.sleep(LOOK_SECONDS)

    def count_parked(self) -> int:
        sql = (
            "SELECT count(*) FROM runs_run r JOIN runs_job j ON j.run_id = r.id "
            "WHERE r.status = 'waiting' AND j.owner = ''"
        )
        return int(self.product.database.rows(sql)[0][0])

    def weigh(self, stage: Stage, name: str) -> None:
        time.sleep(SETTLE_SECONDS)
        pids = self.product.installation.pids
        stage.measures.add(f"{name} cpu", 100 * share_of_a_core(pids, WATCH_SECONDS))
        stage.measures.add(f"{name} memory", self.product.mib())

    def rows(self, measures: Measures) -> list[Row]:
        return [
            Row(
                f"{self.runs:,} waiting runs, {label}",
                measures[f"waiting {what}"],
                unit,
                measures[f"without waiting {what}"],
                "without them",
            )
            for what, label, unit in (
                ("cpu", "processor when idle", "% of a core"),
                ("memory", "memory", "MiB"),
            )
        ]

    def close(self) -> None:
        if self.is_running:
            self.is_running = False
            self.product.__exit__()
