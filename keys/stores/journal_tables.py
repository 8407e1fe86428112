"""The table of the key ring's journal."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, text

from core.tables import UtcDateTime
from keys.stores.tables import key_metadata

key_journal = Table(
    "key_journal",
    key_metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("step", String(16), nullable=False),
    Column("key_id", String(64), index=True),
    Column("purpose", String(160)),
    Column("claimed_at", UtcDateTime),
    Column("carried_at", UtcDateTime),
    sqlite_autoincrement=True,  # a number never comes twice, even when the last row was removed
)

_open = text("carried_at IS NULL")
Index("ix_key_journal_open", key_journal.c.number, sqlite_where=_open, postgresql_where=_open)
