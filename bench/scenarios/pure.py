"""Forty pure steps, one after the other: in the product, and in the engine alone."""

from __future__ import annotations

from typing import ClassVar

from bench.child import Child
from bench.figures import Measures, Row
from bench.graphs import BODY, forty_steps
from bench.load import Load
from bench.stage import WARM_UP, Scenario, Stage, run_ids

GOAL_MS = 20.0


class Pure(Scenario):
    name: ClassVar = "pure"

    def prepare(self, stage: Stage) -> None:
        self.hook = stage.publish("forty pure steps", forty_steps())
        env = {**stage.product.installation.env, "DJANGO_SETTINGS_MODULE": "altoflow.settings"}
        env["ALTOFLOW_DATA_DIR"] = str(stage.folder / "engine")
        env.pop("DATABASE_URL", None)
        self.engine = Child("bench.engine", env=env)
        self.engine.ask(WARM_UP)

    def round(self, stage: Stage) -> None:
        """One run at a time: the product's times are those of its rows."""
        load, ids = Load(stage.product.port, self.hook.path, most=1, body=BODY), []
        for _ in range(stage.dose.requests // 2):
            ids += run_ids(stage.generator.send(load).check(202).answers)
            stage.product.database.wait_until_idle()
        rows = stage.product.database.completed(ids, self.hook.steps)
        stage.measures.add_latencies("forty", (row.seconds for row in rows))
        stage.measures.add_latencies("engine", self.engine.ask(stage.dose.requests // 2))

    def rows(self, measures: Measures) -> list[Row]:
        commit = (measures["commit"], "bare commit")
        return [
            Row("40 pure steps, start → end, p50", measures["forty p50"], "ms", *commit, GOAL_MS),
            Row("40 pure steps, start → end, p95", measures["forty p95"], "ms", *commit),
            Row("40 pure steps in the engine alone, p50", measures["engine p50"], "ms", *commit),
        ]

    def close(self) -> None:
        self.engine.close()
