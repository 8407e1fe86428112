"""The audit log, as the tree sees it: a leaf's data is the hash of a chained row."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit.sql import read_head
from core.audit.tables import audit_event
from core.errors import Conflict
from core.text import Text
from core.transparency.log import TreeLog
from core.transparency.merkle import leaf_hash
from core.transparency.tables import audit_checkpoint, audit_tile


class AuditLog:
    """Implements `core.transparency.log.TreeLog`."""

    tiles = audit_tile
    checkpoints = audit_checkpoint

    async def size(self, connection: AsyncConnection) -> int:
        size, _ = await read_head(connection)
        return size

    async def leaves(self, connection: AsyncConnection, start: int, count: int) -> Sequence[bytes]:
        row = audit_event.c
        query = select(row.hash).where(row.number.between(start + 1, start + count)).order_by(row.number)
        return [leaf_hash(bytes(one)) for one in (await connection.execute(query)).scalars()]

    def changed(self, size: int) -> Conflict:
        return Conflict(
            "audit-log-changed",
            Text(
                f"审计日志的前 {size} 条与已签名的检查点不符，不再签发新的检查点。"
                "请运行 yizheng audit verify，找出第一条有问题的记录。",
                f"The first {size} rows of the audit log are not what was signed, so no further checkpoint is signed. "
                "Run yizheng audit verify to find the first bad row.",
            ),
        )


AUDIT_LOG: TreeLog = AuditLog()
