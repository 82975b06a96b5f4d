"""`make bench`, or `python -m bench [names...]`: measures, then prints one table."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import table
from bench.figures import Row
from bench.load import LoadGenerator
from bench.product import Product
from bench.scenarios.answers import Answers
from bench.scenarios.archive import Archive
from bench.scenarios.bare import Bare
from bench.scenarios.calls import Calls
from bench.scenarios.canvas import Canvas
from bench.scenarios.children import Children
from bench.scenarios.delays import Delays
from bench.scenarios.latency import Latency
from bench.scenarios.loops import Loops
from bench.scenarios.memory import Memory
from bench.scenarios.pages import Pages
from bench.scenarios.pure import Pure
from bench.scenarios.runs import Runs
from bench.scenarios.start import Start
from bench.scenarios.waiting import Waiting
from bench.stage import Dose, Scenario, Stage
from tests.environment import postgres
from tests.environment.paths import REPOSITORY

SCENARIOS: dict[str, type[Scenario]] = {
    kind.name: kind
    for kind in (
        Memory,
        Latency,
        Runs,
        Pure,
        Calls,
        Loops,
        Delays,
        Waiting,
        Children,
        Answers,
        Archive,
        Canvas,
        Pages,
        Start,
    )
}
QUICK = Dose(
    rounds=1,
    seconds=0.4,
    requests=6,
    starts=1,
    loops=1,
    delays=20,
    waiting=200,
    old_runs=400,
    many_runs=2_000,
)
EFFECT_THREADS = "32"
"""A worker; there are two of them, so that `calls` has 64 calls at a time."""


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with stage(options.database, QUICK if options.quick else Dose(options.rounds)) as ready:
        rows = measure(ready, options.names or list(SCENARIOS))
    print(table.markdown(rows) if options.markdown else table.plain(rows))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *SCENARIOS], metavar="NAME", help=NAMES)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--rounds", type=int, default=Dose.rounds, help="at most so many")
    parser.add_argument("--quick", action="store_true", help="one short round: does it work?")
    parser.add_argument("--markdown", action="store_true", help="a table for the documentation")
    return parser.parse_args()


NAMES = f"what to measure; all without a name: {', '.join(SCENARIOS)}"


@contextmanager
def stage(database: str, dose: Dose) -> Iterator[Stage]:
    """Everything that runs during the bench; it all ends with it."""
    cache = REPOSITORY / ".cache"
    cache.mkdir(exist_ok=True)
    with ExitStack() as stack:
        # On the disk of the repository: where /tmp is memory, commits would cost nothing.
        made = tempfile.TemporaryDirectory(prefix="bench-", dir=cache, ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(made))
        server = stack.enter_context(postgres.running()) if database == "postgresql" else None
        url = server.new_database() if server else None
        generator = stack.enter_context(LoadGenerator())
        product = stack.enter_context(
            Product(folder / "product", url, ALTOFLOW_EFFECT_THREADS=EFFECT_THREADS)
        )
        yield Stage(product, generator, folder, server, dose)


def measure(stage: Stage, names: Sequence[str]) -> list[Row]:
    """All scenarios in turn, round after round: a machine that slows down slows them all."""
    scenarios = [kind() for name, kind in SCENARIOS.items() if name in names]
    bare = Bare()
    with ExitStack() as stack:
        for scenario in (*scenarios, bare):
            say(f"prepare {scenario.name}")
            scenario.prepare(stage)
            stack.callback(scenario.close)
        began = time.monotonic()
        for number in range(stage.dose.rounds):
            if time.monotonic() - began > stage.dose.limit_seconds:
                break
            for scenario in (bare, *scenarios):
                say(f"round {number + 1} of {stage.dose.rounds}: {scenario.name}")
                scenario.round(stage)
    return [row for scenario in (*scenarios, bare) for row in scenario.rows(stage.measures)]


def say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
