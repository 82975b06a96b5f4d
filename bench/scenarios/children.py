"""A run that calls another workflow and waits for it: one at a time, then many."""

from __future__ import annotations

from typing import ClassVar

from bench.figures import Measures, Row
from bench.graphs import BODY, called, calling
from bench.load import Load
from bench.scenarios.bare import bare_accept_rate
from bench.stage import Scenario, Stage, run_ids

CONNECTIONS = 16


class Children(Scenario):
    name: ClassVar = "children"

    def prepare(self, stage: Stage) -> None:
        child = stage.product.activate("bench: called", called())
        self.hook = stage.publish("a call that waits", calling(child["id"]))

    def round(self, stage: Stage) -> None:
        self.one_at_a_time(stage)
        self.many(stage)

    def one_at_a_time(self, stage: Stage) -> None:
        """From the beginning of the step that calls to its end; the child is completed by then."""
        load, ids = Load(stage.product.port, self.hook.path, most=1, body=BODY), []
        for _ in range(stage.dose.requests):
            ids += run_ids(stage.generator.send(load).check(202).answers)
            stage.product.database.wait_until_idle()
        stage.product.database.completed(ids, self.hook.steps)
        calls = stage.product.database.step_times(ids, "node_1")
        seconds = (call.finished_at - call.started_at for call in calls)
        stage.measures.add_latencies("child", seconds)

    def many(self, stage: Stage) -> None:
        port, seconds, path = stage.product.port, stage.dose.seconds, self.hook.path
        load = Load(port, path, connections=CONNECTIONS, seconds=seconds / 2, body=BODY)
        answers = stage.generator.send(load).check(202).answers
        stage.product.database.wait_until_idle()
        rows = stage.product.database.completed(run_ids(answers), self.hook.steps)
        took = max(row.finished_at for row in rows) - min(answer.sent_at for answer in answers)
        stage.measures.add("children", len(rows) / took)

    def rows(self, measures: Measures) -> list[Row]:
        commits = (3 * measures["commit"], "3 bare commits")
        return [
            Row("call of a workflow → its output, p50", measures["child p50"], "ms", *commits),
            Row("call of a workflow → its output, p95", measures["child p95"], "ms", *commits),
            Row(
                "completed runs that call and wait, 16 connections",
                measures["children"],
                "/s",
                bare_accept_rate(measures, CONNECTIONS),
                "bare answers + commits",
                more_is_better=True,
            ),
        ]
