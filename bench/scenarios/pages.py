"""The pages of runs over a history of many, and of runs with many steps."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from statistics import median
from typing import ClassVar
from uuid import UUID

from bench.browsing import Browser
from bench.database import Database
from bench.figures import Measures, Row
from bench.graphs import BODY, chain
from bench.load import Load
from bench.loop_graphs import three_pure_nodes
from bench.many_runs import RARE_TEXT, store_many_runs
from bench.product import Hook
from bench.stage import Scenario, Stage, run_ids

WORKFLOWS = 20
LONG_RUN = 300
"""Steps."""
LISTS_GOAL_MS = 300.0
RUNS_GOAL_MS = 500.0
TIMES = 3
"""Each page is fetched in a round; the median counts."""

LISTS = {
    "run list": ["/runs/", "/runs/?status=failed", "/runs/?workflow={workflow}"],
    "run list, filtered where no index leads": [
        "/runs/?trigger=api_trigger",
        "/runs/?trigger=workflow_trigger",
        "/runs/?workflow={workflow}&status=waiting",
        "/runs/?workflow={workflow}&status=failed&trigger=api_trigger",
        "/runs/?status=cancelled&from=2020-01-01",
    ],
    "run list, searched for a text": [
        f"/runs/?q={RARE_TEXT}",
        "/runs/?q=nobody-wrote-this&workflow={workflow}",
        "/runs/?q=nobody-wrote-this&status=failed",
        "/runs/?q={run}",
    ],
    "failures by cause, 30 days": ["/runs/failures/?hours=720"],
    "dashboard": ["/"],
}
"""Figure -> the addresses, of which the slowest counts."""
BARE = "/runs/?from=2100-01-01"
"""The same page with nothing to show."""


class Pages(Scenario):
    """It has an installation of its own, so that its history slows nobody else down."""

    name: ClassVar = "pages"

    def prepare(self, stage: Stage) -> None:
        self.number = stage.dose.many_runs
        self.product = stage.new_product("pages").__enter__()
        long = chain(*[("text_transform", "default", {"template": "x"})] * (LONG_RUN - 1))
        loop = three_pure_nodes()
        self.runs = {
            f"run of {LONG_RUN} steps": self.run_once(
                stage, stage.publish("long", long, product=self.product, times=1), BODY
            ),
            f"run of {loop.steps:,} steps in an iterator": self.run_once(
                stage,
                stage.publish("loop", loop.graph, product=self.product, body=loop.body, times=1),
                loop.body,
            ),
        }
        self.store_history()
        self.browser = Browser(self.product.installation.url)
        self.browser.sign_up(self.product.installation.setup_link)

    def run_once(self, stage: Stage, hook: Hook, body: str) -> UUID:
        load = Load(self.product.port, hook.path, most=1, body=body)
        (run,) = run_ids(stage.generator.send(load).check(202).answers)
        self.product.database.wait_until_idle()
        self.product.database.completed([run], hook.steps)
        return run

    def store_history(self) -> None:
        graph = chain(("text_transform", "default", {"template": "x"}))
        for number in range(WORKFLOWS):
            self.product.activate(f"Workflow {number}", graph)
        rows = self.product.database.rows(
            "SELECT id, published_id FROM workflows_workflow WHERE name LIKE ? ORDER BY id",
            "Workflow %",
        )
        workflows = [(_uuid(row[0]), int(row[1])) for row in rows]
        with closing(Database(self.product.installation, writable=True)) as database:
            store_many_runs(database, workflows, self.number, datetime.now(UTC))
        old = self.product.database.rows("SELECT id FROM runs_run ORDER BY id LIMIT 1")
        self.places = {"workflow": workflows[0][0], "run": _uuid(old[0][0])}

    def round(self, stage: Stage) -> None:
        stage.measures.add("page bare", self.milliseconds(BARE))
        for name, addresses in LISTS.items():
            worst = max(self.milliseconds(each.format(**self.places)) for each in addresses)
            stage.measures.add(f"page {name}", worst)
        for name, run in self.runs.items():
            stage.measures.add(f"page {name}", self.milliseconds(f"/runs/{run}/"))

    def milliseconds(self, path: str) -> float:
        return 1000 * median(self.browser.seconds_for(path) for _ in range(TIMES))

    def rows(self, measures: Measures) -> list[Row]:
        bare = (measures["page bare"], "the list page, empty")
        lists = [
            Row(
                f"page, {self.number:,} runs: {name}",
                measures[f"page {name}"],
                "ms",
                *bare,
                LISTS_GOAL_MS,
            )
            for name in LISTS
        ]
        runs = [
            Row(f"page: {name}", measures[f"page {name}"], "ms", *bare, RUNS_GOAL_MS)
            for name in self.runs
        ]
        return [*lists, *runs]

    def close(self) -> None:
        self.product.__exit__()


def _uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
