"""Tables of the certificate register and of revocation lists."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, String, Table, text

from core.tables import UtcDateTime
from keys.stores.tables import key_metadata

authorities = Table(
    "authorities",
    key_metadata,
    Column("key_id", String(64), primary_key=True),
    Column("name", String(32), nullable=False),
    Column("slug", String(40), nullable=False, unique=True),
    Column("generation", Integer, nullable=False),
    Column("changes", BigInteger, nullable=False),
    Column("list_number", BigInteger, nullable=False),
    Column("making_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

register = Table(
    "certificate_register",
    key_metadata,
    Column("sha256", String(64), primary_key=True),
    Column("serial", String(64), nullable=False),
    Column("issuer", String(32), nullable=False),
    Column("issuer_key_id", String(64), nullable=False),
    Column("profile", String(16), nullable=False),
    Column("purpose", String(160), nullable=False, index=True),
    Column("subject_key_id", String(64), nullable=False),
    Column("edition", Integer, nullable=False),
    Column("subject", String(600), nullable=False),
    Column("organisation", String(64), index=True),
    Column("code", String(64), index=True),
    Column("der", LargeBinary, nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("origin", String(8), CheckConstraint("origin IN ('own','external')", name="origin"), nullable=False),
    Column("status", String(8), CheckConstraint("status IN ('good','held','revoked')", name="status"), nullable=False),
    Column("reason", String(24)),
    Column("revoked_at", UtcDateTime),
    Column("invalidity_at", UtcDateTime),
    Column("change", BigInteger, nullable=False),
    Column("part", Integer, nullable=False),
    CheckConstraint("(status = 'good') = (revoked_at IS NULL)", name="since"),
)

# The database itself promises: an issuer gives a number once (RFC 5280 §4.1.2.2), and of several workers that
# certify the same key at the same time one wins.
Index("uq_certificate_register_number", register.c.issuer_key_id, register.c.serial, unique=True)
Index("uq_certificate_register_edition", register.c.subject_key_id, register.c.edition, unique=True)
Index("ix_certificate_register_newest", register.c.created_at.desc(), register.c.sha256)
_bad = text("status <> 'good'")
Index(
    "ix_certificate_register_bad", register.c.issuer_key_id, register.c.part, sqlite_where=_bad, postgresql_where=_bad
)
Index("ix_certificate_register_change", register.c.issuer_key_id, register.c.change)

revocation_lists = Table(
    "revocation_lists",
    key_metadata,
    Column("authority_key_id", String(64), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),  # -1 for the whole
    Column("number", BigInteger, nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("this_update", UtcDateTime, nullable=False),
    Column("next_update", UtcDateTime, nullable=False),
    Column("changes", BigInteger, nullable=False),
    Column("entries", Integer, nullable=False),
)
