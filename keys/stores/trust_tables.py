"""The log of trust lists, and the certificates under which we sign ours."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from core.tables import UtcDateTime
from keys.stores.tables import key_metadata

trust_lists = Table(
    "trust_lists",
    key_metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),  # one number for each change of any list
    Column("source", String(200), nullable=False, index=True),
    Column("sequence", Integer, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("signer", LargeBinary, nullable=False),  # the pinned public key; empty for our own list
    Column("document", LargeBinary),  # None: the list was given up
    Column("changed_by", String(200), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

trust_signers = Table(
    "trust_signers",
    key_metadata,
    Column("key_id", String(64), primary_key=True),
    Column("certificate", LargeBinary, nullable=False),
)
