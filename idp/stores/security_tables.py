"""Tables of what guards the log-in: security events, and devices that people logged in from."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table

from core.tables import UtcDateTime, metadata

security_event = Table(
    "security_event",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("account_id", String(40)),
    Column("source", String(64)),
    Column("client_id", String(64)),
    Column("detail", JSON, nullable=False),
    Column("times", Integer, nullable=False),
    Index(None, "severity", "id"),
    Index(None, "account_id", "id"),
)

known_device = Table(
    "known_device",
    metadata,
    Column("id", String(64), primary_key=True),  # keyed digest of the account and the device's cookie
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("user_agent", String(255), nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False, index=True),
    Index(None, "account_id", "seen_at"),
)
