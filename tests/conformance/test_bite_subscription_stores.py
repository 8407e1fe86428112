"""Change feeds and subscription stores broken on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from certstore.stores.changes import SqlChangeStore, read_change
from certstore.stores.subscription_tables import licence_change, subscription
from certstore.stores.subscriptions import SqlSubscriptionStore, _values
from certstore.subscriptions.model import Change, Outcome, Reach
from core.db.database import ReadTx, WriteTx
from tests.conformance.harness import DELAY, Surroundings, failing
from tests.conformance.subscription_stores import FeedContention, FeedContract, FeedHarness, postgres, sqlite
from tests.support.certstore_fakes import field_cipher
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

CONTRACT = (FeedContract, FeedContention)


class TellsEverybody(SqlChangeStore):
    """Forgets whom a change is for."""

    async def after(self, tx: ReadTx, position: int, reach: Reach, *, limit: int) -> Sequence[Change]:
        query = select(licence_change).where(licence_change.c.position > position).order_by(licence_change.c.position)
        return [read_change(row) for row in await tx.connection.execute(query.limit(limit))]


class NumbersByTheClock(SqlChangeStore):
    """Gives places by the time of the change alone."""

    async def number(self, tx: WriteTx, *, now: dt.datetime, limit: int = 1000) -> int:
        waiting = select(licence_change.c.id).where(licence_change.c.position.is_(None)).order_by(licence_change.c.id)
        found = (await tx.connection.execute(waiting)).scalars().all()
        for n, row in enumerate(found):
            place = int(now.timestamp() * 1_000_000) + n
            query = update(licence_change).where(licence_change.c.id == row)
            await tx.connection.execute(query.values(position=place))
        return len(found)


class ReadsByRowId(SqlChangeStore):
    """Takes the order of writing for the order of committing, as a feed without a second step does."""

    async def number(self, tx: WriteTx, *, now: dt.datetime, limit: int = 1000) -> int:
        columns = licence_change.c
        count = (await tx.connection.execute(select(func.count()).where(columns.position.is_(None)))).scalar_one()
        query = update(licence_change).where(columns.position.is_(None)).values(position=columns.id)
        await tx.connection.execute(query)
        return int(count)


class KeepsTheLease(SqlSubscriptionStore):
    """Lets a worker write under a lease that was taken from it."""

    async def finish(self, tx: WriteTx, outcome: Outcome, *, by: str, day: dt.date, until: dt.datetime | None) -> bool:
        mine = subscription.c.id == outcome.subscription.id
        values = _values(outcome.subscription) | {"leased_by": by if until else None, "leased_until": until}
        await tx.connection.execute(update(subscription).where(mine).values(**values))
        await self._settle(tx, outcome)
        await self._count(tx, outcome, day)
        return True


class ClaimsByLooking(SqlSubscriptionStore):
    """Looks whether the lease is free, then takes it."""

    async def claim(self, tx: WriteTx, subscription_id: str, *, by: str, now: dt.datetime, until: dt.datetime) -> bool:
        query = select(subscription).where(subscription.c.id == subscription_id)
        row = (await tx.connection.execute(query)).one()
        if (row.leased_until is not None and row.leased_until > now) or row.due_at > now:
            return False
        await asyncio.sleep(20 * DELAY)
        await tx.connection.execute(
            update(subscription).where(subscription.c.id == subscription_id).values(leased_by=by, leased_until=until)
        )
        return True


def subscriptions(kind: type[SqlSubscriptionStore]) -> dict[str, Any]:
    return {"subscriptions": kind(field_cipher())}


BROKEN: list[tuple[str, Callable[[], dict[str, Any]], str]] = [
    (
        "tells-everybody",
        lambda: {"changes": TellsEverybody()},
        "test_everybody_hears_of_what_they_may_and_of_nothing_else",
    ),
    (
        "numbers-by-the-clock",
        lambda: {"changes": NumbersByTheClock()},
        "test_places_grow_even_when_the_clock_goes_back",
    ),
    ("keeps-the-lease", lambda: subscriptions(KeepsTheLease), "test_a_lease_is_held_by_one_and_runs_out"),
    ("keeps-what-was-taken", lambda: subscriptions(KeepsTheLease), "test_what_its_owner_changes_takes_the_lease_away"),
]
RACING: list[tuple[str, Callable[[], dict[str, Any]], str]] = [
    (
        "reads-by-row-id",
        lambda: {"changes": ReadsByRowId()},
        "test_a_change_that_is_committed_late_gets_a_late_place",
    ),
    ("claims-by-looking", lambda: subscriptions(ClaimsByLooking), "test_of_many_workers_one_gets_the_lease"),
]


def _opened(
    backend: Callable[[Surroundings], AbstractAsyncContextManager[FeedHarness]],
    folder: Path,
    parts: dict[str, Any],
    server: PostgresServer | None = None,
) -> Callable[[], AbstractAsyncContextManager[FeedHarness]]:
    count = iter(range(10_000))

    @asynccontextmanager
    async def opened() -> AsyncIterator[FeedHarness]:
        place = folder / str(next(count))
        place.mkdir()
        async with backend(Surroundings(place, FakeClock(), server)) as harness:
            yield replace(harness, **parts)

    return opened


@pytest.mark.parametrize(("name", "parts", "by"), BROKEN, ids=[name for name, _, _ in BROKEN])
async def test_a_broken_store_is_caught(
    name: str, parts: Callable[[], dict[str, Any]], by: str, tmp_path: Path
) -> None:
    assert await failing(CONTRACT, _opened(sqlite, tmp_path, parts()), only=by) == {by}, name


@pytest.mark.parametrize(("name", "parts", "by"), RACING, ids=[name for name, _, _ in RACING])
async def test_a_racing_store_is_caught_where_writers_run_side_by_side(
    name: str, parts: Callable[[], dict[str, Any]], by: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    assert await failing(CONTRACT, _opened(postgres, tmp_path, parts(), postgres_server), only=by) == {by}, name
