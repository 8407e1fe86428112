"""Batches that lapse, documents that nobody needs any more, and what is past its time, in SQL."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import and_, delete, select, update

from core.db.database import WriteTx
from signing.batches.model import OVER, BatchState, FileState
from signing.stores.batch_tables import seal_batch, seal_batch_file

_own, _files = seal_batch.c, seal_batch_file.c
_RESTING = [BatchState.COLLECTING.value, BatchState.ASKED.value, BatchState.HALTED.value]
_OVER = [state.value for state in OVER]


class BatchUpkeepStore:
    """The part of `signing.batches.ports.BatchStore` that ends by time."""

    async def lapse(self, tx: WriteTx, *, now: dt.datetime, expires_at: dt.datetime, limit: int) -> int:
        due = and_(_own.state.in_(_RESTING), _own.expires_at <= now)
        chosen = select(_own.id).where(due).order_by(_own.expires_at).limit(limit)
        lapsed = await tx.connection.execute(
            update(seal_batch)
            .where(_own.id.in_(chosen.scalar_subquery()), due)
            .values(state=BatchState.LAPSED.value, changed_at=now, finished_at=now, expires_at=expires_at)
            .returning(_own.id, _own.receiver)
        )
        rows = lapsed.all()
        names = [row.id for row in rows]
        await tx.connection.execute(
            update(seal_batch_file)
            .where(_files.batch_id.in_(names), _files.state == FileState.WAITING.value)
            .values(state=FileState.CANCELLED.value, lease=None, leased_until=None)
        )
        told = [row.id for row in rows if row.receiver is not None]
        values = {"tell_at": now, "tell_since": now, "tell_tries": 0, "tell_result": None}
        await tx.connection.execute(update(seal_batch).where(_own.id.in_(told)).values(values))
        return len(rows)

    async def spare_documents(self, tx: WriteTx, *, limit: int) -> list[str]:
        needed = [FileState.WAITING.value, FileState.REFUSED.value]  # a refused file may be tried again
        query = (
            select(_files.id, _files.document)
            .where(_files.document.is_not(None), _files.state.not_in(needed))
            .limit(limit)
        )
        rows = (await tx.connection.execute(query.with_for_update(skip_locked=True))).all()
        chosen = [row.id for row in rows]
        await tx.connection.execute(update(seal_batch_file).where(_files.id.in_(chosen)).values(document=None))
        return [row.document for row in rows]

    async def forget(self, tx: WriteTx, *, now: dt.datetime, limit: int) -> int:
        past = select(_own.id).where(_own.state.in_(_OVER), _own.expires_at <= now).order_by(_own.expires_at).limit(1)
        batch_id = (await tx.connection.execute(past)).scalar_one_or_none()
        if batch_id is None:
            return 0
        mine = _files.batch_id == batch_id
        # one that was refused still has its document: it is let go of by the next look at spare documents
        cancelled = await tx.connection.execute(
            update(seal_batch_file)
            .where(mine, _files.document.is_not(None), _files.state == FileState.REFUSED.value)
            .values(state=FileState.CANCELLED.value)
        )
        bare = select(_files.id).where(mine, _files.document.is_(None)).limit(limit)
        gone = await tx.connection.execute(delete(seal_batch_file).where(_files.id.in_(bare.scalar_subquery())))
        left = select(_files.id).where(mine)
        removed = await tx.connection.execute(delete(seal_batch).where(_own.id == batch_id, ~left.exists()))
        return cancelled.rowcount + gone.rowcount + removed.rowcount
