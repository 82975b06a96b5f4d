"""What every answer has, whatever it is."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.visitors import client_of
from workflows.models import Role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address", ["/", "/secrets/", "/api/v1/workflows/", "/api/schema/", "/accounts/login/", "/no"]
)
def test_nothing_on_the_way_keeps_an_answer(address: str) -> None:
    for client in (client_of(Role.ADMIN), Client()):
        kept = client.get(address).headers["Cache-Control"]
        assert "no-store" in kept
        assert "private" in kept
