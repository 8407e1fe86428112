"""The table of licences whose holder has died: ids and days, nothing about people."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKeyConstraint, Index, String, Table

from core.tables import UtcDateTime, metadata

holder_departure = Table(
    "holder_departure",
    metadata,
    Column("licence_id", String(40), primary_key=True),
    Column("reported_for", String(40), primary_key=True),  # the account that the report was about
    Column("issuer", String(18), nullable=False),
    Column("died_on", Date, nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["licence_id"], ["licence.id"]),
    Index("ix_holder_departure_issuer", "issuer", "reported_at"),
    Index("ix_holder_departure_reported_for", "reported_for"),
)
