"""Subscriptions in SQL. Secrets are sealed; a lease is one conditional UPDATE, and so is what is written under it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from certstore.stores.changes import read_change
from certstore.stores.places import secret_place
from certstore.stores.subscription_tables import (
    licence_change,
    subscription,
    subscription_day,
    subscription_letter,
    subscription_secret,
)
from certstore.subscriptions.model import Day, DeadLetter, Outcome, SigningSecret, Subscription, SubscriptionState
from certstore.subscriptions.ports import SubscriptionStore
from core.clock import calendar_day
from core.db.database import ReadTx, WriteTx
from keys.ports import FieldCipher

MOST = 100
_FREE = {"leased_by": None, "leased_until": None}


class SqlSubscriptionStore:
    """Implements `certstore.subscriptions.ports.SubscriptionStore`."""

    def __init__(self, fields: FieldCipher) -> None:
        self._fields = fields

    async def add(self, tx: WriteTx, subscription_: Subscription, secret: SigningSecret) -> None:
        await tx.connection.execute(insert(subscription).values(id=subscription_.id, **_values(subscription_)))
        await self.add_secret(tx, subscription_.id, secret)

    async def subscription(self, tx: ReadTx, subscription_id: str) -> Subscription | None:
        query = select(subscription).where(subscription.c.id == subscription_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return _read(row) if row else None

    async def locked(self, tx: WriteTx, subscription_id: str) -> Subscription | None:
        query = select(subscription).where(subscription.c.id == subscription_id).with_for_update()
        row = (await tx.connection.execute(query)).one_or_none()
        return _read(row) if row else None

    async def of_organisation(self, tx: ReadTx, organisation: str) -> Sequence[Subscription]:
        query = select(subscription).where(
            subscription.c.organisation == organisation, subscription.c.state != SubscriptionState.ENDED.value
        )
        return [_read(row) for row in await tx.connection.execute(query.order_by(subscription.c.id).limit(MOST))]

    async def put(self, tx: WriteTx, subscription_: Subscription) -> None:
        query = update(subscription).where(subscription.c.id == subscription_.id)
        await tx.connection.execute(query.values(**_values(subscription_), **_FREE))

    # --- secrets -----------------------------------------------------------------------------------------------

    async def secrets(self, tx: ReadTx, subscription_id: str) -> Sequence[SigningSecret]:
        columns = subscription_secret.c
        query = select(subscription_secret).where(columns.subscription_id == subscription_id)
        rows = await tx.connection.execute(query.order_by(columns.made_at.desc(), columns.key_id.desc()))
        return [
            SigningSecret(
                row.key_id,
                self._fields.decrypt(bytes(row.secret_enc), context=secret_place(subscription_id, row.key_id)).encode(),
                row.made_at,
            )
            for row in rows
        ]

    async def add_secret(self, tx: WriteTx, subscription_id: str, secret: SigningSecret) -> None:
        place = secret_place(subscription_id, secret.key_id)
        values = {
            "subscription_id": subscription_id,
            "key_id": secret.key_id,
            "secret_enc": self._fields.encrypt(secret.value.decode(), context=place),
            "made_at": secret.made_at,
        }
        await tx.connection.execute(insert(subscription_secret).values(values))

    async def remove_secrets(self, tx: WriteTx, subscription_id: str, *, but: Collection[str]) -> int:
        columns = subscription_secret.c
        query = delete(subscription_secret).where(
            columns.subscription_id == subscription_id, columns.key_id.not_in(list(but))
        )
        return (await tx.connection.execute(query)).rowcount

    # --- delivering --------------------------------------------------------------------------------------------

    async def due(self, tx: ReadTx, *, now: dt.datetime, end: int, limit: int = 50) -> Sequence[str]:
        columns = subscription.c
        behind = or_(columns.cursor < end, columns.letters_due.is_(True))
        query = select(columns.id).where(*_workable(now), behind).order_by(columns.due_at).limit(limit)
        return (await tx.connection.execute(query)).scalars().all()

    async def claim(self, tx: WriteTx, subscription_id: str, *, by: str, now: dt.datetime, until: dt.datetime) -> bool:
        query = update(subscription).where(subscription.c.id == subscription_id, *_workable(now))
        done = await tx.connection.execute(query.values(leased_by=by, leased_until=until))
        return done.rowcount == 1

    async def finish(self, tx: WriteTx, outcome: Outcome, *, by: str, day: dt.date, until: dt.datetime | None) -> bool:
        lease = _FREE if until is None else {"leased_by": by, "leased_until": until}
        mine = (subscription.c.id == outcome.subscription.id, subscription.c.leased_by == by)
        done = await tx.connection.execute(
            update(subscription).where(*mine).values(**_values(outcome.subscription), **lease)
        )
        if done.rowcount != 1:
            return False
        await self._settle(tx, outcome)
        await self._count(tx, outcome, day)
        return True

    async def _settle(self, tx: WriteTx, outcome: Outcome) -> None:
        mine = subscription_letter.c.subscription_id == outcome.subscription.id
        if outcome.settled:
            gone = subscription_letter.c.position.in_(list(outcome.settled))
            await tx.connection.execute(delete(subscription_letter).where(mine, gone))
        for letter in outcome.lost:
            values = {
                "licence_id": letter.change.licence_id,
                "result": letter.result[:60],
                "died_at": letter.died_at,
                "again": letter.again,
            }
            key = {"subscription_id": outcome.subscription.id, "position": letter.change.position}
            adding = _inserting(tx)(subscription_letter).values(**key, **values)
            await tx.connection.execute(
                adding.on_conflict_do_update(index_elements=list(key), set_=values)  # one that was sent again
            )

    async def _count(self, tx: WriteTx, outcome: Outcome, day: dt.date) -> None:
        counts = {"delivered": outcome.delivered, "failed": outcome.failed, "dead": len(outcome.lost)}
        if not any(counts.values()):
            return
        key = {"subscription_id": outcome.subscription.id, "day": day}
        more = {name: subscription_day.c[name] + value for name, value in counts.items()}
        adding = _inserting(tx)(subscription_day).values(**key, **counts)
        await tx.connection.execute(adding.on_conflict_do_update(index_elements=list(key), set_=more))

    # --- dead letters and counts -------------------------------------------------------------------------------

    async def dead_licences(self, tx: ReadTx, subscription_id: str, licences: Collection[str]) -> frozenset[str]:
        columns = subscription_letter.c
        query = select(columns.licence_id).where(
            columns.subscription_id == subscription_id, columns.licence_id.in_(list(licences))
        )
        return frozenset((await tx.connection.execute(query.distinct())).scalars())

    async def dead_letters(
        self, tx: ReadTx, subscription_id: str, *, after: int = 0, limit: int = 100, again: bool = False
    ) -> Sequence[DeadLetter]:
        columns = subscription_letter.c
        query = (
            select(licence_change, columns.result, columns.died_at, columns.again)
            .join(subscription_letter, licence_change.c.position == columns.position)
            .where(columns.subscription_id == subscription_id, columns.position > after)
        )
        if again:
            query = query.where(columns.again.is_(True))
        rows = await tx.connection.execute(query.order_by(columns.position).limit(limit))
        return [DeadLetter(read_change(row), row.result, row.died_at, row.again) for row in rows]

    async def count_dead(self, tx: ReadTx, subscription_id: str) -> int:
        query = select(func.count()).where(subscription_letter.c.subscription_id == subscription_id)
        return int((await tx.connection.execute(query)).scalar_one())

    async def send_again(self, tx: WriteTx, subscription_id: str) -> int:
        query = update(subscription_letter).where(subscription_letter.c.subscription_id == subscription_id)
        return (await tx.connection.execute(query.values(again=True))).rowcount

    async def days(self, tx: ReadTx, subscription_id: str, *, since: dt.date) -> Sequence[Day]:
        columns = subscription_day.c
        query = select(subscription_day).where(columns.subscription_id == subscription_id, columns.day >= since)
        rows = await tx.connection.execute(query.order_by(columns.day))
        return [Day(row.day, row.delivered, row.failed, row.dead) for row in rows]

    async def sweep(self, tx: WriteTx, *, letters_until: int, before: dt.datetime) -> int:
        letters = delete(subscription_letter).where(subscription_letter.c.position <= letters_until)
        days = delete(subscription_day).where(subscription_day.c.day < calendar_day(before))
        ended = select(subscription.c.id).where(
            subscription.c.state == SubscriptionState.ENDED.value, subscription.c.due_at < before
        )
        parts = [
            delete(table).where(table.c.subscription_id.in_(ended))
            for table in (subscription_secret, subscription_letter, subscription_day)
        ]
        itself = delete(subscription).where(subscription.c.id.in_(ended))
        return sum([(await tx.connection.execute(query)).rowcount for query in (letters, days, *parts, itself)])


def _workable(now: dt.datetime) -> tuple[Any, ...]:
    columns = subscription.c
    free = or_(columns.leased_until.is_(None), columns.leased_until <= now)
    return columns.state == SubscriptionState.ACTIVE.value, columns.due_at <= now, free


def _inserting(tx: WriteTx) -> Any:
    return postgresql.insert if tx.connection.dialect.name == "postgresql" else sqlite.insert


def _values(one: Subscription) -> dict[str, object]:
    return {
        "organisation": one.organisation,
        "owner": one.owner,
        "name": one.name,
        "address": one.address,
        "types": list(one.types),
        "state": one.state.value,
        "cursor": one.cursor,
        "singly_until": one.singly_until,
        "attempts": one.attempts,
        "due_at": one.due_at,
        "last_result": one.last_result[:60],
        "tried_at": one.tried_at,
        "delivered_at": one.delivered_at,
        "failing_since": one.failing_since,
        "letters_due": one.letters_due,
        "created_at": one.created_at,
    }


def _read(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        organisation=row.organisation,
        owner=row.owner,
        name=row.name,
        address=row.address,
        types=tuple(row.types),
        state=SubscriptionState(row.state),
        cursor=row.cursor,
        created_at=row.created_at,
        due_at=row.due_at,
        singly_until=row.singly_until,
        attempts=row.attempts,
        last_result=row.last_result,
        tried_at=row.tried_at,
        delivered_at=row.delivered_at,
        failing_since=row.failing_since,
        letters_due=row.letters_due,
    )


_: type[SubscriptionStore] = SqlSubscriptionStore
