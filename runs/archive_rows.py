"""Rows of the database as plain JSON and back, without a change: a JSON column is the text that it
was written with, a time is ISO 8601, an id is text."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar, cast
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model, QuerySet, TextField
from django.db.models.functions import Cast

from workflows.plain_json import JsonText, dump, loads

Row: TypeAlias = dict[str, Any]
"""Column -> text, number, boolean or None."""

M = TypeVar("M", bound=Model)

AT_ONCE = 25
"""Rows in memory while many are read; one may have megabytes."""


def plain_rows(rows: QuerySet[Any]) -> Generator[Row, None, None]:
    """All columns of these rows, read a few at a time."""
    columns = _columns(rows.model)
    exact = {_exact(c): Cast(c.attname, TextField()) for c in columns if isinstance(c, JsonText)}
    names = [_exact(c) if isinstance(c, JsonText) else c.attname for c in columns]
    found = rows.annotate(**exact).values_list(*names)
    for values in found.iterator(chunk_size=AT_ONCE):
        yield {c.attname: _plain(value) for c, value in zip(columns, values, strict=True)}


@dataclass(frozen=True, slots=True)
class Insertion:
    """Rows made ready for the database, so that the transaction that inserts them is short."""

    sql: str
    values: Sequence[Sequence[Any]]

    @classmethod
    def of(
        cls,
        model: type[Model],
        rows: Sequence[Mapping[str, Any]],
        *,
        ignore_conflicts: bool = False,
    ) -> Insertion:
        """Columns that a row does not know get their default, what the table does not know is left
        out: rows may come from an older or newer version of the product."""
        columns = _columns(model)
        names = ", ".join(f'"{column.column}"' for column in columns)
        marks = ", ".join("%s" for _ in columns)
        ignore = "ON CONFLICT DO NOTHING" if ignore_conflicts else ""
        sql = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks}) {ignore}'  # noqa: S608
        return cls(sql, [tuple(_stored(column, row) for column in columns) for row in rows])

    def run(self) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(self.sql, self.values)


def instance_of(model: type[M], row: Mapping[str, Any]) -> M:
    """An object of the model that is in no database; it is made to be looked at."""
    known = [column for column in _columns(model) if column.attname in row]
    return model(**{column.attname: _value(column, row[column.attname]) for column in known})


def _columns(model: type[Model]) -> list[Field[Any, Any]]:
    return cast("list[Field[Any, Any]]", model._meta.concrete_fields)


def _exact(column: Field[Any, Any]) -> str:
    return f"exact_{column.attname}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _stored(column: Field[Any, Any], row: Mapping[str, Any]) -> Any:
    if column.attname not in row:
        default = column.get_default()
        return dump(default) if isinstance(column, JsonText) and default is not None else default
    value = row[column.attname]
    if isinstance(column, JsonText):
        return value
    return column.get_db_prep_save(column.to_python(value), connection)


def _value(column: Field[Any, Any], value: Any) -> Any:
    if isinstance(column, JsonText):
        return None if value is None else loads(value)
    return column.to_python(value)
