"""The public log of signatures in SQL (SQLite and PostgreSQL), and what a tree over it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db.database import ReadTx, WriteTx
from core.errors import Conflict
from core.text import Text
from core.transparency.log import TreeLog
from core.transparency.merkle import leaf_hash
from signing.public_log.entry import LogEntry
from signing.public_log.ports import PublicLogStore
from signing.stores.log_tables import seal_log_checkpoint, seal_log_end, seal_log_entry, seal_log_tile
from signing.stores.tables import seal_signature

_PART = 1000
_WAITING = select(seal_log_entry.c.id).where(seal_log_entry.c.place.is_(None))
_END = select(seal_log_end).where(seal_log_end.c.id == 1)


async def enter(tx: WriteTx, entry: LogEntry) -> None:
    """Write an entry in the unit of what it tells."""
    await tx.connection.execute(insert(seal_log_entry).values(document=entry.document, body=entry.body()))


class SqlPublicLog:
    """Implements `signing.public_log.ports.PublicLogStore`."""

    async def waiting(self, tx: ReadTx) -> bool:
        return bool((await tx.connection.execute(_WAITING.limit(1))).all())

    async def number(self, tx: WriteTx, *, limit: int) -> int:
        size = (await self._locked(tx)).size
        # read under the lock: what another one placed meanwhile is not seen here again
        query = _WAITING.order_by(seal_log_entry.c.id).limit(limit)
        found = (await tx.connection.execute(query)).scalars().all()
        if not found:
            return 0
        place = update(seal_log_entry).where(seal_log_entry.c.id == bindparam("row_id"))
        rows = [{"row_id": row, "new_place": size + n} for n, row in enumerate(found)]
        await tx.connection.execute(place.values(place=bindparam("new_place")), rows)
        await tx.connection.execute(update(seal_log_end).values(size=size + len(found)))
        return len(found)

    async def size(self, tx: ReadTx) -> int:
        return await _size(tx.connection)

    async def place_of(self, tx: ReadTx, document: str) -> tuple[int, bytes] | None:
        entry = seal_log_entry.c
        query = select(entry.place, entry.body).where(entry.document == document, entry.place.is_not(None))
        row = (await tx.connection.execute(query.order_by(entry.place).limit(1))).first()
        return (row.place, bytes(row.body)) if row else None

    async def enters(self, tx: ReadTx, document: str) -> bool:
        return bool((await tx.connection.execute(_WAITING.where(seal_log_entry.c.document == document))).all())

    async def bodies(self, tx: ReadTx, start: int, count: int) -> Sequence[bytes]:
        return await _bodies(tx.connection, start, count)

    async def all_bodies(self, tx: ReadTx, *, until: int) -> AsyncIterator[bytes]:
        for start in range(0, until, _PART):
            for body in await _bodies(tx.connection, start, min(_PART, until - start)):
                yield body

    async def not_entered(self, tx: ReadTx) -> int:
        used, entry = seal_signature.c, seal_log_entry.c
        entered = select(entry.id).where(entry.document == used.digest_after)
        # uses from before the log was there name no certificate
        query = select(func.count()).where(used.certificate.is_not(None), ~entered.exists())
        return int((await tx.connection.execute(query)).scalar_one())

    async def _locked(self, tx: WriteTx) -> Row[Any]:
        insert_into = postgresql.insert if tx.connection.dialect.name == "postgresql" else sqlite.insert
        await tx.connection.execute(insert_into(seal_log_end).values(id=1, size=0).on_conflict_do_nothing())
        return (await tx.connection.execute(_END.with_for_update())).one()


class SignatureLog:
    """Implements `core.transparency.log.TreeLog`: a leaf's data is an entry's body."""

    tiles = seal_log_tile
    checkpoints = seal_log_checkpoint

    async def size(self, connection: AsyncConnection) -> int:
        return await _size(connection)

    async def leaves(self, connection: AsyncConnection, start: int, count: int) -> Sequence[bytes]:
        return [leaf_hash(one) for one in await _bodies(connection, start, count)]

    def changed(self, size: int) -> Conflict:
        return Conflict(
            "signature-log-changed",
            Text(
                f"用印公开日志的前 {size} 条与已签名的检查点不符，不再签发新的检查点。"
                "请运行 yizheng signature-log verify。",
                f"The first {size} entries of the public log of signatures are not what was signed, so no further "
                "checkpoint is signed. Run yizheng signature-log verify.",
            ),
        )


async def _size(connection: AsyncConnection) -> int:
    row = (await connection.execute(_END)).one_or_none()
    return row.size if row else 0


async def _bodies(connection: AsyncConnection, start: int, count: int) -> list[bytes]:
    entry = seal_log_entry.c
    query = select(entry.body).where(entry.place.between(start, start + count - 1)).order_by(entry.place)
    return [bytes(one) for one in (await connection.execute(query)).scalars()]


SIGNATURE_LOG: TreeLog = SignatureLog()
_: type[PublicLogStore] = SqlPublicLog
