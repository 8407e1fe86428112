"""Table of backchannel authentication requests."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table

from core.tables import UtcDateTime, metadata

backchannel_request = Table(
    "backchannel_request",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("client_id", ForeignKey("client.id"), nullable=False),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("resources", JSON, nullable=False),
    Column("authorization_details", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_at", UtcDateTime),
    Column("family_id", String(40)),
    Column("notice", String(16)),
    Column("notice_attempts", Integer, nullable=False),
    Column("notice_due_at", UtcDateTime),
    Column("notice_result", String(64)),
    Index(None, "account_id", "state"),
    Index(None, "notice", "notice_due_at"),
)
