"""Tables of re-encryption. They are in the domain database, so that a batch and its progress are one transaction."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from core.tables import UtcDateTime, metadata

reencryption_job = Table(
    "reencryption_job",
    metadata,
    Column("name", String(64), primary_key=True),  # of the collection of values
    Column("target", String(64), nullable=False),  # digest of the keys that its values are to be under
    Column("state", String(16), nullable=False),
    Column("cursor", String(400)),  # the last row looked at in this round
    Column("found", Integer, nullable=False),  # values that were to be written anew when the job began
    Column("rewritten", Integer, nullable=False),
    Column("moved", Integer, nullable=False),  # how many of them in this round
    Column("overtaken", Integer, nullable=False),  # rows of this round that somebody changed meanwhile
    Column("faulty", Integer, nullable=False),  # rows of this round whose values do not open
    Column("began_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("lease", String(40)),  # which worker has the next batch, and until when
    Column("leased_until", UtcDateTime),
)

discarded_document = Table(
    "discarded_document",
    metadata,
    Column("address", String(128), primary_key=True),  # in the document store
    Column("due_at", UtcDateTime, nullable=False, index=True),  # nobody can be reading it any more
)
