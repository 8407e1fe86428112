"""Verifies the whole audit chain and names the first bad row."""

from __future__ import annotations

from dataclasses import dataclass

from core.audit.chain import GENESIS, fault_of
from core.audit.sql import read_chain, read_head
from core.db.database import Database


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What verification found.

    Attributes:
        rows: how many rows were good, from the first.
        bad_row: number of the first bad row, or None if all are good.
        fault: `gap`, `broken-link`, `changed` or `tail-cut`.
    """

    rows: int
    bad_row: int | None = None
    fault: str | None = None

    @property
    def whole(self) -> bool:
        return self.bad_row is None


async def verify_chain(database: Database) -> ChainVerdict:
    """Walk the chain from its first row; stop at the first that does not fit."""
    number, previous = 0, GENESIS
    async with database.read() as tx:
        head_number, head_hash = await read_head(tx.connection)
        async for row in read_chain(tx.connection):
            fault = fault_of(row, expected_number=number + 1, expected_previous=previous)
            if fault:
                return ChainVerdict(number, number + 1, fault)
            number, previous = row.number, row.hash
    if (number, previous) != (head_number, head_hash):
        return ChainVerdict(number, number + 1, "tail-cut")
    return ChainVerdict(number)
