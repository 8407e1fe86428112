"""Face templates that administrators wrote."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, String, Table
from sqlalchemy import Text as LongText

from core.tables import UtcDateTime, metadata

face_template = Table(
    "face_template",
    metadata,
    Column("name", String(30), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("title_zh", String(200), nullable=False),
    Column("title_en", String(200), nullable=False),
    Column("source", LongText, nullable=False),
    Column("seal_page", Integer, nullable=False),
    Column("seal_x_mm", Float, nullable=False),
    Column("seal_y_mm", Float, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    Column("published_by", String(128), nullable=False),
)
