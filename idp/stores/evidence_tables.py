"""Tables of the evidence for real names, of proofs at windows, and of what was read of the sources' feeds."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, SmallInteger, String, Table

from core.tables import UtcDateTime, metadata

identity_evidence = Table(
    "identity_evidence",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("source", String(80), nullable=False),
    Column("result", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("by", String(100), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("reference", String(120), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_for", String(40), nullable=False),
    Index(None, "account_id", "id"),
    Index(None, "ended_at", "expires_at"),
)

# What one clerk saw, until another has looked as well. The unique `waiting` is the account's id while the question is
# open: there is one at a time.
window_proof = Table(
    "window_proof",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("organisation", String(18), nullable=False),
    Column("state", String(16), nullable=False),
    Column("waiting", String(40), unique=True),
    Column("document", String(32), nullable=False),
    Column("document_until", Date),
    Column("reference", String(120), nullable=False),
    Column("recorded_by", String(40), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("decided_by", String(40)),
    Column("decided_at", UtcDateTime),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "organisation", "state", "id"),
    Index(None, "expires_at"),
)

source_position = Table(
    "source_position",
    metadata,
    Column("feed", String(40), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
)
