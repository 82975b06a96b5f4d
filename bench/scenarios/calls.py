"""Three steps, the second of which waits 100 ms for an HTTP server, started over 64 connections."""

from __future__ import annotations

from typing import ClassVar

from bench.figures import Measures, Row
from bench.graphs import BODY, one_call
from bench.load import Load
from bench.receiver import Receiver
from bench.stage import Scenario, Stage, run_ids

CALL_SECONDS = 0.1
PARALLEL = 64
GOAL = 300.0


class Calls(Scenario):
    name: ClassVar = "calls"

    def prepare(self, stage: Stage) -> None:
        self.receiver = Receiver(CALL_SECONDS)
        graph = one_call(self.receiver.url)
        self.hook = stage.publish("a call of 100 ms", graph)

    def round(self, stage: Stage) -> None:
        port, seconds = stage.product.port, stage.dose.seconds
        bare = Load(self.receiver.port, "/", connections=PARALLEL, seconds=seconds / 3, body=BODY)
        stage.measures.add("calls bare", stage.generator.send(bare).check(200).rate)
        self.receiver.most_open()
        load = Load(port, self.hook.path, connections=PARALLEL, seconds=seconds, body=BODY)
        answers = stage.generator.send(load).check(202).answers
        stage.product.database.wait_until_idle()
        rows = stage.product.database.completed(run_ids(answers), self.hook.steps)
        took = max(row.finished_at for row in rows) - min(answer.sent_at for answer in answers)
        stage.measures.add("calls", len(rows) / took)
        stage.measures.add("calls open", self.receiver.most_open())

    def rows(self, measures: Measures) -> list[Row]:
        return [
            Row(
                "completed runs with a call of 100 ms, 64 connections",
                measures["calls"],
                "/s",
                PARALLEL / CALL_SECONDS,
                "64 / 0.1 s",
                GOAL,
                more_is_better=True,
            ),
            Row("calls under way at once, at most", measures["calls open"], ""),
            Row("raw: the same calls without the product", measures["calls bare"], "/s"),
        ]

    def close(self) -> None:
        self.receiver.close()
