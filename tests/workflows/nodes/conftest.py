"""A real server for http_request."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response


@pytest.fixture
def loopback(settings: Settings) -> None:
    """Workflows may reach this machine."""
    settings.HTTP_ALLOW_NETS = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def seen(httpserver: HTTPServer) -> Iterator[list[Request]]:
    """What arrived at /, which answers with `ok`."""
    requests: list[Request] = []

    def answer(request: Request) -> Response:
        request.get_data()
        requests.append(request)
        return Response("ok")

    httpserver.expect_request("/").respond_with_handler(answer)
    yield requests
    httpserver.check_assertions()
