"""Cold starts: from the users' command to the first answers, with an empty data folder and with one
that has its database already."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import ClassVar

from bench.figures import Measures, Row
from bench.stage import Scenario, Stage
from tests.environment.installation import Installation
from tests.environment.paths import REPOSITORY

GOAL_SECONDS = 4.0
BARE = "import django; django.setup()"


class Start(Scenario):
    name: ClassVar = "start"

    def prepare(self, stage: Stage) -> None:
        self.rounds = 0

    def round(self, stage: Stage) -> None:
        if self.rounds == stage.dose.starts:
            return
        self.rounds += 1
        folder = stage.folder / f"start-{self.rounds}"
        folder.mkdir()
        installation = Installation(folder, database_url=stage.new_database())
        stage.measures.add("start bare", self.bare(installation))
        for kind in ("empty", "migrated"):
            try:
                stage.measures.add(f"start {kind}", installation.start())
                installation.stop()
            finally:
                installation.close()

    def bare(self, installation: Installation) -> float:
        """Python and Django with the product's settings and applications, nothing else."""
        env = {**installation.env, "DJANGO_SETTINGS_MODULE": "altoflow.settings"}
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", BARE], cwd=REPOSITORY, env=env, check=True)
        return time.perf_counter() - began

    def rows(self, measures: Measures) -> list[Row]:
        bare = (measures["start bare"], "django.setup()")
        return [
            Row(
                f"start → web and workers answer, {what}",
                measures[f"start {kind}"],
                "s",
                *bare,
                GOAL_SECONDS,
            )
            for kind, what in (("empty", "empty data folder"), ("migrated", "migrated before"))
        ]
