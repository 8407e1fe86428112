"""The table of attachments. The column ending in `_enc` is encrypted."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table, UniqueConstraint

from core.tables import DOCUMENT_ADDRESS, UtcDateTime, metadata

# without a reference to `licence`: an attachment is there before the draft that it belongs to becomes one
licence_attachment = Table(
    "licence_attachment",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("licence_id", String(40), nullable=False),
    Column("issuer", String(18), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("name_enc", LargeBinary, nullable=False),
    Column("content", String(128), nullable=False, info={DOCUMENT_ADDRESS: True}),  # of the encrypted octets
    Column("media_type", String(40), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("made_at", UtcDateTime, nullable=False, index=True),
    Column("made_by", String(128), nullable=False),
    UniqueConstraint("licence_id", "ordinal"),
)
