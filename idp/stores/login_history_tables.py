"""Table of the log-ins that people look back on."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from core.tables import UtcDateTime, metadata

login_record = Table(
    "login_record",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("outcome", String(16), nullable=False),
    Column("method", String(80), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("user_agent", String(255), nullable=False),
    Column("source", String(64), nullable=False),
    Column("session_id", String(40)),
    Column("times", Integer, nullable=False),
    Index(None, "account_id", "outcome", "id"),
)
