"""Tables of seals in their national form, and of what departments want."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, String, Table, false

from core.tables import UtcDateTime, metadata

# every edition that a seal has or had: what was stamped with a former one is verified for ever
seal_national = Table(
    "seal_national",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seal_id", String(64), ForeignKey("seal.id"), nullable=False, index=True),
    Column("key_id", String(64), nullable=False),
    Column("certificates", LargeBinary, nullable=False),  # DER, one after the other
    Column("certificate_digest", String(64), nullable=False, unique=True),  # SHA-256
    Column("encoded", LargeBinary, nullable=False),  # SESeal, DER
    Column("digest", String(64), nullable=False, unique=True),  # SM3
    Column("esid", String(64), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_to", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("settled", Boolean, nullable=False, server_default=false()),
)
Index(
    "ix_seal_national_current",
    seal_national.c.seal_id,
    unique=True,
    sqlite_where=seal_national.c.ended_at.is_(None),
    postgresql_where=seal_national.c.ended_at.is_(None),
)

# what a department wants for its seals where an application does not say
seal_department = Table(
    "seal_department",
    metadata,
    Column("organisation", String(18), primary_key=True),
    Column("profile", String(16), nullable=False),
    Column("set_by", String(128), nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)
