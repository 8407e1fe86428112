"""Tables of the audit log: the chained rows and the head that serialises appends."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, String, Table

from core.tables import metadata

audit_event = Table(
    "audit_event",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),  # ISO 8601 in UTC with microseconds, as hashed
    Column("action", String(64), nullable=False, index=True),
    Column("outcome", String(16), nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(128), nullable=False, index=True),
    Column("actor_organisation", String(18)),
    Column("session", String(64)),
    Column("subject", String(128), index=True),
    Column("service_item", String(64)),
    Column("case_number", String(128)),
    Column("basis", String(200)),
    Column("detail", JSON, nullable=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("digest", String(16), nullable=False, server_default="sha256"),  # of the next row
)
