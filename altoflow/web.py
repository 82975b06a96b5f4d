"""The web server: gunicorn, one process with threads, on a socket that it is given.

One process, so that requests that come together can share one commit.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from django.conf import settings as configured
from django.template import engines
from django.urls import get_resolver
from gunicorn.app.base import BaseApplication

from altoflow.demo_built_in import BuiltInReceiver
from altoflow.processes import die_with, set_name
from altoflow.wsgi import application

OTHER_THREADS = 8
"""Beside those in which callers wait for the answers of runs."""


class WebServer(BaseApplication):  # type: ignore[misc]
    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        super().__init__()

    def load_config(self) -> None:
        parent = os.getpid()

        def begin_worker(_arbiter: Any, _worker: Any) -> None:
            die_with(parent)
            set_name("alto-web")

        def open_receiver(_worker: Any) -> None:
            if configured.DEMO:
                BuiltInReceiver(configured.DEMO_RECEIVER).start()

        settings = {
            "bind": f"fd://{self._listener.fileno()}",
            "worker_class": "altoflow.web_worker.WebWorker",
            "workers": 1,
            "threads": configured.WAITING_CALLS + OTHER_THREADS,
            "keepalive": 75,
            "timeout": 60,
            "graceful_timeout": 6,
            "loglevel": "warning",
            "control_socket_disable": True,
            # No sender is trusted with the path or the scheme; Django reads what a proxy says.
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            # It would wait for clients without end, whatever the socket's time limit is.
            "sendfile": False,
            "post_fork": begin_worker,
            "post_worker_init": open_receiver,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return application


def preload() -> None:
    """Import and compile what the first request would, to be shared by all forked processes."""
    get_resolver().url_patterns  # noqa: B018
    engines.all()


def serve(listener: socket.socket) -> int:
    """Serves until SIGTERM."""
    try:
        WebServer(listener).run()
    except SystemExit as ending:
        return int(ending.code or 0)
    return 0
