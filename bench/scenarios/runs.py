"""Webhooks as fast as they are answered: a trigger and three pure steps, the whole history kept."""

from __future__ import annotations

from statistics import median
from typing import ClassVar

from bench.figures import Measures, Row
from bench.graphs import BODY, three_steps
from bench.load import Load
from bench.scenarios.bare import at, bare_accept_ms, bare_accept_rate
from bench.stage import CONNECTIONS, Scenario, Stage, run_ids

GOALS = {16: 300.0}


class Runs(Scenario):
    name: ClassVar = "runs"

    def prepare(self, stage: Stage) -> None:
        self.hook = stage.publish("three pure steps", three_steps())

    def round(self, stage: Stage) -> None:
        for connections in CONNECTIONS:
            self.load(stage, connections)

    def load(self, stage: Stage, connections: int) -> None:
        port, seconds, name = stage.product.port, stage.dose.seconds, str(connections)
        load = Load(port, self.hook.path, connections=connections, seconds=seconds, body=BODY)
        answers = stage.generator.send(load).check(202).answers
        database, ids = stage.product.database, run_ids(answers)
        database.wait_until_idle()
        finished = {row.id: row.finished_at for row in database.completed(ids, self.hook.steps)}
        seconds = max(finished.values()) - min(answer.sent_at for answer in answers)
        after = [finished[i] - a.answered_at for i, a in zip(ids, answers, strict=True)]
        stage.measures.add(f"runs {name}", len(finished) / seconds)
        stage.measures.add(f"after {name}", median(after) * 1000)
        stage.measures.add_latencies(f"accept {name}", (answer.seconds for answer in answers))

    def rows(self, measures: Measures) -> list[Row]:
        rows = []
        for c in CONNECTIONS:
            rate, least = bare_accept_rate(measures, c), bare_accept_ms(measures, c)
            limit = (least, "bare answer + commit")
            rows += [
                Row(
                    f"completed runs, {at(c)}",
                    measures[f"runs {c}"],
                    "/s",
                    rate,
                    "bare answers + commits",
                    GOALS.get(c),
                    more_is_better=True,
                ),
                Row(f"accept, {at(c)}, p50", measures[f"accept {c} p50"], "ms", *limit),
                Row(f"accept, {at(c)}, p95", measures[f"accept {c} p95"], "ms", *limit),
                Row(f"accept, {at(c)}, p99", measures[f"accept {c} p99"], "ms", *limit),
                Row(f"answer → completed, {at(c)}, p50", measures[f"after {c}"], "ms"),
            ]
        return rows
