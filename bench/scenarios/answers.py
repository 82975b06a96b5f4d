"""Calls over the API that get what the workflow says, in the same request."""

from __future__ import annotations

import json
from typing import ClassVar

from bench.database import LostRuns
from bench.figures import Measures, Row
from bench.graphs import BODY, answering
from bench.load import Load, Outcome
from bench.scenarios.bare import bare_accept_ms, bare_accept_rate
from bench.stage import WARM_UP, Scenario, Stage

CONNECTIONS = 16
ANSWER = {"number": 1347, "text": "#1347: It does not start"}


class Answers(Scenario):
    name: ClassVar = "answers"

    def prepare(self, stage: Stage) -> None:
        workflow = stage.product.activate("bench: answers", answering())
        self.path = f"/api/v1/workflows/{workflow['id']}/call/"
        self.send(stage, connections=4, most=WARM_UP)

    def round(self, stage: Stage) -> None:
        alone = self.send(stage, connections=1, most=stage.dose.requests)
        stage.measures.add_latencies("call", (answer.seconds for answer in alone.answers))
        together = self.send(stage, connections=CONNECTIONS, seconds=stage.dose.seconds / 2)
        stage.measures.add("api calls", together.rate)

    def send(
        self, stage: Stage, *, connections: int, seconds: float = 30.0, most: int = 1_000_000
    ) -> Outcome:
        load = Load(
            stage.product.port,
            self.path,
            connections=connections,
            seconds=seconds,
            most=most,
            body=BODY,
            authorization=f"Bearer {stage.product.key}",
        )
        outcome = stage.generator.send(load).check(201)
        for answer in outcome.answers:
            if json.loads(answer.body) != ANSWER:
                raise LostRuns(f"A call was answered with {answer.body}, not with {ANSWER}.")
        stage.product.database.wait_until_idle()
        return outcome

    def rows(self, measures: Measures) -> list[Row]:
        # A call is stored when it comes, and its steps before it is answered.
        least = (bare_accept_ms(measures) + measures["commit"], "bare answer + 2 commits")
        return [
            Row("API call → answer of the workflow, p50", measures["call p50"], "ms", *least),
            Row("API call → answer of the workflow, p95", measures["call p95"], "ms", *least),
            Row(
                "API calls answered by workflows, 16 connections",
                measures["api calls"],
                "/s",
                bare_accept_rate(measures, CONNECTIONS),
                "bare answers + commits",
                more_is_better=True,
            ),
        ]
