"""Tables of the public log of signatures."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from core.tables import metadata
from core.transparency.tables import checkpoint_table, tile_table

# Written in the unit of what it tells. `place` comes later, when the entry is committed for sure: places have no gaps,
# and nobody sees a later one before an earlier one.
seal_log_entry = Table(
    "seal_log_entry",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("place", BigInteger, unique=True),
    Column("document", String(64), index=True),  # SHA-256 of the sealed file; none for what happened to a seal
    Column("body", LargeBinary, nullable=False),
)

seal_log_end = Table(
    "seal_log_end",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("size", BigInteger, nullable=False),
)

seal_log_tile = tile_table("seal_log_tile")
seal_log_checkpoint = checkpoint_table("seal_log_checkpoint")
