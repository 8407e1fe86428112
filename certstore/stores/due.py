"""Which licences wait for something by date, in SQL; each query runs along one index."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from certstore.inspecting import NEVER, Standing
from certstore.life.ports import DueStore
from certstore.lifecycle import State
from certstore.model import Licence
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.tables import licence
from core.db.database import ReadTx

_HELD = (State.VALID.value, State.SUSPENDED.value)
_COVERED: Any = func.coalesce(licence.c.inspected_until, NEVER)


class SqlDueStore:
    """Implements `certstore.life.ports.DueStore`."""

    def __init__(self, licences: SqlLicenceStore) -> None:
        self._licences = licences

    async def lapsed(self, tx: ReadTx, today: dt.date, *, limit: int = 100) -> Sequence[Licence]:
        columns = licence.c
        query = select(columns.id).where(columns.lapses_on < today).order_by(columns.lapses_on, columns.id)
        return await self._of(tx, query.limit(limit))

    async def to_inspect(
        self,
        tx: ReadTx,
        issuer: str,
        type_code: str,
        *,
        until: dt.date,
        after: tuple[dt.date, str] | None = None,
        limit: int = 20,
    ) -> Sequence[Licence]:
        query = select(licence.c.id).where(*_held_of(issuer, type_code), until >= _COVERED)
        if after is not None:
            day, licence_id = after
            query = query.where(or_(day < _COVERED, and_(day == _COVERED, licence.c.id > licence_id)))
        return await self._of(tx, query.order_by(_COVERED, licence.c.id).limit(limit))

    async def inspection_counts(
        self, tx: ReadTx, issuer: str, type_code: str, *, today: dt.date, window: dt.date
    ) -> Mapping[Standing, int]:
        standing = case(
            (licence.c.inspected_until.is_(None), Standing.DUE.value),
            (licence.c.inspected_until < today, Standing.OVERDUE.value),
            (licence.c.inspected_until <= window, Standing.DUE.value),
            else_=Standing.COVERED.value,
        )
        query = select(standing, func.count()).where(*_held_of(issuer, type_code)).group_by(standing)
        found = {Standing(name): count for name, count in await tx.connection.execute(query)}
        return {one: found.get(one, 0) for one in Standing}

    async def _of(self, tx: ReadTx, ids: Select[tuple[str]]) -> Sequence[Licence]:
        wanted = [str(one) for one in (await tx.connection.execute(ids)).scalars()]
        found = {one.id: one for one in await self._licences.of_ids(tx, wanted)}
        return [found[one] for one in wanted if one in found]


def _held_of(issuer: str, type_code: str) -> tuple[Any, ...]:
    return (licence.c.issuer == issuer, licence.c.type_code == type_code, licence.c.state.in_(_HELD))


_: type[DueStore] = SqlDueStore
