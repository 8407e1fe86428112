"""Table of the copies that people ask for; their content is elsewhere, and never here."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from core.tables import UtcDateTime, metadata

data_export = Table(
    "data_export",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("id", String(40), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("claimed_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("ready_at", UtcDateTime),
    Column("size", Integer, nullable=False),
)
