"""Messages about batches that are due, in SQL."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from core.db.database import WriteTx
from keys.ports import FieldCipher
from signing.batches.ports import Told
from signing.stores.batch_rows import batch_of
from signing.stores.batch_tables import seal_batch

_own = seal_batch.c


class BatchTelling:
    """The part of `signing.batches.ports.BatchStore` that tells others. The moment that is written is the claim."""

    _fields: FieldCipher

    async def tell(self, tx: WriteTx, batch_id: str, now: dt.datetime) -> None:
        """Have the receiver told, beginning now; a message that is still on its way gives way to this one."""
        values = {"tell_at": now, "tell_since": now, "tell_tries": 0, "tell_result": None}
        await tx.connection.execute(update(seal_batch).where(_own.id == batch_id).values(values))

    async def due_to_tell(self, tx: WriteTx, *, now: dt.datetime, until: dt.datetime) -> Told | None:
        due = _own.tell_at <= now
        query = select(_own.id).where(due).order_by(_own.tell_at).limit(1).with_for_update(skip_locked=True)
        batch_id = (await tx.connection.execute(query)).scalar_one_or_none()
        if batch_id is None:
            return None
        values = {"tell_at": until, "tell_tries": _own.tell_tries + 1}
        claimed = await tx.connection.execute(
            update(seal_batch).where(_own.id == batch_id, due).values(values).returning(seal_batch)
        )
        row = claimed.mappings().one_or_none()
        if row is None:
            return None
        batch = batch_of(row, self._fields)
        return Told(batch, row["receiver"], row["tell_tries"], row["tell_since"], until)

    async def told(self, tx: WriteTx, told: Told, *, again_at: dt.datetime | None, result: str) -> bool:
        done = await tx.connection.execute(
            update(seal_batch)
            .where(_own.id == told.batch.id, _own.tell_at == told.claim)
            .values(tell_at=again_at, tell_result=result[:64])
        )
        return done.rowcount == 1
