"""What a scenario has at hand, and what it is asked for."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from bench.figures import Measures, Row
from bench.graphs import BODY, Graph
from bench.load import Answer, Load, LoadGenerator
from bench.product import Hook, Product
from tests.environment.postgres import Server

CONNECTIONS = (1, 16, 64)
WARM_UP = 20


@dataclass(frozen=True)
class Dose:
    """How much of everything; `seconds` is how long each load lasts."""

    rounds: int = 5
    seconds: float = 1.5
    requests: int = 40
    """Of scenarios that send one request at a time."""
    starts: int = 3
    loops: int = 3
    """Runs of each iterator."""
    delays: int = 400
    waiting: int = 10_000
    old_runs: int = 2_500
    """Runs that are archived in a round."""
    many_runs: int = 100_000
    """Runs that lists are made of."""
    limit_seconds: float = 180.0
    """No round begins later."""


@dataclass
class Stage:
    product: Product
    generator: LoadGenerator
    folder: Path
    server: Server | None
    """PostgreSQL; None on SQLite."""
    dose: Dose
    measures: Measures = field(default_factory=Measures)

    def publish(
        self,
        name: str,
        graph: Graph,
        *,
        product: Product | None = None,
        body: str = BODY,
        times: int = WARM_UP,
    ) -> Hook:
        """An active workflow that has run a few times, so that nothing is done for the first time
        while it is measured. `product`: an installation of the scenario's own."""
        product = product or self.product
        hook = product.publish(f"bench: {name}", graph)
        warm_up = Load(product.port, hook.path, connections=4, most=times, body=body)
        self.generator.send(warm_up).check(202)
        product.database.wait_until_idle()
        return hook

    def new_product(self, name: str) -> Product:
        """An installation with the settings that it comes with, for one scenario; not started."""
        return Product(self.folder / name, self.new_database())

    def new_database(self) -> str | None:
        return self.server.new_database() if self.server else None


class Scenario(ABC):
    """A part of the bench. `prepare` once, `round` as often as there is time, then `rows`."""

    name: ClassVar[str]

    @abstractmethod
    def prepare(self, stage: Stage) -> None:
        """Before the first round of any scenario."""

    @abstractmethod
    def round(self, stage: Stage) -> None:
        """Measure once, and leave the product idle."""

    @abstractmethod
    def rows(self, measures: Measures) -> list[Row]: ...

    def close(self) -> None:  # noqa: B027 - most start nothing
        """End what `prepare` started."""


def run_ids(answers: Sequence[Answer]) -> list[UUID]:
    return [UUID(json.loads(answer.body)["run_id"]) for answer in answers]
