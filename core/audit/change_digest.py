"""Changes the chain from SHA-256 to SM3 (GB/T 32905): one row, in one transaction, that binds what was to what comes.

The rows before it are first read and proved without holding anybody up. Then the log's head is locked, the few rows
that came meanwhile are read too, and the row of the change is written with the head. Broken off at any moment it leaves
nothing; of several that are run at once one changes, and the others find it changed.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit.chain import CHANGE, ChainDigest, row_hash
from core.audit.event import AuditEvent
from core.audit.sql import Head, content_of, lock_head, read_chain, read_digest, read_head
from core.audit.tables import audit_event, audit_head
from core.audit.walk import SEAM_BROKEN, ChainWalk, OldRows, Seam, change_detail
from core.clock import Clock
from core.errors import Conflict
from core.principal import Principal
from core.text import Text

FEW = 500
"""Rows that are read while the log's head is held."""

_MOST_TURNS = 20  # without the head; each is shorter than the one before


class _Look(Protocol):
    @property
    def connection(self) -> AsyncConnection: ...


class _Unit(_Look, Protocol):
    async def commit(self) -> None: ...


class Writable(Protocol):
    """`core.db.database.Database`, which stands above."""

    def read(self) -> AbstractAsyncContextManager[_Look]: ...

    def write(self) -> AbstractAsyncContextManager[_Unit]: ...


@dataclass(slots=True)
class _Read:
    """How far the old rows were read."""

    walk: ChainWalk
    old: OldRows

    async def on(self, connection: AsyncConnection, until: int) -> None:
        """
        Raises:
            Conflict: `audit-log-broken`.
        """
        async for row in read_chain(connection, after=self.walk.number if self.walk.number else -1):
            if row.number > until:
                break
            fault = self.walk.fault(row)
            if fault is not None:
                raise _broken(self.walk.number + 1, fault)
            self.walk.take(row)
            self.old.take(row)
        if self.walk.seam is not None:  # the head knows of no change
            raise _broken(self.walk.seam.row, SEAM_BROKEN)
        if self.walk.number != until:
            raise _broken(self.walk.number + 1, "tail-cut")


async def change_to_sm3(database: Writable, actor: Principal, clock: Clock) -> Seam | None:
    """The change that was made; None where the chain is by SM3 already.

    Raises:
        Conflict: `audit-log-broken`: what is broken is not bound anew, for then it would count as proved.
    """
    read = _Read(ChainWalk(None), OldRows())
    for _ in range(_MOST_TURNS):
        async with database.read() as look:
            if await read_digest(look.connection) is ChainDigest.SM3:
                return None
            number, _digest = await read_head(look.connection)
            behind = number - read.walk.number
            await read.on(look.connection, number)
        if behind <= FEW:
            break
    async with database.write() as unit:
        head = await lock_head(unit.connection)
        if head.digest is ChainDigest.SM3:
            return None
        await read.on(unit.connection, head.number)
        if read.walk.hash != head.hash:
            raise _broken(head.number + 1, "beyond-head")
        seam = await _write(unit.connection, head, read.old, actor, clock)
        await unit.commit()
    return seam


async def _write(connection: AsyncConnection, head: Head, old: OldRows, actor: Principal, clock: Clock) -> Seam:
    event = AuditEvent(CHANGE, "done", actor, detail=change_detail(head.number, head.hash, old.hash))
    number, content = head.number + 1, content_of(event, clock.now())
    digest = row_hash(number, head.hash, content, ChainDigest.SM3)
    await connection.execute(insert(audit_event).values(number=number, **content, previous=head.hash, hash=digest))
    moved = update(audit_head).where(audit_head.c.id == 1)
    await connection.execute(moved.values(number=number, hash=digest, digest=str(ChainDigest.SM3)))
    return Seam(number, old.hash, proved=True)


def _broken(row: int, fault: str) -> Conflict:
    return Conflict(
        "audit-log-broken",
        Text(
            f"审计日志从第 {row} 条起有问题，没有改用 SM3。请运行 yizheng audit verify 查看，并保全数据库。",
            f"The audit log is bad at row {row}, so it was not changed to SM3. Run yizheng audit verify, and secure "
            "the database.",
        ),
        private=fault,
    )
