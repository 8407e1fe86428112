"""Tables of the register of protected resources."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from core.tables import UtcDateTime, metadata

protected_resource = Table(
    "protected_resource",
    metadata,
    Column("identifier", String(1024), primary_key=True),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("access_token_format", String(16), nullable=False),
    Column("client_id", ForeignKey("client.id"), index=True),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# A scope belongs to one resource: whoever consents to it has consented to nothing elsewhere.
resource_scope = Table(
    "resource_scope",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("resource", ForeignKey("protected_resource.identifier", ondelete="CASCADE"), nullable=False, index=True),
    Column("words_zh", String(200), nullable=False),
    Column("words_en", String(200), nullable=False),
)
