"""The raw limits: what this machine, its database and the web server give at best."""

from __future__ import annotations

from typing import ClassVar

from bench.child import Child
from bench.figures import Measures, Row
from bench.graphs import BODY
from bench.load import Load
from bench.stage import CONNECTIONS, WARM_UP, Scenario, Stage

COMMIT_SHARE = 0.3
"""Of the seconds that a load lasts."""
ROWS_TOGETHER = 3_000


class BareWeb(Child):
    """It ends by a signal: its main thread is the web server's own."""

    def __init__(self, env: dict[str, str]) -> None:
        super().__init__("bench.bare_web", env=env)
        self.port = int(self.answer())

    def close(self) -> None:
        self.process.terminate()
        super().close()


class Bare(Scenario):
    name: ClassVar = "bare"

    def prepare(self, stage: Stage) -> None:
        env = {**stage.product.installation.env, "DJANGO_SETTINGS_MODULE": "altoflow.settings"}
        env["ALTOFLOW_DATA_DIR"] = str(stage.folder / "bare")
        if database_url := stage.new_database():
            env["DATABASE_URL"] = database_url
        self.commits = Child("bench.bare_commits", env=env)
        self.web = BareWeb(env)
        warm_up = Load(self.web.port, "/", connections=4, most=WARM_UP, body=BODY)
        stage.generator.send(warm_up).check(202)

    def round(self, stage: Stage) -> None:
        committed = self.commits.ask({"seconds": stage.dose.seconds * COMMIT_SHARE})
        stage.measures.add("commits", committed["rate"])
        stage.measures.add("commit", committed["seconds"] * 1000)
        together = self.commits.ask({"rows": ROWS_TOGETHER})
        stage.measures.add("row", together["seconds"] * 1000 / ROWS_TOGETHER)
        for connections in CONNECTIONS:
            seconds = stage.dose.seconds * COMMIT_SHARE
            load = Load(self.web.port, "/", connections=connections, seconds=seconds, body=BODY)
            outcome = stage.generator.send(load).check(202)
            latencies = (answer.seconds for answer in outcome.answers)
            stage.measures.add(f"answers {connections}", outcome.rate)
            stage.measures.add_latencies(f"answer {connections}", latencies)
            cost = outcome.cpu_seconds / len(outcome.answers)
            stage.measures.add(f"load {connections}", cost * 1e6)

    def rows(self, measures: Measures) -> list[Row]:
        rows = [
            Row("raw: bare commits, one after the other", measures["commits"], "/s"),
            Row("raw: one bare commit, p50", measures["commit"], "ms"),
            Row("raw: 3,000 bare rows in one commit", bare_rows_ms(measures, 3_000), "ms"),
        ]
        for c in CONNECTIONS:
            rows.append(Row(f"raw: bare answers, {at(c)}", measures[f"answers {c}"], "/s"))
            rows.append(Row(f"raw: bare answer, {at(c)}, p50", measures[f"answer {c} p50"], "ms"))
        rows.append(Row("load generator's own CPU a request", measures["load 16"], "µs"))
        return rows

    def close(self) -> None:
        self.commits.close()
        self.web.close()


def at(connections: int) -> str:
    return f"{connections} connection" + ("s" if connections > 1 else "")


def bare_accept_ms(measures: Measures, connections: int = 1) -> float:
    """A bare answer and a bare commit, the least that an accepted request needs."""
    return measures[f"answer {connections} p50"] + measures["commit"]


def bare_accept_rate(measures: Measures, connections: int) -> float:
    """Bare answers of which each waits for a commit of its own."""
    return 1 / (1 / measures[f"answers {connections}"] + 1 / measures["commits"])


def bare_rows_ms(measures: Measures, rows: int) -> float:
    """So many bare rows, committed together."""
    return measures["row"] * rows
