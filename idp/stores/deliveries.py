"""Logout tokens on their way, in SQL; a claim is an `UPDATE` of state and due time that only one can win."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, case, func, insert, not_, or_, select, update

from core.db.database import ReadTx, WriteTx
from idp.model import DeliveryHealth, DeliveryState, LogoutDelivery
from idp.stores.some import delete_some
from idp.stores.tables import logout_delivery


class SqlDeliveryStore:
    """Implements `idp.ports.DeliveryStore`."""

    async def add(self, tx: WriteTx, deliveries: Sequence[LogoutDelivery]) -> None:
        if deliveries:
            await tx.connection.execute(insert(logout_delivery), [_values(one) for one in deliveries])

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[LogoutDelivery]:
        query = (
            select(logout_delivery)
            .where(logout_delivery.c.state == DeliveryState.PENDING.value, logout_delivery.c.due_at <= now)
            .order_by(logout_delivery.c.due_at, logout_delivery.c.id)
            .limit(limit)
        )
        return [_delivery(row) for row in (await tx.connection.execute(query)).all()]

    async def claim(self, tx: WriteTx, delivery: LogoutDelivery, *, until: dt.datetime) -> bool:
        change = (
            update(logout_delivery)
            .where(
                logout_delivery.c.id == delivery.id,
                logout_delivery.c.state == DeliveryState.PENDING.value,
                logout_delivery.c.attempts == delivery.attempts,
            )
            .values(attempts=delivery.attempts + 1, due_at=until)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def finish(self, tx: WriteTx, delivery: LogoutDelivery) -> None:
        change = (
            update(logout_delivery)
            .where(logout_delivery.c.id == delivery.id, logout_delivery.c.state == DeliveryState.PENDING.value)
            .values(
                state=delivery.state.value,
                due_at=delivery.due_at,
                last_result=delivery.last_result,
                tried_at=delivery.tried_at,
                finished_at=delivery.finished_at,
            )
        )
        await tx.connection.execute(change)

    async def of_client(
        self, tx: ReadTx, client_id: str, limit: int, *, before: tuple[dt.datetime, str] | None = None
    ) -> Sequence[LogoutDelivery]:
        query = (
            select(logout_delivery)
            .where(logout_delivery.c.client_id == client_id)
            .order_by(logout_delivery.c.created_at.desc(), logout_delivery.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            moment, last = before
            query = query.where(
                or_(
                    logout_delivery.c.created_at < moment,
                    and_(logout_delivery.c.created_at == moment, logout_delivery.c.id < last),
                )
            )
        return [_delivery(row) for row in (await tx.connection.execute(query)).all()]

    async def health(self, tx: ReadTx, client_id: str, *, since: dt.datetime) -> DeliveryHealth:
        mine = logout_delivery.c.client_id == client_id
        counted = (
            select(logout_delivery.c.state, func.count())
            .where(mine, logout_delivery.c.created_at >= since)
            .group_by(logout_delivery.c.state)
        )
        by_state = {row[0]: row[1] for row in (await tx.connection.execute(counted)).all()}
        arrived = logout_delivery.c.state == DeliveryState.DELIVERED.value
        last = select(func.max(logout_delivery.c.finished_at)).where(mine, arrived)
        last_delivered_at = (await tx.connection.execute(last)).scalar_one()
        failed = select(func.coalesce(func.sum(logout_delivery.c.attempts), 0)).where(
            mine, logout_delivery.c.tried_at.is_not(None), not_(arrived)
        )
        if last_delivered_at is not None:
            failed = failed.where(logout_delivery.c.tried_at > last_delivered_at)
        newest = (
            select(logout_delivery.c.last_result)
            .where(mine, logout_delivery.c.tried_at.is_not(None))
            .order_by(logout_delivery.c.tried_at.desc())
            .limit(1)
        )
        return DeliveryHealth(
            pending=by_state.get(DeliveryState.PENDING.value, 0),
            delivered=by_state.get(DeliveryState.DELIVERED.value, 0),
            given_up=by_state.get(DeliveryState.GIVEN_UP.value, 0),
            failures_in_row=(await tx.connection.execute(failed)).scalar_one(),
            last_delivered_at=last_delivered_at,
            last_result=(await tx.connection.execute(newest)).scalar_one_or_none(),
        )

    async def failing(self, tx: ReadTx, client_ids: Sequence[str], *, since: dt.datetime, failures: int) -> set[str]:
        arrived = logout_delivery.c.state == DeliveryState.DELIVERED.value
        query = (
            select(logout_delivery.c.client_id)
            .where(logout_delivery.c.client_id.in_(client_ids), logout_delivery.c.tried_at >= since)
            .group_by(logout_delivery.c.client_id)
            .having(func.sum(case((arrived, 1), else_=0)) == 0, func.count() >= failures)
        )
        return set((await tx.connection.execute(query)).scalars())

    async def try_again(self, tx: WriteTx, delivery_id: str, *, client_id: str, at: dt.datetime) -> bool:
        change = (
            update(logout_delivery)
            .where(
                logout_delivery.c.id == delivery_id,
                logout_delivery.c.client_id == client_id,
                logout_delivery.c.state == DeliveryState.GIVEN_UP.value,
            )
            .values(state=DeliveryState.PENDING.value, attempts=0, due_at=at, finished_at=None)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def delete_finished(self, tx: WriteTx, before: dt.datetime) -> int:
        finished = logout_delivery.c.state != DeliveryState.PENDING.value
        return await delete_some(tx, logout_delivery, finished, logout_delivery.c.created_at < before)


def _values(delivery: LogoutDelivery) -> dict[str, object]:
    values = {name: getattr(delivery, name) for name in logout_delivery.c.keys()}  # noqa: SIM118 - not a dict
    return {**values, "state": delivery.state.value}


def _delivery(row: Row[Any]) -> LogoutDelivery:
    return LogoutDelivery(
        id=row.id,
        client_id=row.client_id,
        sid=row.sid,
        subject=row.subject,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        last_result=row.last_result,
        created_at=row.created_at,
        tried_at=row.tried_at,
        finished_at=row.finished_at,
    )
