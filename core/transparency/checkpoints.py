"""Signs what a log is at some moment, so that nobody can later cut, change or exchange it unseen (L-14).

A checkpoint is signed only if the one before it is still what the log begins with: a log that was changed under a
signature gets no further ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock
from core.db.database import Database, ReadTx, WriteTx
from core.transparency.checkpoint_note import NoteSignature, SignedHead, TreeHead, read_note
from core.transparency.log import TreeLog
from core.transparency.ports import NoteSigner
from core.transparency.tiles import RowsMissing, TileTree

_TILES_AT_ONCE = 16  # 4,096 rows: writers of an embedded database wait for it, for some milliseconds


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint as it was signed, and when."""

    size: int
    root: bytes
    note: str
    made_at: dt.datetime

    def signed(self) -> SignedHead:
        return read_note(self.note)


class Checkpoints:
    """The use cases.

    Args:
        origin: the log's name for all time, e.g. `yizheng.example.gov.cn/audit`.
    """

    def __init__(self, database: Database, signer: NoteSigner, clock: Clock, *, log: TreeLog, origin: str) -> None:
        self.log = log
        self._database = database
        self._signer = signer
        self._clock = clock
        self.origin = origin

    async def make(self) -> KeptCheckpoint | None:
        """Sign the log as it is now; None if it has not grown since the newest checkpoint.

        Raises:
            Conflict: `TreeLog.changed`: the log does not begin with what was signed before.
            Unavailable: the key does not answer.
        """
        await self._grow()
        async with self._database.read() as tx:
            size = await self.log.size(tx.connection)
            newest = await self.newest(tx)
            if newest is not None:
                await self._check_continues(tx, newest, size)
            if size == (newest.size if newest else 0):
                return None
            try:
                root = await self.tree(tx).root(size)
            except RowsMissing:
                raise self.log.changed(size) from None
        return await self._keep(await self._sign(TreeHead(self.origin, size, root)))

    def tree(self, tx: ReadTx | WriteTx) -> TileTree:
        """The log's tree, as this unit sees it."""
        return TileTree(tx.connection, self.log)

    async def newest(self, tx: ReadTx, *, covering: int = 0) -> KeptCheckpoint | None:
        """The newest checkpoint, if it has at least `covering` rows."""
        found = await self.page(tx, limit=1)
        return found[0] if found and found[0].size >= covering else None

    async def page(self, tx: ReadTx, *, before: int | None = None, limit: int = 20) -> Sequence[KeptCheckpoint]:
        """The newest first; with `before` only those of fewer rows."""
        query = select(self.log.checkpoints).order_by(self.log.checkpoints.c.size.desc()).limit(limit)
        if before is not None:
            query = query.where(self.log.checkpoints.c.size < before)
        return [_kept(row) for row in await tx.connection.execute(query)]

    async def of_size(self, tx: ReadTx, size: int) -> KeptCheckpoint | None:
        kept = self.log.checkpoints
        row = (await tx.connection.execute(select(kept).where(kept.c.size == size))).first()
        return _kept(row) if row else None

    async def _grow(self) -> None:
        while True:
            async with self._database.write() as tx:
                size = await self.log.size(tx.connection)
                try:
                    added = await self.tree(tx).grow(size, most=_TILES_AT_ONCE)
                except RowsMissing:
                    raise self.log.changed(size) from None
                await tx.commit()
            if added < _TILES_AT_ONCE:
                return

    async def _check_continues(self, tx: ReadTx, newest: KeptCheckpoint, size: int) -> None:
        try:
            same = size >= newest.size and await self.tree(tx).root(newest.size) == newest.root
        except RowsMissing:
            same = False
        if not same:
            raise self.log.changed(newest.size)

    async def _sign(self, head: TreeHead) -> SignedHead:
        text = head.text()
        key_id, signature = await self._signer.sign(self.origin, text)
        return SignedHead(head, (NoteSignature(self.origin, key_id, signature),), text)

    async def _keep(self, signed: SignedHead) -> KeptCheckpoint:
        head = signed.head
        made = KeptCheckpoint(head.size, head.root, signed.note, self._clock.now())
        async with self._database.write() as tx:
            insert_into = postgresql.insert if tx.connection.dialect.name == "postgresql" else sqlite.insert
            row = {"size": made.size, "root": made.root, "note": made.note, "made_at": made.made_at}
            # of two workers that sign the same moment, the first is kept: both say the same
            await tx.connection.execute(insert_into(self.log.checkpoints).values(row).on_conflict_do_nothing())
            await tx.commit()
        return made


def _kept(row: object) -> KeptCheckpoint:
    return KeptCheckpoint(row.size, bytes(row.root), row.note, row.made_at)  # type: ignore[attr-defined]  # a row
