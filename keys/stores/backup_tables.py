"""The table of backups, drills and restores. It is in the domain database, because every run is audited."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from core.tables import UtcDateTime, metadata

backup_run = Table(
    "backup_run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("what", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("archive", String(64)),
    Column("point", UtcDateTime),
    Column("rows", BigInteger, nullable=False),
    Column("octets", BigInteger, nullable=False),
    Column("note", String(400)),
    Index(None, "kind", "began_at"),
)
