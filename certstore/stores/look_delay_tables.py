"""The table of rules by which looks are shown later."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from core.tables import UtcDateTime, metadata

look_delay = Table(
    "look_delay",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service_item", String(64), nullable=False),
    Column("days", Integer, nullable=False),
    Column("basis", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_by", String(128), nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_by", String(128)),
    Column("since", UtcDateTime),
    Column("until", UtcDateTime),
)
