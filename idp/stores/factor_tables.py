"""Tables of what people log in with besides passwords and keys, and of the rules that a log-in must meet."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table

from core.tables import UtcDateTime, metadata

authenticator = Table(
    "authenticator",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("name", LargeBinary, nullable=False),  # sealed
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("last_step", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("content", LargeBinary, nullable=False),  # sealed
    Column("revision", Integer, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

login_rule = Table(
    "login_rule",
    metadata,
    Column("subject", String(80), primary_key=True),
    Column("acr", String(64)),
    Column("refused", JSON, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)
