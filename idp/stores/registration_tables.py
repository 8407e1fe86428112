"""Tables of registration: how clients came about, what waits for a second person, permits, refusals."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, text

from core.tables import UtcDateTime, metadata

registration_permit = Table(
    "registration_permit",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("note", String(200), nullable=False),
    Column("policy", JSON, nullable=False),
    Column("digest", String(64), unique=True),
    Column("issuer", String(255)),
    Column("jwks", JSON(none_as_null=True)),
    Column("uses", Integer, nullable=False),
    Column("most_uses", Integer),
    Column("clients", Integer, nullable=False),
    Column("most_clients", Integer, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),  # open, ended
    Column("expires_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
)

# at most one permit in force for the statements of one issuer
_in_force = text("state = 'open'")
Index(
    "uq_registration_permit_issuer",
    registration_permit.c.issuer,
    unique=True,
    sqlite_where=_in_force,
    postgresql_where=_in_force,
)

client_registration = Table(
    "client_registration",
    metadata,
    Column("client_id", ForeignKey("client.id", ondelete="CASCADE"), primary_key=True),
    Column("origin", String(16), nullable=False),
    Column("registered_by", String(64), nullable=False),
    Column("permit_id", ForeignKey("registration_permit.id"), index=True),
    Column("policy", JSON(none_as_null=True)),
    Column("access_digest", String(64)),
    Column("statement", String(16384)),
    Column("revision", Integer, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

client_proposal = Table(
    "client_proposal",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("client_id", ForeignKey("client.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("description", JSON, nullable=False),
    Column("changed", JSON, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("organisation", String(18)),
    Column("proposed_by", String(64), nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_by", String(64)),
    Column("decided_at", UtcDateTime),
    Column("note", String(400)),
    Index(None, "state", "id"),
)

# the database itself promises: at most one open proposal about a client
_open = text("state = 'open'")
Index(
    "uq_client_proposal_open",
    client_proposal.c.client_id,
    unique=True,
    sqlite_where=_open,
    postgresql_where=_open,
)

client_error = Table(
    "client_error",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("client_id", ForeignKey("client.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("endpoint", String(32), nullable=False),
    Column("error", String(64), nullable=False),
    Column("description", String(400), nullable=False),
    Column("detail", String(200), nullable=False),
    Column("request_id", String(64)),
    Column("times", Integer, nullable=False),
    Index(None, "client_id", "id"),
)
