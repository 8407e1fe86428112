"""Tables of Merkle trees over logs: whole tiles of hashes, signed checkpoints, and who else keeps them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from core.tables import UtcDateTime, metadata


def tile_table(name: str) -> Table:
    """Whole tiles of a log's tree."""
    return Table(
        name,
        metadata,
        Column("level", Integer, primary_key=True, autoincrement=False),  # 0 has the leaves, 1 the roots of level 0, …
        Column("place", BigInteger, primary_key=True, autoincrement=False),
        Column("hashes", LargeBinary, nullable=False),  # 256 of them, one after the other
        Column("root", LargeBinary(32), nullable=False),
    )


def checkpoint_table(name: str) -> Table:
    """What was signed of a log."""
    return Table(
        name,
        metadata,
        Column("size", BigInteger, primary_key=True, autoincrement=False),
        Column("root", LargeBinary(32), nullable=False),
        Column("note", Text, nullable=False),
        Column("made_at", UtcDateTime, nullable=False),
    )


audit_tile = tile_table("audit_tile")
audit_checkpoint = checkpoint_table("audit_checkpoint")

audit_witness = Table(
    "audit_witness",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("size", BigInteger, nullable=False),  # of the newest checkpoint that it keeps
    Column("root", LargeBinary(32)),
    Column("kept_at", UtcDateTime),
    Column("fault", String(40), nullable=False),  # why the newest is not there; empty when it is
    Column("answer", Text, nullable=False),  # what it signed, if it signs
)
