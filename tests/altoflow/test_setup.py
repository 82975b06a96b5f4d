"""The first account: by the link in the console only, once only."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from altoflow.setup import (
    SetupClosedError,
    check_setup_token,
    create_first_user,
    make_setup_token,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
PASSWORD = "correct horse battery"


def test_the_link_makes_an_admin() -> None:
    user = create_first_user(username="ada", password=PASSWORD, token=make_setup_token())
    assert user.is_superuser
    assert user.is_staff
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("first-user", "unsigned", id="unsigned"),
        pytest.param("first-user:1uXyZ0:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "", id="forged"),
    ],
)
def test_a_made_up_token_opens_nothing(token: str, why: str) -> None:
    assert not check_setup_token(token)
    with pytest.raises(SetupClosedError, match="no longer valid"):
        create_first_user(username="eve", password=PASSWORD, token=token)
    assert not User.objects.exists()


def test_the_link_lasts_a_day() -> None:
    token = make_setup_token()
    with time_machine.travel(timezone.now() + timedelta(hours=23, minutes=59)):
        assert check_setup_token(token)
    with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1)):
        assert not check_setup_token(token)


def test_with_a_user_there_the_link_is_closed() -> None:
    token = make_setup_token()
    create_first_user(username="ada", password=PASSWORD, token=token)
    assert not check_setup_token(token)
    with pytest.raises(SetupClosedError):
        create_first_user(username="eve", password=PASSWORD, token=token)


def test_a_weak_password_is_refused() -> None:
    with pytest.raises(ValidationError):
        create_first_user(username="ada", password="12345", token=make_setup_token())
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_refused() -> None:
    token = make_setup_token()

    def attempt(name: str) -> bool:
        try:
            create_first_user(username=name, password=PASSWORD, token=token)
        except SetupClosedError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, [f"user{number}" for number in range(8)]))
    assert outcomes.count(True) == 1
    assert User.objects.count() == 1
