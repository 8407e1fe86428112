"""Table of authorisations; names and ID numbers are sealed, codes are kept as digests."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, LargeBinary, String, Table, text

from core.tables import UtcDateTime, metadata

authorisation = Table(
    "authorisation",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("organisation", ForeignKey("organisation.uscc"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("items", JSON, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("under", String(40), index=True),
    Column("agent", LargeBinary, nullable=False),
    Column("account_id", ForeignKey("account.id")),
    Column("code_digest", String(64), unique=True),
    Column("offered_until", UtcDateTime, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("accepted_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("ended_for", String(16)),
    Index(None, "account_id", "created_at"),
    Index(None, "organisation", "created_at"),
)

# one organisation has one legal representative at a time, whoever comes first
Index(
    "uq_authorisation_representative",
    authorisation.c.organisation,
    unique=True,
    sqlite_where=text("role = 'representative' AND state = 'active'"),
    postgresql_where=text("role = 'representative' AND state = 'active'"),
)
