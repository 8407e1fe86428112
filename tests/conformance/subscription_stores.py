"""The contract of the change feed and of subscriptions (`certstore.subscriptions.ports`), and its two backends."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from certstore.lifecycle import Event, State
from certstore.model import ConsumerGrant
from certstore.stores.changes import SqlChangeStore
from certstore.stores.subscription_tables import subscription_secret
from certstore.stores.subscriptions import SqlSubscriptionStore
from certstore.subscriptions.model import (
    Change,
    DeadLetter,
    Outcome,
    Reach,
    SigningSecret,
    Subscription,
    SubscriptionState,
)
from certstore.subscriptions.ports import ChangeStore, SubscriptionStore
from core.db.database import Database
from core.ids import new_id
from tests.conformance import certstore_stores_backends as licences
from tests.conformance.certstore_stores_backends import OFFICE, OTHER_OFFICE, OTHER_TYPE, TYPE
from tests.conformance.harness import Backend, Surroundings, at_once
from tests.support.certstore_fakes import field_cipher
from tests.support.clock import FakeClock

EVERYTHING = Reach(frozenset({TYPE, OTHER_TYPE}), OFFICE)
LEASE = dt.timedelta(minutes=2)


@dataclass
class FeedHarness:
    """The stores under test beside a licence store that writes what they tell of."""

    whole: licences.StoreHarness
    changes: ChangeStore = field(default_factory=SqlChangeStore)
    subscriptions: SubscriptionStore = field(default_factory=lambda: SqlSubscriptionStore(field_cipher()))

    @property
    def database(self) -> Database:
        return self.whole.database

    @property
    def other(self) -> Database:
        return self.whole.other

    @property
    def clock(self) -> FakeClock:
        return self.whole.clock

    async def number(self, database: Database | None = None) -> int:
        async with (database or self.database).write() as tx:
            count = await self.changes.number(tx, now=self.clock.now())
            await tx.commit()
        return count

    async def after(self, position: int = 0, reach: Reach = EVERYTHING, limit: int = 100) -> list[Change]:
        async with self.other.read() as tx:
            return list(await self.changes.after(tx, position, reach, limit=limit))

    async def subscribe(self, **changes: Any) -> Subscription:
        now = self.clock.now()
        made = Subscription(
            new_id(self.clock, "sub"), OFFICE, "client", "接收端", "https://receiver.example.cn/changes", (),
            SubscriptionState.ACTIVE, 0, now, now,
        )  # fmt: skip
        made = replace(made, **changes)
        async with self.database.write() as tx:
            await self.subscriptions.add(tx, made, SigningSecret("key_1", b"a secret of this receiver", now))
            await tx.commit()
        return made

    async def claim(self, one: Subscription, by: str, database: Database | None = None) -> bool:
        now = self.clock.now()
        async with (database or self.database).write() as tx:
            won = await self.subscriptions.claim(tx, one.id, by=by, now=now, until=now + LEASE)
            await tx.commit()
        return won

    async def finish(self, outcome: Outcome, by: str, *, keep: bool = False) -> bool:
        until = self.clock.now() + LEASE if keep else None
        async with self.database.write() as tx:
            held = await self.subscriptions.finish(tx, outcome, by=by, day=self.whole.today, until=until)
            await tx.commit()
        return held

    async def found(self, one: Subscription) -> Subscription | None:
        async with self.other.read() as tx:
            return await self.subscriptions.subscription(tx, one.id)


class FeedContract:
    """Places, reach, leases, dead letters."""

    async def test_a_change_is_told_with_ids_and_states(self, harness: FeedHarness) -> None:
        made = await harness.whole.keep(harness.whole.a_licence())
        assert await harness.after() == [], "without a place it is not in the feed yet"
        async with harness.other.read() as tx:
            assert await harness.changes.waiting(tx)
        assert await harness.whole.end(made, Event.REVOKE, State.REVOKED)
        assert (await harness.number(), await harness.number()) == (2, 0)
        async with harness.other.read() as tx:
            assert not await harness.changes.waiting(tx)
        first, second = await harness.after()
        assert (first.licence_id, first.sequence, first.event, first.state) == (made.id, 1, Event.ISSUE, State.VALID)
        assert (second.sequence, second.event, second.state) == (2, Event.REVOKE, State.REVOKED)
        assert (first.identifier, first.type_code, first.issuer) == (made.current.identifier, TYPE, OFFICE)
        assert first.position < second.position
        assert await harness.after(first.position) == [second]

    async def test_a_change_of_a_unit_that_failed_is_not_told(self, harness: FeedHarness) -> None:
        made = await harness.whole.keep(harness.whole.a_licence())
        async with harness.database.write() as tx:
            change = harness.whole.change(2, Event.REVOKE, State.REVOKED)
            assert await harness.whole.licences.change_state(tx, made, change)
        assert await harness.number() == 1
        assert [change.sequence for change in await harness.after()] == [1]

    async def test_everybody_hears_of_what_they_may_and_of_nothing_else(self, harness: FeedHarness) -> None:
        kept = [await harness.whole.keep(harness.whole.a_licence(type_code=code)) for code in (TYPE, OTHER_TYPE)]
        await harness.number()

        async def heard(reach: Reach) -> list[str]:
            return [change.licence_id for change in await harness.after(reach=reach)]

        assert await heard(Reach(frozenset({TYPE}), OTHER_OFFICE)) == [kept[0].id]
        assert await heard(Reach(frozenset(), OTHER_OFFICE)) == []
        assert await heard(Reach(frozenset(), OFFICE)) == [one.id for one in kept]
        assert await heard(Reach(frozenset(), OFFICE, frozenset({OTHER_TYPE}))) == [kept[1].id]
        async with harness.other.read() as tx:
            assert await harness.changes.count_after(tx, 0, EVERYTHING, most=1) == 1

    async def test_granted_types_are_those_of_today(self, harness: FeedHarness) -> None:
        grant = ConsumerGrant(OTHER_OFFICE, TYPE, "ITEM-1", ("a",), "依据", dt.date(2026, 1, 1), dt.date(2026, 12, 31))
        async with harness.database.write() as tx:
            await harness.whole.catalogue.put_grant(tx, grant)
            await harness.whole.catalogue.put_grant(tx, replace(grant, service_item="ITEM-2"))
            await tx.commit()
        async with harness.other.read() as tx:
            days = [grant.valid_from, dt.date(2026, 12, 31), dt.date(2027, 1, 1), dt.date(2025, 12, 31)]
            found = [await harness.changes.granted_types(tx, OTHER_OFFICE, day) for day in days]
            assert found == [{TYPE}, {TYPE}, set(), set()]
            assert await harness.changes.granted_types(tx, OFFICE, grant.valid_from) == set()

    async def test_places_grow_even_when_the_clock_goes_back(self, harness: FeedHarness) -> None:
        await harness.whole.keep(harness.whole.a_licence())
        await harness.number()
        harness.clock.advance(-3600)
        await harness.whole.keep(harness.whole.a_licence())
        await harness.number()
        first, second = await harness.after()
        assert second.position == first.position + 1
        async with harness.other.read() as tx:
            assert await harness.changes.end(tx) == second.position

    async def test_old_changes_go_and_the_beginning_moves(self, harness: FeedHarness) -> None:
        for _ in range(2):
            await harness.whole.keep(harness.whole.a_licence())
            await harness.number()
            harness.clock.advance(86400)
        first, second = await harness.after()
        one = await harness.subscribe()
        await harness.claim(one, "w")
        await harness.finish(Outcome(one, lost=[DeadLetter(first, "refused-422", harness.clock.now())]), "w")
        async with harness.database.write() as tx:
            before = harness.clock.now() - dt.timedelta(hours=36)
            assert await harness.changes.sweep(tx, before=before) == 1
            assert await harness.changes.beginning(tx) == first.position
            await harness.subscriptions.sweep(tx, letters_until=first.position, before=before)
            assert await harness.subscriptions.count_dead(tx, one.id) == 0
            await tx.commit()
        assert await harness.after() == [second]

    async def test_a_subscription_comes_back_as_it_was(self, harness: FeedHarness) -> None:
        now = harness.clock.now()
        one = await harness.subscribe(types=(TYPE,), cursor=7, failing_since=now, last_result="timeout")
        assert await harness.found(one) == one
        paused = replace(one, state=SubscriptionState.PAUSED, cursor=3, letters_due=True)
        async with harness.database.write() as tx:
            await harness.subscriptions.put(tx, paused)
            await tx.commit()
        assert await harness.found(one) == paused
        async with harness.other.read() as tx:
            assert list(await harness.subscriptions.of_organisation(tx, OFFICE)) == [paused]
            assert list(await harness.subscriptions.of_organisation(tx, OTHER_OFFICE)) == []

    async def test_secrets_are_sealed_and_follow_one_another(self, harness: FeedHarness) -> None:
        one = await harness.subscribe()
        harness.clock.advance(1)
        later = SigningSecret("key_2", b"the next secret", harness.clock.now())
        async with harness.database.write() as tx:
            await harness.subscriptions.add_secret(tx, one.id, later)
            await tx.commit()
        async with harness.database.write() as tx:
            found = await harness.subscriptions.secrets(tx, one.id)
            assert [secret.value for secret in found] == [b"the next secret", b"a secret of this receiver"]
            rows = (await tx.connection.execute(select(subscription_secret))).all()
            assert not any(b"secret of this" in bytes(row.secret_enc) for row in rows)
            assert await harness.subscriptions.remove_secrets(tx, one.id, but=["key_2"]) == 1
            assert list(await harness.subscriptions.secrets(tx, one.id)) == [later]

    async def test_a_lease_is_held_by_one_and_runs_out(self, harness: FeedHarness) -> None:
        one = await harness.subscribe()
        assert await harness.claim(one, "first")
        assert not await harness.claim(one, "second")
        harness.clock.advance(LEASE.total_seconds() + 1)
        assert await harness.claim(one, "second")
        assert not await harness.finish(Outcome(replace(one, cursor=5)), "first"), "what was lost is not written"
        assert await harness.finish(Outcome(replace(one, cursor=6), delivered=1), "second", keep=True)
        assert not await harness.claim(one, "third")
        assert await harness.finish(Outcome(replace(one, cursor=7)), "second")
        assert await harness.claim(one, "third")
        found = await harness.found(one)
        assert found is not None
        assert found.cursor == 7

    async def test_only_active_ones_that_are_due_and_behind_are_served(self, harness: FeedHarness) -> None:
        now = harness.clock.now()
        due = await harness.subscribe()
        asked = await harness.subscribe(cursor=9, letters_due=True)
        await harness.subscribe(cursor=9)
        await harness.subscribe(state=SubscriptionState.PAUSED)
        resting = await harness.subscribe(due_at=now + dt.timedelta(seconds=1))
        async with harness.other.read() as tx:
            found = await harness.subscriptions.due(tx, now=now, end=9)
        assert set(found) == {due.id, asked.id}
        assert not await harness.claim(resting, "early")

    async def test_what_its_owner_changes_takes_the_lease_away(self, harness: FeedHarness) -> None:
        one = await harness.subscribe()
        assert await harness.claim(one, "worker")
        async with harness.database.write() as tx:
            await harness.subscriptions.put(tx, replace(one, cursor=1))
            await tx.commit()
        assert not await harness.finish(Outcome(replace(one, cursor=50)), "worker")
        found = await harness.found(one)
        assert found is not None
        assert found.cursor == 1

    async def test_dead_letters_stay_until_they_are_settled(self, harness: FeedHarness) -> None:
        kept = [await harness.whole.keep(harness.whole.a_licence()) for _ in range(2)]
        await harness.number()
        first, second = await harness.after()
        one, now = await harness.subscribe(), harness.clock.now()
        await harness.claim(one, "w")
        lost = [DeadLetter(change, "refused-422", now) for change in (first, second)]
        await harness.finish(Outcome(one, lost=lost, failed=1), "w", keep=True)
        async with harness.database.write() as tx:
            dead = await harness.subscriptions.dead_licences(tx, one.id, {licence.id for licence in kept})
            assert dead == {first.licence_id, second.licence_id}
            assert await harness.subscriptions.send_again(tx, one.id) == 2
            await tx.commit()
        again = DeadLetter(second, "refused-400", now)
        await harness.finish(Outcome(one, delivered=1, failed=1, settled=[first.position], lost=[again]), "w")
        async with harness.other.read() as tx:
            assert list(await harness.subscriptions.dead_letters(tx, one.id)) == [again]
            assert list(await harness.subscriptions.dead_letters(tx, one.id, again=True)) == []
            (day,) = await harness.subscriptions.days(tx, one.id, since=harness.whole.today)
        assert (day.delivered, day.failed, day.dead) == (1, 2, 3)

    async def test_what_was_ended_is_no_longer_listed_and_goes_in_time(self, harness: FeedHarness) -> None:
        one = await harness.subscribe()
        await harness.claim(one, "w")
        await harness.finish(Outcome(one, delivered=1), "w")
        async with harness.database.write() as tx:
            await harness.subscriptions.put(tx, replace(one, state=SubscriptionState.ENDED))
            assert list(await harness.subscriptions.of_organisation(tx, OFFICE)) == []
            await harness.subscriptions.sweep(tx, letters_until=0, before=one.due_at)
            assert await harness.subscriptions.subscription(tx, one.id) is not None
            await harness.subscriptions.sweep(tx, letters_until=0, before=one.due_at + dt.timedelta(days=1))
            assert await harness.subscriptions.subscription(tx, one.id) is None
            assert list(await harness.subscriptions.secrets(tx, one.id)) == []


class FeedContention:
    """Several workers at the same time."""

    async def test_a_reader_passes_nothing_by_while_many_write_and_number(self, harness: FeedHarness) -> None:
        made = [harness.whole.a_licence() for _ in range(12)]
        seen: list[Change] = []

        async def live(number: int) -> None:
            licence = await harness.whole.keep(made[number])
            await harness.number(harness.other if number % 2 else harness.database)
            assert await harness.whole.end(licence, Event.SUSPEND, State.SUSPENDED)

        async def read() -> None:
            for _ in range(30):
                await harness.number(harness.other)
                seen.extend(await harness.after(seen[-1].position if seen else 0, limit=7))
                await asyncio.sleep(0)

        await at_once(read(), *(live(number) for number in range(len(made))))
        await harness.number()
        while later := await harness.after(seen[-1].position if seen else 0):
            seen.extend(later)
        assert len({change.position for change in seen}) == len(seen) == 2 * len(made)
        for licence in made:
            assert [change.sequence for change in seen if change.licence_id == licence.id] == [1, 2]

    async def test_a_change_that_is_committed_late_gets_a_late_place(self, harness: FeedHarness) -> None:
        if harness.database.engine.dialect.name == "sqlite":
            return  # units that write never overlap there
        early, late = harness.whole.a_licence(), harness.whole.a_licence()
        async with harness.database.write() as slow:
            await harness.whole.licences.add(slow, early, harness.whole.change(1, Event.ISSUE, State.VALID))
            async with harness.other.write() as quick:
                await harness.whole.licences.add(quick, late, harness.whole.change(1, Event.ISSUE, State.VALID))
                await quick.commit()
            await harness.number(harness.other)
            (seen,) = await harness.after()
            await slow.commit()
        await harness.number()
        assert [change.licence_id for change in await harness.after(seen.position)] == [early.id]

    async def test_of_many_workers_one_gets_the_lease(self, harness: FeedHarness) -> None:
        one = await harness.subscribe()
        databases = [harness.database, harness.other] * 4
        won = await at_once(*(harness.claim(one, f"w{n}", where) for n, where in enumerate(databases)))
        assert sum(won) == 1


@asynccontextmanager
async def sqlite(around: Surroundings) -> AsyncIterator[FeedHarness]:
    async with licences.sqlite(around) as whole:
        yield FeedHarness(whole)


@asynccontextmanager
async def postgres(around: Surroundings) -> AsyncIterator[FeedHarness]:
    async with licences.postgres(around) as whole:
        yield FeedHarness(whole)


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
