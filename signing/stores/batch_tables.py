"""Tables of batches and their files."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from core.tables import DOCUMENT_ADDRESS, UtcDateTime, metadata

seal_batch = Table(
    "seal_batch",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seal_id", String(64), ForeignKey("seal.id"), nullable=False, index=True),
    Column("owner_kind", String(16), nullable=False),
    Column("owner", String(128), nullable=False),
    Column("owner_organisation", String(18)),
    Column("wishes", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("name_key_enc", LargeBinary, nullable=False),
    Column("files", Integer, nullable=False),
    Column("octets", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    # a second person's decision over all of it
    Column("grant_id", String(64)),
    Column("digest", String(64)),
    Column("decided_by", String(128)),
    Column("decided_at", UtcDateTime),
    Column("answer", String(200)),
    Column("approved_until", UtcDateTime),
    # why it was halted
    Column("halt_code", String(64)),
    Column("halt_zh", String(400)),
    Column("halt_en", String(400)),
    # whose turn it is
    Column("served_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("stumbles", Integer, nullable=False),
    # who is told
    Column("receiver", String(64)),
    Column("tell_at", UtcDateTime, index=True),
    Column("tell_since", UtcDateTime),
    Column("tell_tries", Integer, nullable=False),
    Column("tell_result", String(64)),
    Index("ix_seal_batch_owner", "owner_kind", "owner"),
    Index("ix_seal_batch_turn", "state", "served_at"),
)

# which workers have, and how each file came out; what it was goes when nobody needs it any more
seal_batch_file = Table(
    "seal_batch_file",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("batch_id", String(64), ForeignKey("seal_batch.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name_enc", LargeBinary, nullable=False),
    Column("name_digest", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("octets", BigInteger, nullable=False),
    Column("document", String(128), info={DOCUMENT_ADDRESS: True}),
    Column("state", String(16), nullable=False),
    Column("signature_id", String(64)),
    Column("fault_code", String(64)),
    Column("fault_zh", String(400)),
    Column("fault_en", String(400)),
    Column("tries", Integer, nullable=False),
    Column("lease", String(32)),
    Column("leased_until", UtcDateTime),
    UniqueConstraint("batch_id", "name_digest"),
    Index("ix_seal_batch_file_turn", "batch_id", "state", "number"),
)
