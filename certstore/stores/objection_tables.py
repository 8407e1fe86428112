"""Tables of objections. Columns ending in `_enc` are encrypted, the one in `_index` is a blind index."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKeyConstraint, Index, Integer, LargeBinary, String, Table, text

from core.tables import DOCUMENT_ADDRESS, UtcDateTime, metadata

_LIVING = text("state IN ('open', 'accepted')")

objection = Table(
    "objection",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("licence_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("type_code", String(21), nullable=False),
    Column("issuer", String(18), nullable=False),
    Column("holder_kind", String(8), nullable=False),
    Column("holder_index", LargeBinary, nullable=False, index=True),
    Column("holder_enc", LargeBinary, nullable=False),
    Column("about", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("closed_at", UtcDateTime, index=True),
    Column("corrected_version", Integer),
    ForeignKeyConstraint(["licence_id"], ["licence.id"]),
    Index("ix_objection_issuer_due", "issuer", "state", "due_on", "id"),
)

# of two who object to the same entry at the same time, the database lets one through
Index(
    "uq_objection_living",
    objection.c.licence_id,
    objection.c.about,
    objection.c.holder_index,
    unique=True,
    sqlite_where=_LIVING,
    postgresql_where=_LIVING,
)

objection_step = Table(
    "objection_step",
    metadata,
    Column("objection_id", String(40), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("act", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", String(128), nullable=False),
    Column("organisation", String(18)),
    Column("text_enc", LargeBinary, nullable=False),
    ForeignKeyConstraint(["objection_id"], ["objection.id"]),
)

objection_evidence = Table(
    "objection_evidence",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("objection_id", String(40), nullable=False, unique=True),
    Column("content", String(128), nullable=False, info={DOCUMENT_ADDRESS: True}),  # of the encrypted octets
    Column("media_type", String(40), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    ForeignKeyConstraint(["objection_id"], ["objection.id"]),
)
