"""Tables of lawful use: checks of cases, what was delivered, use codes."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKeyConstraint, Integer, LargeBinary, String, Table

from core.tables import UtcDateTime, metadata

exemption_check = Table(
    "exemption_check",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("client_id", String(128), nullable=False),
    Column("organisation", String(18), nullable=False),
    Column("holder_kind", String(8), nullable=False),
    Column("holder_enc", LargeBinary, nullable=False),
    Column("agent_kind", String(8)),
    Column("agent_enc", LargeBinary),
    Column("service_item", String(64), nullable=False),
    Column("case_number", String(64), nullable=False),
    Column("basis", String(200), nullable=False),
    Column("to_ask", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    Column("bundle", String(40)),
    Column("rounds", Integer, nullable=False),
)

exemption_delivery = Table(
    "exemption_delivery",
    metadata,
    Column("check_id", String(40), primary_key=True),
    Column("material", Integer, primary_key=True, autoincrement=False),
    Column("copy_id", String(40), nullable=False),
    Column("licence_id", String(40), nullable=False),
    ForeignKeyConstraint(["check_id"], ["exemption_check.id"]),
)

use_code = Table(
    "use_code",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),  # keyed; the code itself is nowhere
    Column("client_id", String(128), nullable=False),
    Column("organisation", String(18), nullable=False),
    Column("licence_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("type_code", String(21), nullable=False),
    Column("service_item", String(64), nullable=False),
    Column("case_number", String(64), nullable=False),
    Column("basis", String(200), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("consent_id", String(40)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    Column("max_uses", Integer, nullable=False),
    Column("uses", Integer, nullable=False),
)
