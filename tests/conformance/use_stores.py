"""The contract of lawful use: consents by number and in one question, checks of cases, use codes; two backends."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from certstore.model import ConsentState
from certstore.ports import ConsentStore
from certstore.stores.use_tables import exemption_check, use_code
from certstore.stores.uses import SqlCheckStore, SqlUseCodeStore
from certstore.use.model import CaseCheck, Delivered, UseCode
from certstore.use.ports import CheckStore, UseCodeStore
from core.db.database import Database
from core.ids import new_id
from tests.conformance import certstore_stores_backends as licences
from tests.conformance.certstore_stores_backends import LIN, OTHER_OFFICE, OTHER_TYPE, PURPOSE, TYPE, ZHAO
from tests.conformance.harness import DELAY, Backend, Surroundings, at_once
from tests.support.certstore_fakes import field_cipher
from tests.support.clock import FakeClock

LIFE = dt.timedelta(minutes=30)


@dataclass
class UseHarness:
    """The stores under test."""

    whole: licences.StoreHarness
    checks: CheckStore = field(default_factory=lambda: SqlCheckStore(field_cipher()))
    codes: UseCodeStore = field(default_factory=SqlUseCodeStore)

    @property
    def database(self) -> Database:
        return self.whole.database

    @property
    def consents(self) -> ConsentStore:
        return self.whole.consents

    @property
    def clock(self) -> FakeClock:
        return self.whole.clock

    async def check(self, **changes: Any) -> CaseCheck:
        now = self.clock.now()
        made = CaseCheck(
            new_id(self.clock, "exc"), "portal", OTHER_OFFICE, LIN, ZHAO, PURPOSE, (TYPE, OTHER_TYPE), now, now + LIFE
        )
        made = replace(made, **changes)
        async with self.database.write() as tx:
            await self.checks.add(tx, made)
            await tx.commit()
        return made

    async def found(self, check: CaseCheck) -> CaseCheck | None:
        async with self.whole.other.read() as tx:
            return await self.checks.check(tx, check.id)

    async def round(self, check: CaseCheck, copy_id: str, database: Database | None = None) -> bool:
        """Deliver one copy after the round that was seen, as the use case does; nothing is kept when that is lost."""
        async with (database or self.database).write() as tx:
            if not await self.checks.begin_round(tx, check.id, after=check.rounds):
                return False
            await asyncio.sleep(DELAY)
            await self.checks.deliver(tx, check.id, [Delivered(1, copy_id, "lic_x")])
            await tx.commit()
        return True

    async def question(self, check: CaseCheck, bundle: str, before: str | None = None) -> bool:
        async with self.database.write() as tx:
            put = await self.checks.put_question(tx, check.id, bundle, before=before)
            await tx.commit()
        return put

    async def code(self, digest: str = "d" * 64, **changes: Any) -> UseCode:
        now = self.clock.now()
        made = UseCode(
            new_id(self.clock, "use"), "portal", OTHER_OFFICE, "lic_x", 1, TYPE, PURPOSE, ("area",), None, now,
            now + LIFE, 2,
        )  # fmt: skip
        made = replace(made, **changes)
        async with self.database.write() as tx:
            await self.codes.add(tx, made, digest)
            await tx.commit()
        return made

    async def redeem(self, code: UseCode, database: Database | None = None) -> bool:
        async with (database or self.database).write() as tx:
            won = await self.codes.redeem(tx, code.id, now=self.clock.now())
            await asyncio.sleep(DELAY)
            await tx.commit()
        return won

    async def sweep(self, store: CheckStore | UseCodeStore, limit: int = 10) -> int:
        async with self.database.write() as tx:
            gone = await store.sweep(tx, before=self.clock.now(), limit=limit)
            await tx.commit()
        return gone


class UseContract:
    """One caller at a time."""

    async def test_a_consent_is_used_as_often_as_it_says_and_holding_it_is_no_use(self, harness: UseHarness) -> None:
        whole = harness.whole
        made = await whole.ask(max_uses=2)
        await whole.decide(made)
        today = whole.today
        for expected in (True, True, False):
            async with harness.database.write() as tx:
                assert await harness.consents.hold(tx, made.id, today=today)
                await tx.commit()
            assert await whole.use(made) is expected
        stored = await whole.stored(made)
        assert (stored.uses, stored.max_uses) == (2, 2)
        async with whole.other.read() as tx:
            assert PURPOSE.service_item
            assert PURPOSE.case_number
            assert not await harness.consents.in_force(
                tx, OTHER_OFFICE, LIN, service_item=PURPOSE.service_item, case_number=PURPOSE.case_number, today=today
            )

    async def test_only_a_consent_in_force_can_be_held(self, harness: UseHarness) -> None:
        whole = harness.whole
        made = await whole.ask()

        async def held() -> bool:
            async with harness.database.write() as tx:
                answer = await harness.consents.hold(tx, made.id, today=whole.today)
                await tx.commit()
            return answer

        assert not await held()
        await whole.decide(made)
        assert await held()
        harness.clock.advance(31 * 86_400)
        assert not await held()

    async def test_what_was_asked_together_is_found_together(self, harness: UseHarness) -> None:
        whole = harness.whole
        second = await whole.ask(bundle="cob_1", type_code=OTHER_TYPE)
        first = await whole.ask(bundle="cob_1", decided_by=None)
        await whole.ask(bundle="cob_2")
        await whole.ask()
        async with whole.other.read() as tx:
            found = await harness.consents.of_bundle(tx, "cob_1")
        assert [one.id for one in found] == [first.id, second.id]
        assert found[0].state is ConsentState.PENDING

    async def test_a_check_comes_back_as_it_was_and_its_numbers_are_sealed(self, harness: UseHarness) -> None:
        made, alone = await harness.check(), await harness.check(agent=None)
        assert await harness.found(made) == made
        assert await harness.found(alone) == alone
        async with harness.database.read() as tx:
            rows = [repr(row) for row in await tx.connection.execute(select(exemption_check))]
        assert not any(number in row for row in rows for number in (LIN.number, ZHAO.number))

    async def test_a_question_is_put_over_the_one_that_was_seen_only(self, harness: UseHarness) -> None:
        made = await harness.check()
        assert await harness.question(made, "cob_1")
        assert not await harness.question(made, "cob_2")
        assert await harness.question(made, "cob_3", before="cob_1")
        found = await harness.found(made)
        assert found
        assert found.bundle == "cob_3"

    async def test_a_round_is_begun_once_and_deliveries_are_kept_in_order(self, harness: UseHarness) -> None:
        made = await harness.check()
        assert await harness.round(made, "cop_1")
        assert not await harness.round(made, "cop_2")
        async with harness.database.write() as tx:
            await harness.checks.deliver(tx, made.id, [Delivered(0, "cop_0", "lic_y")])
            await tx.commit()
        async with harness.whole.other.read() as tx:
            delivered = await harness.checks.delivered(tx, made.id)
        assert delivered == [Delivered(0, "cop_0", "lic_y"), Delivered(1, "cop_1", "lic_x")]

    async def test_a_code_is_found_by_any_digest_and_redeemed_as_often_as_it_says(self, harness: UseHarness) -> None:
        made = await harness.code("a" * 64)
        async with harness.whole.other.read() as tx:
            assert await harness.codes.by_digest(tx, ("b" * 64, "a" * 64)) == made
            assert await harness.codes.by_digest(tx, ("b" * 64,)) is None
            assert await harness.codes.use_code(tx, made.id) == made
        assert [await harness.redeem(made) for _ in range(3)] == [True, True, False]

    async def test_a_code_that_has_run_out_is_not_redeemed(self, harness: UseHarness) -> None:
        made = await harness.code()
        harness.clock.advance(LIFE.total_seconds())
        assert not await harness.redeem(made)

    async def test_codes_that_are_ended_are_redeemed_no_more_and_others_stay(self, harness: UseHarness) -> None:
        ended, over = await harness.code("a" * 64), await harness.code("b" * 64, ends_at=harness.clock.now())
        kept, now = await harness.code("c" * 64), harness.clock.now()
        async with harness.database.write() as tx:
            assert await harness.codes.end(tx, [ended.id, over.id, "use_x"], now=now) == 1
            assert await harness.codes.end(tx, [], now=now) == 0
            await tx.commit()
        assert [await harness.redeem(one) for one in (ended, over, kept)] == [False, False, True]

    async def test_what_was_granted_under_an_authority_is_found_until_it_is_withdrawn(
        self, harness: UseHarness
    ) -> None:
        whole = harness.whole
        made = [await whole.ask(**changes) for changes in ({}, {}, {}, {"holder": ZHAO})]
        for one, authority in zip(made, ("ent_1", "ent_1", "ent_2", "ent_1"), strict=True):
            await whole.decide(replace(one, authority=authority))
        pending = await whole.ask(authority="ent_1")
        async with harness.database.write() as tx:
            await harness.consents.withdraw(tx, made[0].id, now=harness.clock.now())
            await tx.commit()
        async with whole.other.read() as tx:
            found = await harness.consents.granted_under(tx, LIN, "ent_1")
        assert [one.id for one in found] == [made[1].id]
        assert pending.state is ConsentState.PENDING

    async def test_what_is_over_goes_in_parts_and_what_is_alive_stays(self, harness: UseHarness) -> None:
        old = [await harness.check() for _ in range(3)]
        await harness.round(old[0], "cop_1")
        for number in range(3):
            await harness.code(f"{number}" * 64)
        harness.clock.advance(LIFE.total_seconds() + 1)
        alive, code = await harness.check(), await harness.code("f" * 64)
        for store in (harness.checks, harness.codes):
            assert [await harness.sweep(store, 2) for _ in range(3)] == [2, 1, 0]
        async with harness.database.read() as tx:
            left = (await tx.connection.execute(select(exemption_check.c.id))).scalars().all()
            codes = (await tx.connection.execute(select(use_code.c.id))).scalars().all()
        assert (left, codes) == ([alive.id], [code.id])


class UseContention:
    """Many callers at once: no more get through than may."""

    async def test_of_many_redemptions_no_more_than_its_uses_get_through(self, harness: UseHarness) -> None:
        made = await harness.code()
        databases = (harness.database, harness.whole.other)
        won = await at_once(*(harness.redeem(made, databases[number % 2]) for number in range(10)))
        assert won.count(True) == 2

    async def test_of_many_uses_of_a_consent_no_more_than_its_number_get_through(self, harness: UseHarness) -> None:
        made = await harness.whole.ask(max_uses=3)
        await harness.whole.decide(made)
        assert (await at_once(*(harness.whole.use(made) for _ in range(10)))).count(True) == 3

    async def test_of_many_rounds_one_delivers(self, harness: UseHarness) -> None:
        made = await harness.check()
        databases = (harness.database, harness.whole.other)
        won = await at_once(*(harness.round(made, f"cop_{number}", databases[number % 2]) for number in range(8)))
        assert won.count(True) == 1

    async def test_a_withdrawal_waits_for_whoever_holds_the_consent(self, harness: UseHarness) -> None:
        made = await harness.whole.ask()
        await harness.whole.decide(made)
        steps, held = [], asyncio.Event()

        async def hold() -> None:
            async with harness.database.write() as tx:
                assert await harness.consents.hold(tx, made.id, today=harness.whole.today)
                held.set()
                await asyncio.sleep(20 * DELAY)
                steps.append("given")
                await tx.commit()

        async def withdraw() -> None:
            await held.wait()
            async with harness.whole.other.write() as tx:
                assert await harness.consents.withdraw(tx, made.id, now=harness.clock.now())
                await tx.commit()
            steps.append("withdrawn")

        await asyncio.gather(hold(), withdraw())
        assert steps == ["given", "withdrawn"]


CONTRACT = (UseContract, UseContention)


@asynccontextmanager
async def sqlite(around: Surroundings) -> AsyncIterator[UseHarness]:
    async with licences.sqlite(around) as whole:
        yield UseHarness(whole)


@asynccontextmanager
async def postgres(around: Surroundings) -> AsyncIterator[UseHarness]:
    async with licences.postgres(around) as whole:
        yield UseHarness(whole)


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
