"""The table of shares. Columns ending in `_enc` are encrypted, the one in `_index` is a blind index."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKeyConstraint, Integer, LargeBinary, String, Table

from core.tables import UtcDateTime, metadata

licence_share = Table(
    "licence_share",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("licence_id", String(40), nullable=False, index=True),
    Column("holder_kind", String(8), nullable=False),
    Column("holder_index", LargeBinary, nullable=False, index=True),
    Column("holder_enc", LargeBinary, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("purpose_enc", LargeBinary, nullable=False),
    Column("code_digest", String(64), nullable=False),
    Column("views_allowed", Integer, nullable=False),
    Column("views", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    ForeignKeyConstraint(["licence_id"], ["licence.id"]),
)
