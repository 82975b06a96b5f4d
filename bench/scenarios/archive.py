"""Old runs go to the archive while webhooks keep coming."""

from __future__ import annotations

import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import ClassVar

from bench.database import Database, LostRuns
from bench.figures import Measures, Row
from bench.graphs import BODY, three_steps
from bench.load import Answer, Generator, Load
from bench.old_runs import store_old_runs
from bench.scenarios.bare import bare_accept_ms
from bench.scenarios.runs import GOALS
from bench.stage import Scenario, Stage, run_ids

PAUSE_SECONDS = 0.01
GOAL_MS = 100.0
INTAKE = GOALS[16]
TOLD = re.compile(r"Archived ([\d,]+) runs\b.*?([\d.]+) s,")


class Archive(Scenario):
    name: ClassVar = "archive"

    def prepare(self, stage: Stage) -> None:
        self.hook = stage.publish("archive", three_steps())
        load = Load(stage.product.port, self.hook.path, most=1, body=BODY)
        (self.model,) = run_ids(stage.generator.send(load).check(202).answers)
        stage.product.database.wait_until_idle()

    def round(self, stage: Stage) -> None:
        number = stage.dose.old_runs
        with closing(Database(stage.product.installation, writable=True)) as database:
            store_old_runs(database, self.model, number)
        before = self.count(stage)
        with ThreadPoolExecutor(1) as pool:
            archiving = pool.submit(self.archive, stage)
            answers = self.send_until_done(stage, archiving)
        moved, seconds = archiving.result()
        if moved != number or self.count(stage) - before != number:
            raise LostRuns(f"Of {number} old runs {self.count(stage) - before} were archived.")
        stage.product.database.wait_until_idle()
        stage.product.database.completed(run_ids(answers), self.hook.steps)
        stage.measures.add("archived", moved / seconds)
        # Before that the process only starts.
        began = time.time() - seconds
        stage.measures.add_latencies(
            "accept archiving", [a.seconds for a in answers if a.answered_at >= began]
        )

    def archive(self, stage: Stage) -> tuple[int, float]:
        """Runs, and the seconds that the command took for them."""
        done = stage.product.installation.manage("archive", "run")
        told = TOLD.search(done.stdout)
        if told is None:
            raise LostRuns(f"Nothing was archived: {done.stdout}{done.stderr}")
        return int(told[1].replace(",", "")), float(told[2])

    def send_until_done(self, stage: Stage, archiving: Future[tuple[int, float]]) -> list[Answer]:
        """Each over a connection of its own."""
        load, answers = Load(stage.product.port, self.hook.path, most=1, body=BODY), []
        while not archiving.done():
            answers += Generator(load).run().check(202).answers
            time.sleep(PAUSE_SECONDS)
        return answers

    def count(self, stage: Stage) -> int:
        return int(stage.product.database.rows("SELECT count(*) FROM runs_archivedrun")[0][0])

    def rows(self, measures: Measures) -> list[Row]:
        accept = (bare_accept_ms(measures), "bare answer + commit")
        return [
            Row(
                "runs archived, webhooks meanwhile",
                measures["archived"],
                "/s",
                INTAKE,
                "the promised intake",
                more_is_better=True,
            ),
            Row("accept while archiving, p50", measures["accept archiving p50"], "ms", *accept),
            Row(
                "accept while archiving, p99",
                measures["accept archiving p99"],
                "ms",
                *accept,
                GOAL_MS,
            ),
        ]
