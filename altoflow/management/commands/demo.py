"""`manage.py demo`: plays the demo against the running server, receiver included."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from altoflow.demo_receiver import Receiver, ask_to_step_aside
from altoflow.github_events import Event, request_of
from builder.demo import SECRET, install_demo
from runs.models import Run
from runs.services import resume_run
from workflows.errors import WorkflowError
from workflows.models import Workflow
from workflows.selectors import webhook_url
from workflows.vault import snapshot

EVENTS = (
    Event("opened", 41, "The lamp does not light", "ada", ("bug",)),
    Event("labeled", 41, "The lamp does not light", "ada", ("bug",)),
    Event("opened", 42, "How do I turn it?", "grace", ("question",)),
    Event("closed", 41, "The lamp does not light", "ada", ("bug",)),
)
UNLUCKY = Event("opened", 43, "Explain the switch", "linus", ("documentation",))
RUN_SECONDS = 15.0


class Command(BaseCommand):
    help = "Sends GitHub events to the demo workflow of the running server and shows the runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--url", default="http://127.0.0.1:8000", help="where the server answers"
        )

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        """1. some events  2. one that fails  3. the same run, resumed."""
        self._url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = False
        self._check_server()
        try:
            self._workflow: Workflow = install_demo(user=None)
        except WorkflowError as error:
            raise CommandError(error.message) from error
        self._receiver = Receiver(settings.DEMO_RECEIVER)
        # The server has a receiver too; its place is ours until this socket is closed.
        place = ask_to_step_aside(settings.DEMO_RECEIVER)
        try:
            self._start_receiver()
            for event in EVENTS:
                self._show(event, self._send(event))
            self._fail_and_resume()
        finally:
            self._receiver.stop()
            if place is not None:
                place.close()

    def _fail_and_resume(self) -> None:
        self._say("\nThe receiver goes down while the next run is under way.")
        self._receiver.calls.clear()
        self._receiver.goes_down_after = "/teams/"
        run = self._send(UNLUCKY)
        self._show(UNLUCKY, run)
        if run.status != Run.Status.FAILED:
            raise CommandError("This run should have failed. Look at its steps.")
        self._receiver.stop()
        self._start_receiver()
        self._say("\nThe receiver is back, and the run is resumed from the step that failed.")
        run = self._finished(resume_run(run=run))
        self._show(UNLUCKY, run)
        self._show_attempts(run)

    def _show_attempts(self, run: Run) -> None:
        for step in run.steps.order_by("attempt", "sequence"):
            reused = step.attempt < run.attempt and step.superseded_by is None
            note = ", reused in attempt 2" if reused else ""
            self._say(f"    attempt {step.attempt}: {step.name}, {step.status}{note}")
        calls = [f"{path} {times} time(s)" for path, times in self._receiver.calls.items()]
        self._say(f"  The receiver was called for this run: {', '.join(calls)}.")

    # ------------------------------------------------------------------ the server

    def _check_server(self) -> None:
        try:
            self._http.get(f"{self._url}/healthz", timeout=5).raise_for_status()
        except requests.RequestException as error:
            raise CommandError(
                f"No Altoflow answers at {self._url}. Start it in another terminal with "
                "`make run`, or say where it is: manage.py demo --url http://HOST:PORT"
            ) from error

    def _start_receiver(self) -> None:
        try:
            self._receiver.start()
        except OSError as error:
            raise CommandError(
                f"The receiver can not listen on {settings.DEMO_RECEIVER}: {error.strerror}. Stop "
                "what is using it, or choose another with ALTOFLOW_DEMO_RECEIVER for the server "
                "and for this command."
            ) from error
        self._say(f"The receiver listens on http://{settings.DEMO_RECEIVER}\n")

    def _send(self, event: Event) -> Run:
        body, headers = request_of(event, snapshot().values[SECRET])
        path = urlsplit(webhook_url(self._workflow, self._url) or "").path
        answer = self._http.post(self._url + path, data=body, headers=headers, timeout=10)
        if answer.status_code == 404:
            raise CommandError(
                f"The server at {self._url} does not know the demo workflow: it uses another "
                "database. Run this command with the same ALTOFLOW_DATA_DIR and DATABASE_URL."
            )
        if answer.status_code != 202:
            raise CommandError(f"The server refused the event: {answer.status_code} {answer.text}")
        return self._finished(Run.objects.get(pk=answer.json()["run_id"]))

    def _finished(self, run: Run) -> Run:
        end = time.monotonic() + RUN_SECONDS
        while not run.is_finished:
            if time.monotonic() > end:
                raise CommandError(
                    f"The run {self._url}/runs/{run.pk}/ has not ended after {RUN_SECONDS:g} s. "
                    "Is a worker running? `make run` starts one."
                )
            time.sleep(0.02)
            run.refresh_from_db()
        return run

    # ------------------------------------------------------------------ output

    def _show(self, event: Event, run: Run) -> None:
        taken = f"{run.duration_ms:.0f} ms" if run.duration_ms is not None else ""
        attempt = f", attempt {run.attempt}" if run.attempt > 1 else ""
        self._say(f"  {event}")
        self._say(f"    {run.status}{attempt} in {taken}, {_way(run)}")
        if run.error:
            self._say(f"    {run.error['message']}")
        self._say(f"    {self._url}/runs/{run.pk}/")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _way(run: Run) -> str:
    steps = run.steps.filter(superseded_by=None).order_by("attempt", "sequence")
    return " -> ".join(step.name for step in steps)
