"""A department's licences by filters, in SQL: along one index, by keys, a bounded number of rows at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, func, or_, select

from certstore.find import MOST_LOOKED_AT, Filters, FindQuery, FindStore, FoundRows, Place
from certstore.lifecycle import State, lapses
from certstore.status import Status
from certstore.stores.holder_index import holder_indexes, number_kind
from certstore.stores.licences import SqlLicenceStore, held_by
from certstore.stores.tables import CURRENT_VERSION, licence, licence_event, licence_version
from core.clock import SHANGHAI
from core.db.database import ReadTx
from keys.ports import BlindIndex

_LAPSING = [state.value for state in State if lapses(state)]


class SqlFindStore:
    """Implements `certstore.find.FindStore`."""

    def __init__(self, licences: SqlLicenceStore, index: BlindIndex) -> None:
        self._licences = licences
        self._index = index

    async def find(
        self, tx: ReadTx, filters: Filters, *, after: Place | None, limit: int, most: int = MOST_LOOKED_AT
    ) -> FoundRows:
        by_day = filters.query.expiring_until is not None
        rows = _behind(self._along_index(filters), after, by_day=by_day)
        looked_at = rows.order_by(*_order(licence.c, by_day=by_day)).limit(most).subquery()
        fitting = _fitting(looked_at, filters).order_by(*_order(looked_at.c, by_day=by_day))
        found = (await tx.connection.execute(fitting.limit(limit + 1))).all()
        last = found[limit - 1] if len(found) > limit else await _last_of(tx, looked_at, most, by_day=by_day)
        wanted = [row.id for row in found[:limit]]
        licences = {one.id: one for one in await self._licences.of_ids(tx, wanted)}
        ended = _place_of(last, by_day=by_day) if last is not None else None
        return FoundRows([licences[one] for one in wanted if one in licences], ended)

    def _along_index(self, filters: Filters) -> Select[Any]:
        """What the indexes of `licence` and `licence_holder` tell."""
        query, columns = filters.query, licence.c
        rows = select(columns.id, columns.lapses_on).where(columns.issuer == filters.issuer)
        if filters.types is not None:
            rows = rows.where(columns.type_code.in_(filters.types))
        if query.status is not None:
            rows = rows.where(columns.state.in_(_states(query.status)))
        if query.number is not None and filters.types:
            digests = self._index.digests(number_kind(filters.types[0]), query.number)
            rows = rows.where(columns.number_index.in_(digests))
        if query.identifier is not None:
            version = licence_version.c
            rows = rows.where(columns.id.in_(select(version.licence_id).where(version.identifier == query.identifier)))
        if filters.holder is not None:
            rows = rows.where(*held_by(holder_indexes(self._index, filters.holder)))
        if query.expiring_until is not None:
            rows = rows.where(columns.lapses_on.between(filters.today, query.expiring_until))
        return rows


def _behind(rows: Select[Any], after: Place | None, *, by_day: bool) -> Select[Any]:
    columns = licence.c
    if after is None:
        return rows
    if not by_day:
        return rows.where(columns.id < after[0])
    day = dt.date.fromisoformat(after[0])
    return rows.where(or_(columns.lapses_on > day, and_(columns.lapses_on == day, columns.id > after[1])))


def _order(columns: Any, *, by_day: bool) -> list[Any]:
    return [columns.lapses_on, columns.id] if by_day else [columns.id.desc()]


def _place_of(row: Row[Any], *, by_day: bool) -> Place:
    return (row.lapses_on.isoformat(), row.id) if by_day else (row.id,)


async def _last_of(tx: ReadTx, looked_at: Subquery, most: int, *, by_day: bool) -> Row[Any] | None:
    """The last of the rows that were looked at, if there may be more behind them."""
    query = select(looked_at).order_by(*_order(looked_at.c, by_day=by_day)).offset(most - 1).limit(1)
    return (await tx.connection.execute(query)).first()


def _fitting(looked_at: Subquery, filters: Filters) -> Select[Any]:
    """Those of the rows that fit in what only the version or the history tells."""
    rows = select(looked_at.c.id, looked_at.c.lapses_on).join(licence, licence.c.id == looked_at.c.id)
    rows = rows.join(licence_version, CURRENT_VERSION)
    for condition in _conditions(filters.query, filters.today):
        rows = rows.where(condition)
    return rows


def _conditions(query: FindQuery, today: dt.date) -> Sequence[ColumnElement[bool]]:
    version, found = licence_version.c, []
    if query.status is not None:
        found.append(_status_is(query.status, today))
    if query.trust is not None:
        found.append(version.trust == query.trust.value)
    if query.issued_from is not None:
        found.append(version.issued_at >= _start(query.issued_from))
    if query.issued_until is not None:
        found.append(version.issued_at < _start(query.issued_until + dt.timedelta(days=1)))
    if query.valid_on is not None:
        found.append(_was_valid_on(query.valid_on))
    return found


def _states(status: Status) -> list[str]:
    """States in which a licence may be what `status` says."""
    if status is Status.NOT_YET_VALID:
        return [State.VALID.value]
    if status is Status.EXPIRED:
        return [State.EXPIRED.value, *_LAPSING]
    return [status.value]


def _status_is(status: Status, today: dt.date) -> ColumnElement[bool]:
    """As `certstore.status.status_of` computes it."""
    version, state = licence_version.c, licence.c.state
    over = and_(state.in_(_LAPSING), version.valid_until < today, version.valid_until.is_not(None))
    begun = or_(state != State.VALID.value, version.valid_from <= today)
    if status is Status.EXPIRED:
        return and_(or_(state == State.EXPIRED.value, over), begun)
    if status is Status.NOT_YET_VALID:
        return and_(state == State.VALID.value, version.valid_from > today)
    still = or_(version.valid_until.is_(None), version.valid_until >= today)
    if status.value in _LAPSING:
        return and_(state == status.value, still, begun)
    return state == status.value


def _was_valid_on(day: dt.date) -> ColumnElement[bool]:
    """As `certstore.status.status_on` computes it: the last change up to the day's end, with its version's dates."""
    last, event, version = licence_event.alias(), licence_event.alias(), licence_version.alias()
    sequence = (
        select(func.max(last.c.sequence))
        .where(last.c.licence_id == licence.c.id, last.c.at < _start(day + dt.timedelta(days=1)))
        .correlate(licence)
        .scalar_subquery()
    )
    return (
        select(event.c.licence_id)
        .join(version, and_(version.c.licence_id == event.c.licence_id, version.c.number == event.c.version))
        .where(
            event.c.licence_id == licence.c.id,
            event.c.sequence == sequence,
            event.c.state == State.VALID.value,
            version.c.valid_from <= day,
            or_(version.c.valid_until.is_(None), version.c.valid_until >= day),
        )
        .correlate(licence)
        .exists()
    )


def _start(day: dt.date) -> dt.datetime:
    """When a calendar day begins in Asia/Shanghai."""
    return dt.datetime.combine(day, dt.time(), SHANGHAI)


_: type[FindStore] = SqlFindStore
