"""The table of proposed renewals. It is in the domain database, because every step is an audited unit of work."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, String, Table, text

from core.tables import UtcDateTime, metadata

renewal_proposal = Table(
    "renewal_proposal",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("line", String(200), nullable=False),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column(
        "state",
        String(16),
        CheckConstraint("state IN ('open','working','done','refused','withdrawn')", name="state"),
        nullable=False,
    ),
    Column("proposed_by", String(64), nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_by", String(64)),
    Column("state_since", UtcDateTime, nullable=False),
)

# The database itself promises: at most one undecided proposal for one thing.
_undecided = text("state IN ('open','working')")
Index(
    "uq_renewal_proposal_undecided",
    renewal_proposal.c.line,
    unique=True,
    sqlite_where=_undecided,
    postgresql_where=_undecided,
)
