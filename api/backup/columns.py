"""Rows without an engine: how each kind of column is written, so that SQLite's rows restore into PostgreSQL and back.

An archive describes its own columns, and is read by that description: the tables of the program may have moved on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    Dialect,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    TableClause,
    column,
    table,
)
from sqlalchemy.types import TypeEngine

from api.backup.errors import ArchiveUnfit
from core.tables import UtcDateTime

Value = Any
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class _Octets(LargeBinary):
    """Both drivers take octets as they are; what SQLAlchemy would wrap around each costs a tenth of a restore."""

    def bind_processor(self, dialect: Dialect) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of column: its type where it is restored, and its values on their way."""

    make_type: Callable[[], TypeEngine[Any]]
    python: tuple[type, ...]  # what may stand in the archive
    write: Callable[[Any], Any] | None = None
    read: Callable[[Any], Any] | None = None


_KINDS: Mapping[str, _Kind] = {
    "text": _Kind(String, (str,)),
    "int": _Kind(BigInteger, (int,)),
    "bool": _Kind(Boolean, (bool,)),
    "float": _Kind(Float, (float, int)),
    "bytes": _Kind(_Octets, (bytes,), write=bytes),
    "json": _Kind(lambda: JSON(none_as_null=True), (dict, list, str, int, float, bool)),
    "date": _Kind(Date, (str,), write=dt.date.isoformat, read=dt.date.fromisoformat),
    # whole microseconds: exact, and the same in every database
    "moment": _Kind(
        UtcDateTime,
        (int,),
        write=lambda value: (value - _EPOCH) // _MICROSECOND,
        read=lambda value: _EPOCH + dt.timedelta(microseconds=value),
    ),
}
_OF_TYPES: Sequence[tuple[type[Any], str]] = (
    (UtcDateTime, "moment"),
    (Boolean, "bool"),
    (Integer, "int"),
    (Float, "float"),
    (LargeBinary, "bytes"),
    (JSON, "json"),
    (Date, "date"),
    (String, "text"),
)


class ColumnForm(msgspec.Struct, frozen=True, array_like=True):
    """A column as the archive describes it."""

    name: str
    kind: str


def forms_of(described: Table, names: Sequence[str] | None = None) -> tuple[ColumnForm, ...]:
    """The columns of a table, or those of them that are named.

    Raises:
        TypeError: a column of a type that archives do not know yet: teach it here.
    """
    columns = described.columns if names is None else [described.columns[name] for name in names]
    return tuple(ColumnForm(str(one.name), _kind_of(described, one.name)) for one in columns)


def _kind_of(described: Table, name: str) -> str:
    type_ = described.columns[name].type
    for known, kind in _OF_TYPES:
        if isinstance(type_, known):
            return kind
    raise TypeError(f"{described.name}.{name}: archives do not know the type {type_!r}")


class RowCoder:
    """Turns rows of one table into lists that MessagePack carries, and back."""

    def __init__(self, forms: Sequence[ColumnForm]) -> None:
        """
        Raises:
            ArchiveUnfit: a kind of column that this version does not know.
        """
        unknown = [form.name for form in forms if form.kind not in _KINDS]
        if unknown:
            raise ArchiveUnfit(f"columns of a kind that this version does not know: {', '.join(unknown)}")
        self.forms = tuple(forms)
        kinds = [_KINDS[form.kind] for form in forms]
        self._writers = [kind.write for kind in kinds]
        self._readers = [
            (form.name, frozenset(kind.python), kind.read) for form, kind in zip(forms, kinds, strict=True)
        ]

    def write(self, row: Sequence[Value]) -> list[Value]:
        return [
            value if value is None or write is None else write(value)
            for write, value in zip(self._writers, row, strict=True)
        ]

    def read(self, row: Sequence[Value]) -> dict[str, Value]:
        """
        Raises:
            ArchiveUnfit: a value is none of its column's kind.
        """
        if len(row) != len(self._readers):
            raise ArchiveUnfit("a row has another number of values than there are columns")
        values: dict[str, Value] = {}
        for (name, types, read), value in zip(self._readers, row, strict=True):
            if value is None:
                values[name] = None
            elif type(value) not in types:
                raise self._unfit(name)
            else:
                try:
                    values[name] = value if read is None else read(value)
                except (ValueError, OverflowError):
                    raise self._unfit(name) from None
        return values

    def _unfit(self, name: str) -> ArchiveUnfit:
        kind = next(form.kind for form in self.forms if form.name == name)
        return ArchiveUnfit(f"a value of the column {name} is no {kind}")

    def target(self, name: str) -> TableClause:
        """The table to insert into, as the archive describes it."""
        return table(name, *(column(form.name, _KINDS[form.kind].make_type()) for form in self.forms))
