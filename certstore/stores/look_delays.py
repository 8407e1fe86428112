"""Rules by which looks are shown later, in SQL, and the condition that they make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, update

from certstore.look_delays import DelayState, LookDelay, LookDelayStore
from certstore.stores.look_delay_tables import look_delay
from certstore.stores.tables import access_record
from core.db.database import ReadTx, WriteTx
from core.ids import is_id

_MOST = 200


class SqlLookDelayStore:
    """Implements `certstore.look_delays.LookDelayStore`."""

    async def add(self, tx: WriteTx, rule: LookDelay) -> None:
        values = {name: getattr(rule, name) for name in look_delay.c.keys()}  # noqa: SIM118 - not a dict
        await tx.connection.execute(insert(look_delay).values({**values, "state": rule.state.value}))

    async def rule(self, tx: ReadTx, rule_id: str) -> LookDelay | None:
        if not is_id(rule_id):  # what somebody sent instead may hold what no database takes
            return None
        row = (await tx.connection.execute(select(look_delay).where(look_delay.c.id == rule_id))).one_or_none()
        return None if row is None else _rule(row)

    async def rules(self, tx: ReadTx) -> Sequence[LookDelay]:
        query = select(look_delay).order_by(look_delay.c.id.desc()).limit(_MOST)
        return [_rule(row) for row in await tx.connection.execute(query)]

    async def decide(self, tx: WriteTx, rule_id: str, state: DelayState, *, by: str, now: dt.datetime) -> bool:
        columns = look_delay.c
        change = (
            update(look_delay)
            .where(columns.id == rule_id, columns.state == DelayState.PROPOSED.value, columns.proposed_by != by)
            .values(state=state.value, decided_by=by, since=now if state is DelayState.ACTIVE else None)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def end(self, tx: WriteTx, rule_id: str, *, now: dt.datetime) -> bool:
        change = (
            update(look_delay)
            .where(look_delay.c.id == rule_id, look_delay.c.state == DelayState.ACTIVE.value)
            .values(state=DelayState.ENDED.value, until=now)
        )
        return (await tx.connection.execute(change)).rowcount == 1


async def not_yet_shown(tx: ReadTx, now: dt.datetime) -> ColumnElement[bool] | None:
    """Looks that their holder is not shown yet; None where there is no rule. The rules are few: each is a condition."""
    rows = (await tx.connection.execute(select(look_delay).where(look_delay.c.since.is_not(None)))).all()
    return or_(*(_under(row, now) for row in rows)) if rows else None


def _under(row: Row[Any], now: dt.datetime) -> ColumnElement[bool]:
    columns = access_record.c
    made = [columns.at >= row.since, columns.at > now - dt.timedelta(days=row.days)]
    if row.until is not None:
        made.append(columns.at < row.until)
    # a look without an item is compared as one with an empty name: NULL would hide it
    return and_(func.coalesce(columns.service_item, "") == row.service_item, *made)


def _rule(row: Row[Any]) -> LookDelay:
    return LookDelay(
        row.id,
        row.service_item,
        row.days,
        row.basis,
        DelayState(row.state),
        row.proposed_by,
        row.proposed_at,
        row.decided_by,
        row.since,
        row.until,
    )


_: type[LookDelayStore] = SqlLookDelayStore
