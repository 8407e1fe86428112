"""The one table collection, with names for constraints so that migrations can speak of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

DOCUMENT_ADDRESS = "document_address"
"""`Column(info={DOCUMENT_ADDRESS: True})` marks a column that names documents: backups carry what it names."""


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A moment in UTC: aware in Python; `timestamptz` in PostgreSQL, naive UTC text in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[dt.datetime | None], Any]:
        """Straight from value to column: rows have many moments, and the usual way takes three calls for each."""
        return _utc if dialect.name == "postgresql" else _text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], dt.datetime | None]:
        return _utc if dialect.name == "postgresql" else _moment


def _utc(value: dt.datetime | None) -> dt.datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a naive datetime has no place in the database")
    return value.astimezone(dt.UTC)


def _text(value: dt.datetime | None) -> str | None:
    """As SQLAlchemy writes moments in SQLite."""
    moment = _utc(value)
    return None if moment is None else moment.replace(tzinfo=None).isoformat(" ", "microseconds")


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
