"""Tables beside the licences: drafts, proposals of endings, transfers. Columns ending in `_enc` are encrypted."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, text

from core.tables import UtcDateTime, metadata

licence_draft = Table(
    "licence_draft",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("type_code", String(21), nullable=False),
    Column("issuer", String(18), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("made_by", String(128), nullable=False),
    Column("maker_kind", String(16), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False, index=True),
    Column("content_enc", LargeBinary, nullable=False),  # holders, face data, number, dates
)

ending_proposal = Table(
    "ending_proposal",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("licence_id", String(40), nullable=False, index=True),
    Column("issuer", String(18), nullable=False),
    Column("type_code", String(21), nullable=False),
    Column("event", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("reason_enc", LargeBinary, nullable=False),
    Column("proposed_by", String(128), nullable=False),
    Column("proposer_name_enc", LargeBinary, nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_by", String(128)),
    Column("decided_at", UtcDateTime, index=True),
    Index("ix_ending_proposal_waiting", "issuer", "state"),
)

# of two who propose the same, the database lets one through
Index(
    "uq_ending_proposal_open",
    ending_proposal.c.licence_id,
    ending_proposal.c.event,
    unique=True,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)

licence_transfer = Table(
    "licence_transfer",
    metadata,
    Column("identifier", String(140), primary_key=True),  # of the licence that was transferred
    Column("licence_id", String(40), nullable=False),  # what it became
)
