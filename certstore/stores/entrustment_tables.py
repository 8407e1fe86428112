"""Tables of entrustments. Columns ending in `_enc` are encrypted, those ending in `_index` are blind indexes."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKeyConstraint, Integer, LargeBinary, String, Table

from core.tables import UtcDateTime, metadata

entrustment = Table(
    "entrustment",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("principal_kind", String(8), nullable=False),
    Column("principal_index", LargeBinary, nullable=False, index=True),
    Column("principal_enc", LargeBinary, nullable=False),
    Column("principal_name_enc", LargeBinary, nullable=False),
    Column("agent_kind", String(8), nullable=False),
    Column("agent_index", LargeBinary, nullable=False, index=True),
    Column("agent_enc", LargeBinary, nullable=False),
    Column("agent_name_enc", LargeBinary, nullable=False),
    Column("types", JSON, nullable=False),
    Column("items", JSON, nullable=False),
    Column("purpose_enc", LargeBinary, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False, index=True),
    Column("max_uses", Integer, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("answer_by", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("ended_for", String(16)),
)

entrustment_case = Table(
    "entrustment_case",
    metadata,
    Column("entrustment_id", String(40), primary_key=True),
    Column("organisation", String(18), primary_key=True),
    Column("service_item", String(64), primary_key=True),
    Column("case_number", String(64), primary_key=True),
    ForeignKeyConstraint(["entrustment_id"], ["entrustment.id"]),
)

entrustment_done = Table(
    "entrustment_done",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("entrustment_id", String(40), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("deed", String(16), nullable=False),
    Column("organisation", String(18), nullable=False),
    Column("service_item", String(64), nullable=False),
    Column("case_number", String(64), nullable=False),
    Column("types", JSON, nullable=False),
    Column("subjects", JSON, nullable=False),
    ForeignKeyConstraint(["entrustment_id"], ["entrustment.id"]),
)
