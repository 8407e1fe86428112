"""The contract of places in status lists (`certstore.status_publishing.StatusEntryStore`), and its two backends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from certstore.lifecycle import Event, State
from certstore.model import Licence
from certstore.status import Status
from certstore.status_list import LIST_SIZE
from certstore.status_publishing import ListedStatus, StatusEntryStore
from certstore.stores.status_entries import SqlStatusEntryStore
from core.db.database import Database
from tests.conformance import certstore_stores_backends as licences
from tests.conformance.harness import Backend, Surroundings, at_once


@dataclass
class StatusHarness:
    """The store under test beside a licence store."""

    whole: licences.StoreHarness
    places: StatusEntryStore = field(default_factory=SqlStatusEntryStore)

    async def licence(self, **changes: object) -> Licence:
        return await self.whole.keep(self.whole.a_licence(**changes))  # type: ignore[arg-type]  # names of its fields

    async def take(
        self, licence: Licence, place: tuple[int, int], version: int = 1, database: Database | None = None
    ) -> bool:
        async with (database or self.whole.database).write() as tx:
            now = self.whole.clock.now()
            won = await self.places.take(tx, licence.id, version, place, now=now)
            await tx.commit()
        return won

    async def place_of(self, licence: Licence, version: int = 1) -> tuple[int, int] | None:
        async with self.whole.other.read() as tx:
            return await self.places.place_of(tx, licence.id, version)

    async def listed(self, number: int = 1) -> dict[int, ListedStatus]:
        async with self.whole.other.read() as tx:
            return {one.index: one for one in await self.places.listed(tx, number, self.whole.today)}


class StatusContract:
    """Places and what stands there."""

    async def test_a_place_is_taken_once_and_kept(self, harness: StatusHarness) -> None:
        one, other = await harness.licence(), await harness.licence()
        assert await harness.place_of(one) is None
        assert await harness.take(one, (1, 7))
        assert not await harness.take(other, (1, 7)), "the place is another's"
        assert not await harness.take(one, (1, 8)), "the version has one"
        assert await harness.take(other, (1, 8))
        assert (await harness.place_of(one), await harness.place_of(other)) == ((1, 7), (1, 8))

    async def test_a_list_says_what_each_version_is_today(self, harness: StatusHarness) -> None:
        valid, revoked = await harness.licence(), await harness.licence()
        lapsed = await harness.licence(valid_until=harness.whole.today)
        for index, one in enumerate((valid, revoked, lapsed)):
            assert await harness.take(one, (1, index))
        assert await harness.whole.end(revoked, Event.REVOKE, State.REVOKED)
        assert {index: one.status for index, one in (await harness.listed()).items()} == {
            0: Status.VALID, 1: Status.REVOKED, 2: Status.VALID,
        }  # fmt: skip
        harness.whole.clock.advance(86400)
        assert (await harness.listed())[2].status is Status.EXPIRED, "by date, though nobody wrote it down"
        assert await harness.listed(2) == {}

    async def test_an_older_version_is_superseded(self, harness: StatusHarness) -> None:
        made = await harness.licence()
        assert await harness.take(made, (1, 0))
        following = harness.whole.a_next_version(made)
        change = replace(harness.whole.change(2, Event.CHANGE, State.VALID), version=2)
        async with harness.whole.database.write() as tx:
            assert await harness.whole.licences.add_version(tx, following, change)
            await tx.commit()
        assert await harness.take(following, (1, 1), 2)
        assert {index: one.status for index, one in (await harness.listed()).items()} == {
            0: Status.SUPERSEDED, 1: Status.VALID,
        }  # fmt: skip

    async def test_lists_are_counted_from_one(self, harness: StatusHarness) -> None:
        async with harness.whole.database.write() as tx:
            assert (await harness.places.newest(tx), await harness.places.open_list(tx)) == (0, 1)
        assert await harness.take(await harness.licence(), (3, LIST_SIZE - 1))
        async with harness.whole.database.write() as tx:
            assert (await harness.places.newest(tx), await harness.places.open_list(tx)) == (3, 3)


class StatusContention:
    """Several workers at once."""

    async def test_of_many_who_want_a_place_one_gets_it(self, harness: StatusHarness) -> None:
        many = [await harness.licence() for _ in range(6)]
        workers = [harness.whole.database, harness.whole.other] * 3
        won = await at_once(*(harness.take(one, (1, 5), 1, w) for one, w in zip(many, workers, strict=True)))
        assert sum(won) == 1

    async def test_a_version_gets_one_place_however_many_ask(self, harness: StatusHarness) -> None:
        one = await harness.licence()
        workers = [harness.whole.database, harness.whole.other] * 3
        won = await at_once(*(harness.take(one, (1, place), 1, w) for place, w in enumerate(workers)))
        assert sum(won) == 1


CONTRACT = (StatusContract, StatusContention)


@asynccontextmanager
async def sqlite(around: Surroundings) -> AsyncIterator[StatusHarness]:
    async with licences.sqlite(around) as whole:
        yield StatusHarness(whole)


@asynccontextmanager
async def postgres(around: Surroundings) -> AsyncIterator[StatusHarness]:
    async with licences.postgres(around) as whole:
        yield StatusHarness(whole)


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
