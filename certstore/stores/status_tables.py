"""The table of the status lists: which place is whose. Nothing in it is personal."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Integer, String, Table, UniqueConstraint

from core.tables import UtcDateTime, metadata

status_entry = Table(
    "licence_status_entry",
    metadata,
    Column("list", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("licence_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    UniqueConstraint("licence_id", "version"),
    ForeignKeyConstraint(["licence_id"], ["licence.id"]),
)
