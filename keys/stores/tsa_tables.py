"""The counter of time-stamp serial numbers."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Table

from core.tables import UtcDateTime
from keys.stores.tables import key_metadata

tsa_serials = Table(
    "tsa_serials",
    key_metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("next", BigInteger, nullable=False),
    Column("latest", UtcDateTime, nullable=False),
)
