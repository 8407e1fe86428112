"""Tables of the statistics and of reminders: numbers by day, cases by their number, nothing about people."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKeyConstraint, Index, Integer, String, Table

from core.tables import UtcDateTime, metadata

use_statistic = Table(
    "use_statistic",
    metadata,
    Column("organisation", String(18), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("measure", String(16), primary_key=True),
    Column("service_item", String(64), primary_key=True),
    Column("type_code", String(21), primary_key=True),
    Column("mark", String(64), primary_key=True),
    Column("times", Integer, nullable=False),
    Index("ix_use_statistic_day", "day"),
)

statistic_case = Table(
    "statistic_case",
    metadata,
    Column("organisation", String(18), primary_key=True),
    Column("service_item", String(64), primary_key=True),
    Column("case_number", String(128), primary_key=True),
    Column("materials", Integer, nullable=False),
    Column("exempt", Integer, nullable=False),
    Column("day", Date, nullable=False, index=True),
)

job_position = Table(
    "job_position",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("position", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

licence_reminder = Table(
    "licence_reminder",
    metadata,
    Column("licence_id", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("days", Integer, primary_key=True, autoincrement=False),
    Column("lapses_on", Date, nullable=False, index=True),
    Column("told", Boolean, nullable=False),
    ForeignKeyConstraint(["licence_id"], ["licence.id"]),
)
