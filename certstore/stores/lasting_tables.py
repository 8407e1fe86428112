"""Tables of originals that are looked after so that their seals last."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from core.tables import UtcDateTime, metadata

licence_file_care = Table(
    "licence_file_care",
    metadata,
    Column("file_id", String(40), ForeignKey("licence_file.id"), primary_key=True),
    Column("level", String(16)),  # none: not looked at yet
    Column("due_at", UtcDateTime, index=True),  # none: nothing is ever due again
    Column("lease_until", UtcDateTime),
    Column("tries", Integer, nullable=False),
    Column("fault", String(64)),
)
