"""Tables of files that are looked after so that their signatures last."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from core.tables import UtcDateTime, metadata

document_care = Table(
    "document_care",
    metadata,
    Column("signature_id", String(64), ForeignKey("seal_signature.id"), primary_key=True),
    Column("target", String(16), nullable=False),
    Column("due_at", UtcDateTime, index=True),  # none: nothing is ever due again
    Column("lease_until", UtcDateTime),
    Column("tries", Integer, nullable=False),
    Column("fault", String(64)),
)
