"""Altoflow as its users start it: web and cluster under one supervisor."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any, Literal
from urllib.parse import urlencode

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from altoflow import cluster, migrating, readiness, setup, web
from altoflow.claims import ClaimError, claim_address, claim_file
from altoflow.supervisor import Child, Supervisor
from runs.store import leases
from workflows.ids import installation_id

Only = Literal["web", "worker"] | None


class Command(BaseCommand):
    help = "Migrates, then runs web and cluster until Ctrl-C. Prints `ready http://...`."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT")
        parser.add_argument("--only", choices=["web", "worker"], help="run one half here")
        parser.add_argument("--workers", type=int, help="instead of ALTOFLOW_WORKERS")

    def handle(
        self, *args: Any, bind: str, only: Only, workers: int | None, **options: Any
    ) -> None:
        """1. claim the data folder and the port  2. migrate  3. run what was asked for."""
        if workers is not None and workers != settings.WORKERS:
            start_again_with_workers(workers)
        try:
            locks = [
                claim_file(settings.DATA_DIR / f"up-{half}.lock", half)
                for half in ("web", "worker")
                if only in (half, None)
            ]
            listener = None if only == "worker" else claim_address(bind)
        except ClaimError as error:
            raise CommandError(str(error)) from error
        migrating.migrate()
        code = Instance(listener, with_worker=only != "web").run()
        for lock in locks:
            lock.close()
        sys.exit(code)


class Instance:
    """The running halves, and the news that they are ready."""

    def __init__(self, listener: socket.socket | None, *, with_worker: bool) -> None:
        self._listener = listener
        self._with_worker = with_worker
        self._announced = False

    def run(self) -> int:
        children = []
        if self._listener is not None:
            listener = self._listener
            web.preload()
            children.append(Child("server", lambda: web.serve(listener)))
        if self._with_worker:
            # `ready` must mean the workers of this start, not those that a kill -9 left behind.
            leases.forget_workers(f"{installation_id()}:")
            connection.close()
            cluster.preload()
            children.append(Child("cluster", cluster.run))
        return Supervisor(children, self._announce_once).run()

    def _announce_once(self) -> float:
        """Seconds until the next look."""
        if self._announced:
            return 60.0
        if not self._is_ready():
            return 0.05
        self._announced = True
        where = readiness.url(self._listener) if self._listener else "worker"
        news = f"ready {where}"
        if self._listener and self._has_no_user():
            query = urlencode({"token": setup.make_setup_token()})
            base = settings.PUBLIC_URL or where
            news += f"\nMake the first account: {base}/setup/?{query}"
        print(news, flush=True)  # noqa: T201
        return 60.0

    def _has_no_user(self) -> bool:
        try:
            return setup.is_open()
        finally:
            connection.close()  # a child that is forked later must not share it

    def _is_ready(self) -> bool:
        if self._with_worker and not readiness.workers_run():
            return False
        if self._listener is None:
            return True
        check = readiness.is_ready if self._with_worker else readiness.web_answers
        return check(self._listener)


def start_again_with_workers(workers: int) -> None:
    """Settings are read once, at the start of a process."""
    os.environ["ALTOFLOW_WORKERS"] = str(workers)
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606
