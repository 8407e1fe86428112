"""The change feed in SQL.

Places are numbers of microseconds where the clock allows and one more than the last otherwise: after an older state of
the database was brought back, no place is given a second time, and a cursor from before passes nothing by.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from certstore.lifecycle import Event, State
from certstore.model import Licence, LicenceChange
from certstore.stores.subscription_tables import change_feed, licence_change
from certstore.stores.tables import consumer_grant
from certstore.subscriptions.model import Change, Reach
from certstore.subscriptions.ports import ChangeStore
from core.db.database import ReadTx, WriteTx
from core.db.many import add_many

_FEED = select(change_feed).where(change_feed.c.id == 1)
_WAITING = select(licence_change.c.id).where(licence_change.c.position.is_(None))


async def tell(tx: WriteTx, licence: Licence, change: LicenceChange, *, identifier: str) -> None:
    """Leave word of a change, in the unit that makes it. Drafts are nobody's business yet."""
    if change.state is not State.DRAFT:
        await tx.connection.execute(insert(licence_change), _row(licence, change, identifier))


async def tell_all(tx: WriteTx, licences: Sequence[Licence], change: LicenceChange) -> None:
    """The same word of many licences at once."""
    rows = [_row(licence, change, licence.current.identifier) for licence in licences]
    await add_many(tx, licence_change, rows)


def _row(licence: Licence, change: LicenceChange, identifier: str) -> dict[str, object]:
    return {
        "licence_id": licence.id,
        "sequence": change.sequence,
        "event": change.event.value,
        "state": change.state.value,
        "version": change.version,
        "identifier": identifier,
        "type_code": licence.type_code,
        "issuer": licence.issuer,
        "at": change.at,
    }


class SqlChangeStore:
    """Implements `certstore.subscriptions.ports.ChangeStore`."""

    async def waiting(self, tx: ReadTx) -> bool:
        return bool((await tx.connection.execute(_WAITING.limit(1))).all())

    async def number(self, tx: WriteTx, *, now: dt.datetime, limit: int = 1000) -> int:
        feed = await self._locked(tx)
        # read under the lock: what another one numbered meanwhile is not seen here again
        query = _WAITING.order_by(licence_change.c.id).limit(limit)
        found = (await tx.connection.execute(query)).scalars().all()
        if not found:
            return 0
        first = max(feed.last_position + 1, int(now.timestamp() * 1_000_000))
        place = update(licence_change).where(licence_change.c.id == bindparam("row_id"))
        rows = [{"row_id": row, "place": first + n} for n, row in enumerate(found)]
        await tx.connection.execute(place.values(position=bindparam("place")), rows)
        moved = update(change_feed).where(change_feed.c.id == 1)
        await tx.connection.execute(moved.values(last_position=first + len(found) - 1))
        return len(found)

    async def end(self, tx: ReadTx) -> int:
        feed = (await tx.connection.execute(_FEED)).one_or_none()
        return feed.last_position if feed else 0

    async def beginning(self, tx: ReadTx) -> int:
        feed = (await tx.connection.execute(_FEED)).one_or_none()
        return feed.removed_until if feed else 0

    async def after(self, tx: ReadTx, position: int, reach: Reach, *, limit: int) -> Sequence[Change]:
        query = _behind(position, reach).order_by(licence_change.c.position).limit(limit)
        return [read_change(row) for row in await tx.connection.execute(query)]

    async def count_after(self, tx: ReadTx, position: int, reach: Reach, *, most: int) -> int:
        query = select(func.count()).select_from(_behind(position, reach).limit(most).subquery())
        return int((await tx.connection.execute(query)).scalar_one())

    async def granted_types(self, tx: ReadTx, organisation: str, day: dt.date) -> frozenset[str]:
        columns = consumer_grant.c
        query = select(columns.type_code).where(
            columns.organisation == organisation,
            columns.valid_from <= day,
            or_(columns.valid_until.is_(None), columns.valid_until >= day),
        )
        return frozenset((await tx.connection.execute(query.distinct())).scalars())

    async def sweep(self, tx: WriteTx, *, before: dt.datetime, limit: int = 1000) -> int:
        old = (
            select(licence_change.c.position)
            .where(licence_change.c.position.is_not(None), licence_change.c.at < before)
            .order_by(licence_change.c.position)
            .limit(limit)
        )
        found = (await tx.connection.execute(old)).scalars().all()
        if not found:
            return 0
        feed = await self._locked(tx)
        await tx.connection.execute(delete(licence_change).where(licence_change.c.position.in_(found)))
        until = max(feed.removed_until, *found)
        await tx.connection.execute(update(change_feed).where(change_feed.c.id == 1).values(removed_until=until))
        return len(found)

    async def _locked(self, tx: WriteTx) -> Row[Any]:
        insert_into = postgresql.insert if tx.connection.dialect.name == "postgresql" else sqlite.insert
        first = insert_into(change_feed).values(id=1, last_position=0, removed_until=0).on_conflict_do_nothing()
        await tx.connection.execute(first)
        return (await tx.connection.execute(_FEED.with_for_update())).one()


def _behind(position: int, reach: Reach) -> Select[Any]:
    return select(licence_change).where(licence_change.c.position > position, _within(reach))


def _within(reach: Reach) -> ColumnElement[bool]:
    columns = licence_change.c
    own = columns.issuer == reach.issuer
    if reach.own_types is not None:
        own = and_(own, columns.type_code.in_(sorted(reach.own_types)))
    return or_(columns.type_code.in_(sorted(reach.types)), own)


def read_change(row: Row[Any]) -> Change:
    """A row of the feed that has its place."""
    return Change(
        position=row.position,
        licence_id=row.licence_id,
        sequence=row.sequence,
        event=Event(row.event),
        state=State(row.state),
        version=row.version,
        identifier=row.identifier,
        type_code=row.type_code,
        issuer=row.issuer,
        at=row.at,
    )


_: type[ChangeStore] = SqlChangeStore
