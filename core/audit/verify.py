"""Verifies the whole audit chain and names the first bad row.

The chain proves itself against change from within. Who can write the tables can also cut the tail or write the
whole chain anew; that is found against a checkpoint, a head that was kept somewhere else.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit.chain import GENESIS, ChainedRow
from core.audit.sql import read_chain, read_change, read_digest, read_head
from core.audit.walk import SEAM_BROKEN, ChainWalk, Seam


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the chain at some moment, to be kept outside the database.

    Attributes:
        number: of the last row, 0 for an empty log.
        hash: of the last row.
    """

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What verification found.

    Attributes:
        rows: how many rows were good, from the first.
        bad_row: number of the first bad row, or None if all are good.
        fault: `gap`, `broken-link`, `changed`; `tail-cut` and `beyond-head` for rows missing or too many at the
            end; `not-as-checkpointed` for a row that was another when the checkpoint was kept; `seam-broken` for a
            change to SM3 that is not what it says, or of which the head does not know.
        head: the last good row, to be kept as the next checkpoint.
        seam: where the chain changes to SM3.
    """

    rows: int
    bad_row: int | None = None
    fault: str | None = None
    head: Checkpoint = Checkpoint(0, GENESIS)
    seam: Seam | None = None

    @property
    def whole(self) -> bool:
        return self.bad_row is None


class _Look(Protocol):
    @property
    def connection(self) -> AsyncConnection: ...


class Readable(Protocol):
    """What can be read consistently: `core.db.database.Database`, which itself writes the log and so stands above."""

    def read(self) -> AbstractAsyncContextManager[_Look]: ...


async def verify_chain(database: Readable, checkpoint: Checkpoint | None = None) -> ChainVerdict:
    """Walk the chain from its first row; stop at the first that does not fit.

    Args:
        checkpoint: a head kept from earlier; the chain must still go through it.
    """
    async with database.read() as tx:
        end = Checkpoint(*await read_head(tx.connection))
        next_digest = await read_digest(tx.connection)
        walk = ChainWalk(await read_change(tx.connection))
        async for row in read_chain(tx.connection):
            fault = _fault(row, walk, end, checkpoint)
            if fault:
                return _bad(walk, fault)
            walk.take(row)
    good = Checkpoint(walk.number, walk.hash)
    if good != end or (checkpoint is not None and checkpoint.number > good.number):
        return _bad(walk, "tail-cut")
    if next_digest is not walk.digest:
        return _bad(walk, SEAM_BROKEN)
    return ChainVerdict(good.number, head=good, seam=walk.seam)


def _bad(walk: ChainWalk, fault: str) -> ChainVerdict:
    return ChainVerdict(walk.number, walk.number + 1, fault, Checkpoint(walk.number, walk.hash), walk.seam)


def _fault(row: ChainedRow, walk: ChainWalk, end: Checkpoint, checkpoint: Checkpoint | None) -> str | None:
    fault = walk.fault(row)
    if fault is None and row.number > end.number:
        return "beyond-head"
    if fault is None and checkpoint is not None and checkpoint.number == row.number and checkpoint.hash != row.hash:
        return "not-as-checkpointed"
    return fault
