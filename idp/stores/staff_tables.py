"""Tables of departments' staff: who works where, and the roles that wait for a second person."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from core.tables import UtcDateTime, metadata
from idp.stores.tables import staff_role

staff_member = Table(
    "staff_member",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, unique=True),
    Column("department", ForeignKey("organisation.uscc"), nullable=False, index=True),
    Column("user_name", String(128), nullable=False),
    Column("user_key", String(255), nullable=False, unique=True),  # the user name without regard to case
    Column("external_id", String(128)),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("external_id"),
)

staff_proposal = Table(
    "staff_proposal",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("organisation", ForeignKey("organisation.uscc"), nullable=False),
    Column("role", String(32), nullable=False),
    Column("limits", JSON, nullable=False),
    Column("until", Date),
    Column("reason", String(400), nullable=False),
    Column("proposed_by", String(64), nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_by", String(64)),
    Column("decided_at", UtcDateTime, index=True),
    Column("note", String(400)),
    Index(None, "state", "id"),
)

# the database itself promises: at most one open proposal about a role of somebody
_open = text("state = 'open'")
Index(
    "uq_staff_proposal_open",
    staff_proposal.c.account_id,
    staff_proposal.c.organisation,
    staff_proposal.c.role,
    unique=True,
    sqlite_where=_open,
    postgresql_where=_open,
)

# and that nobody is two of the three administrators (三权分立), however two grants may meet
_administers = text("role IN ('system-administrator', 'security-administrator', 'audit-administrator')")
Index(
    "uq_staff_role_administrator",
    staff_role.c.account_id,
    unique=True,
    sqlite_where=_administers,
    postgresql_where=_administers,
)
