"""Counters of licence numbers."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from core.tables import metadata

licence_number_series = Table(
    "licence_number_series",
    metadata,
    Column("type_code", String(21), primary_key=True),
    Column("series", String(120), primary_key=True),
    Column("last", Integer, nullable=False),  # drawn last; only grows
)
