"""Tables of people's lives: further documents, accounts that are about to close, changes that two people decide."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from core.tables import UtcDateTime, metadata

person_document = Table(
    "person_document",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("number", LargeBinary, nullable=False),  # with its issuer, sealed
    Column("added_at", UtcDateTime, nullable=False),
    Column("proved_at", UtcDateTime),  # until then it is only what the person says, and no key
)

# As `account_index`, for documents: whoever proves one first is the person that has it.
person_document_index = Table(
    "person_document_index",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("document_id", ForeignKey("person_document.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
)

account_departure = Table(
    "account_departure",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
)

person_proposal = Table(
    "person_proposal",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("content", LargeBinary, nullable=False),  # what is to become of it, sealed
    Column("reason", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_by", String(64), nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("decided_by", String(64)),
    Column("decided_at", UtcDateTime),
)
