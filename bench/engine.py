"""The engine alone: runs of forty pure steps, timed between their claim and their commit."""

from __future__ import annotations

import time

import django

from bench.child import ChildError, serve

django.setup()

from django.core.management import call_command  # noqa: E402 - after Django is set up

from bench.graphs import TRIGGER_OUTPUT, forty_steps  # noqa: E402
from runs.engine import engine  # noqa: E402
from runs.memory.run_state import RunState  # noqa: E402
from runs.models import Run  # noqa: E402
from runs.services import start_run  # noqa: E402
from runs.worker.work_loop import WorkLoop  # noqa: E402
from tests.runs.driver import publish  # noqa: E402

PATIENCE_SECONDS = 60.0


class Engine:
    """A worker's loop in this process, on a database of its own."""

    def __init__(self) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        self.workflow = publish(forty_steps())
        self.loop = WorkLoop(0)

    def run_often(self, times: int) -> list[float]:
        """Seconds of each run."""
        return [self.run_once() for _ in range(times)]

    def run_once(self) -> float:
        run = start_run(
            workflow=self.workflow, payload=TRIGGER_OUTPUT, trigger_type="webhook_trigger"
        )
        state = self.claim()
        began = time.perf_counter()
        engine.advance(state, self.loop, time.monotonic() + PATIENCE_SECONDS)
        took = time.perf_counter() - began
        self.loop.turn()
        run.refresh_from_db()
        if run.status != Run.Status.COMPLETED:
            raise ChildError(f"The run is {run.status}: {run.error}")
        return took

    def claim(self) -> RunState:
        """A turn ends with its claims; one that was a moment early makes none."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.loop.held and time.monotonic() < deadline:
            self.loop.turn()
        (state,) = self.loop.held.values()
        return state


if __name__ == "__main__":
    serve(Engine().run_often)
