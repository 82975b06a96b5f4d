"""Empties the database after a test that commits."""

from functools import cache
from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

ALWAYS_THERE = {
    "auth_permission",
    "django_content_type",
    "django_migrations",
    "django_q_schedule",
    "django_site",
}
"""Tables that the migrations fill and that no test changes."""


def empty_quickly() -> None:
    """Django's flush truncates every table, then asks for each content type and permission whether
    it is there: 0.3 s a test on PostgreSQL, many times what most of the tests take."""
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]


def _empty(_case: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f'DELETE FROM "{table}"')


@cache
def _tables() -> list[str]:
    # The constraints of Django's foreign keys are looked at in the end: any order is good.
    there = connection.introspection.django_table_names(only_existing=True)
    return sorted(set(there) - ALWAYS_THERE)
