"""The product's web server with its own settings, and nothing behind it: each request gets a small
answer at once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from altoflow.claims import claim_address
from altoflow.processes import die_with
from altoflow.web import WebServer

BODY = b'{"run_id": "00000000-0000-0000-0000-000000000000", "status": "queued"}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("202 Accepted", HEADERS)
    return [BODY]


class BareServer(WebServer):
    def load(self) -> Any:
        return application


def main() -> None:
    die_with(os.getppid())
    listener = claim_address("127.0.0.1:0")
    print(json.dumps({"answer": listener.getsockname()[1]}), flush=True)
    BareServer(listener).run()


if __name__ == "__main__":
    main()
