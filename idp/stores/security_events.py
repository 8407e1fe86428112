"""Security events in SQL; bounded in number and age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, or_, select

from core.db.database import ReadTx, WriteTx
from idp.security_events.model import SecurityEvent, SecurityEventKind, Severity
from idp.security_events.ports import SecurityEventStore
from idp.stores.security_tables import security_event as table
from idp.stores.some import delete_some


class SqlSecurityEventStore:
    """Implements `idp.security_events.ports.SecurityEventStore`."""

    async def add(self, tx: WriteTx, events: Sequence[SecurityEvent]) -> None:
        rows = [
            {name: getattr(one, name) for name in table.c.keys()}  # noqa: SIM118 - not a dict
            | {"kind": one.kind.value, "severity": one.severity.value, "detail": dict(one.detail)}
            for one in events
        ]
        await tx.connection.execute(insert(table), rows)

    async def page(
        self,
        tx: ReadTx,
        *,
        before: str | None,
        after: str | None,
        limit: int,
        severity: Severity | None = None,
        account_id: str | None = None,
    ) -> Sequence[SecurityEvent]:
        query = select(table).order_by(table.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(table.c.id < before)
        if after is not None:
            query = query.where(table.c.id > after)
        if severity is not None:
            query = query.where(table.c.severity == severity.value)
        if account_id is not None:
            query = query.where(table.c.account_id == account_id)
        return [_event(row) for row in await tx.connection.execute(query)]

    async def trim(self, tx: WriteTx, *, before: dt.datetime, keep: int) -> int:
        beyond = select(table.c.id).order_by(table.c.id.desc()).offset(keep).limit(1)
        return await delete_some(tx, table, or_(table.c.at < before, table.c.id <= beyond.scalar_subquery()))


def _event(row: Row[Any]) -> SecurityEvent:
    values = dict(row._mapping)
    return SecurityEvent(**values | {"kind": SecurityEventKind(row.kind), "severity": Severity(row.severity)})


_: type[SecurityEventStore] = SqlSecurityEventStore
