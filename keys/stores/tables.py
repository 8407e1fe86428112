"""Tables of the key store. They are no part of the domain's metadata: the key store is its own database."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, String, Table, text

from core.tables import UtcDateTime, metadata

VERSION = 2
RESTORING = -1  # a version that no program opens

key_metadata = MetaData(naming_convention=metadata.naming_convention)

key_store = Table(
    "key_store_version",
    key_metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("master_key_check", LargeBinary, nullable=False),
)

keys = Table(
    "keys",
    key_metadata,
    Column("key_id", String(64), primary_key=True),
    Column("purpose", String(160), nullable=False, index=True),
    Column("algorithm", String(16), nullable=False),
    Column(
        "state",
        String(16),
        CheckConstraint("state IN ('next','active','verify-only','retired')", name="state"),
        nullable=False,
    ),
    Column("uri", String(512), nullable=False),
    Column("public_key", LargeBinary),
    Column("sealed", LargeBinary),
    Column("created_at", UtcDateTime, nullable=False),
    Column("state_since", UtcDateTime, nullable=False),
)

# The database itself promises: at most one active and at most one next key per purpose.
for _state in ("active", "next"):
    _where = text(f"state = '{_state}'")
    Index(f"uq_keys_one_{_state}", keys.c.purpose, unique=True, sqlite_where=_where, postgresql_where=_where)
