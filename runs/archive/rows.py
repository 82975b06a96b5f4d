"""Rows of the database as plain JSON and back, without a change: a JSON column is the text that it
was written with, a time is ISO 8601, an id is text."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar, cast

from django.db import connection
from django.db.models import (
    DateTimeField,
    Field,
    ForeignKey,
    Model,
    QuerySet,
    TextField,
    UUIDField,
)
from django.db.models.functions import Cast

from workflows.plain_json import JsonText, dump, loads

Row: TypeAlias = dict[str, Any]
"""Column -> text, number, boolean or None."""

M = TypeVar("M", bound=Model)

UTC = "+00:00"

AT_ONCE = 25
"""Rows in memory while many are read; one may have megabytes."""


def plain_rows(rows: QuerySet[Any]) -> Generator[Row, None, None]:
    """All columns of these rows, read a few at a time."""
    columns = _columns(rows.model)
    as_text = {_exact(c): Cast(c.attname, TextField()) for c in columns if _is_text(c)}
    names = [_exact(c) if _is_text(c) else c.attname for c in columns]
    plain = [(c.attname, _plain_form(c)) for c in columns]
    found = rows.annotate(**as_text).values_list(*names)
    for values in found.iterator(chunk_size=AT_ONCE):
        yield {
            name: value if form is None or value is None else form(value)
            for (name, form), value in zip(plain, values, strict=True)
        }


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


def _is_text(column: Field[Any, Any]) -> bool:
    """Whether the database has it as text that is to be kept. SQLite has no other type for times,
    and more than one way to write them."""
    kept = (DateTimeField, UUIDField) if connection.vendor == "sqlite" else ()
    return isinstance(_own(column), (JsonText, *kept))


def _plain_form(column: Field[Any, Any]) -> Callable[[Any], str] | None:
    """How a value from the database becomes plain; None: it is."""
    own, is_sqlite = _own(column), connection.vendor == "sqlite"
    if isinstance(own, DateTimeField):
        return _iso if is_sqlite else datetime.isoformat
    if isinstance(own, UUIDField):
        return _dashed if is_sqlite else str
    return None


def _iso(text: str) -> str:
    return f"{text[:10]}T{text[11:]}{UTC}"


def _dashed(text: str) -> str:
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _stored(column: Field[Any, Any], row: Mapping[str, Any]) -> Any:
    own = _own(column)
    if column.attname not in row:
        default = column.get_default()
        return dump(default) if isinstance(own, JsonText) and default is not None else default
    value = row[column.attname]
    if value is None or isinstance(own, JsonText):
        return value
    if connection.vendor == "sqlite" and isinstance(own, DateTimeField) and str(value)[-6:] == UTC:
        return str(value)[:-6].replace("T", " ")
    return column.get_db_prep_save(column.to_python(value), connection)


def _own(column: Field[Any, Any]) -> Field[Any, Any]:
    """What a foreign key holds is what it points at."""
    return column.target_field if isinstance(column, ForeignKey) else column


def _value(column: Field[Any, Any], value: Any) -> Any:
    if isinstance(column, JsonText):
        return None if value is None else loads(value)
    return column.to_python(value)
