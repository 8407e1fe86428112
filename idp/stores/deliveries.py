"""Logout tokens on their way, in SQL; a claim is an `UPDATE` of state and due time that only one can win."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from core.db.database import ReadTx, WriteTx
from idp.model import DeliveryState, LogoutDelivery
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
            .values(state=delivery.state.value, due_at=delivery.due_at, last_result=delivery.last_result)
        )
        await tx.connection.execute(change)

    async def of_client(self, tx: ReadTx, client_id: str, limit: int) -> Sequence[LogoutDelivery]:
        query = (
            select(logout_delivery)
            .where(logout_delivery.c.client_id == client_id)
            .order_by(logout_delivery.c.created_at.desc(), logout_delivery.c.id.desc())
            .limit(limit)
        )
        return [_delivery(row) for row in (await tx.connection.execute(query)).all()]

    async def delete_finished(self, tx: WriteTx, before: dt.datetime) -> int:
        removal = delete(logout_delivery).where(
            logout_delivery.c.state != DeliveryState.PENDING.value, logout_delivery.c.created_at < before
        )
        return (await tx.connection.execute(removal)).rowcount


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
    )
