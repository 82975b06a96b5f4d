"""Webhooks go past Django's middleware: they need none of it, and they come by the thousand."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "altoflow.settings")
pages = get_wsgi_application()

from runs.webhooks import PREFIX, hooks_app  # noqa: E402 - models, which need Django set up


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ.get("PATH_INFO", "").startswith(PREFIX):
        return hooks_app(environ, start_response)
    answer: Iterable[bytes] = pages(environ, start_response)
    return answer
