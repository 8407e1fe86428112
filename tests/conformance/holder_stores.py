"""What the stores of shares, objections, delays, counts and reminders keep, over every database."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from certstore.codes import HolderCode
from certstore.departures.ports import DepartureStore
from certstore.entrust.model import Done, EndReason, Entrustment, EntrustmentState, Party
from certstore.entrust.ports import EntrustmentStore
from certstore.lifecycle import Event, State
from certstore.look_delays import DelayState, LookDelay, LookDelayStore
from certstore.model import Licence
from certstore.objections.model import (
    Act,
    Evidence,
    MediaType,
    Objection,
    ObjectionState,
    ObjectionStep,
)
from certstore.objections.ports import ObjectionStore
from certstore.ports import Case, Deed
from certstore.reminders.ports import ReminderStore
from certstore.shares.model import TRIES, Share, ShareState
from certstore.shares.ports import ShareStore
from certstore.statistics.model import CaseTally, Measure, Tally
from certstore.statistics.ports import StatisticStore
from certstore.stores.departures import SqlDepartureStore
from certstore.stores.entrustments import SqlEntrustmentStore
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.look_delays import SqlLookDelayStore
from certstore.stores.objections import SqlObjectionStore
from certstore.stores.reminders import SqlReminderStore
from certstore.stores.shares import SqlShareStore
from certstore.stores.statistics import SqlStatisticStore
from core.db.database import ReadTx
from core.ids import new_id
from tests.conformance.certstore_stores_backends import LIN, OFFICE, OTHER_OFFICE, TYPE, ZHAO, StoreHarness
from tests.conformance.harness import at_once
from tests.support.certstore_fakes import blind_index, field_cipher

ITEM = "410199-ZF-0207"


@dataclass
class HolderHarness:
    """Empty stores over one database, beside those of the licences."""

    base: StoreHarness
    shares: ShareStore = field(default_factory=lambda: SqlShareStore(field_cipher(), blind_index()))
    entrustments: EntrustmentStore = field(default_factory=lambda: SqlEntrustmentStore(field_cipher(), blind_index()))
    objections: ObjectionStore = field(default_factory=lambda: SqlObjectionStore(field_cipher(), blind_index()))
    delays: LookDelayStore = field(default_factory=SqlLookDelayStore)
    statistics: StatisticStore = field(default_factory=SqlStatisticStore)
    departures: DepartureStore = field(default_factory=SqlDepartureStore)
    reminders: ReminderStore = field(
        default_factory=lambda: SqlReminderStore(SqlLicenceStore(field_cipher(), blind_index()))
    )

    @property
    def now(self) -> dt.datetime:
        return self.base.clock.now()

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Any]:
        async with self.base.database.write() as tx:
            yield tx
            await tx.commit()

    async def licence(self, **changes: Any) -> Licence:
        return await self.base.keep(self.base.a_licence(LIN, **changes))

    async def share(self, **changes: Any) -> Share:
        licence = await self.licence()
        self.base.clock.advance(0.001)
        made = Share(
            id=new_id(self.base.clock, "shr"),
            licence_id=licence.id,
            holder=LIN,
            fields=("area",),
            purpose="给房东看",
            code_digest="d",
            views_allowed=2,
            created_at=self.now,
            expires_at=self.now + dt.timedelta(days=1),
        )
        made = replace(made, **changes)
        async with self.unit() as tx:
            await self.shares.add(tx, made)
        return made

    async def guess(self, share: Share) -> Share | None:
        async with self.unit() as tx:
            return await self.shares.guess(tx, share.id, now=self.now)

    async def open(self, share: Share) -> Share | None:
        async with self.unit() as tx:
            return await self.shares.open(tx, share.id, now=self.now)

    async def entrust(self, *, accepted: bool = False, **changes: Any) -> Entrustment:
        self.base.clock.advance(0.001)
        made = Entrustment(
            id=new_id(self.base.clock, "ent"),
            principal=Party(LIN, "林知远"),
            agent=Party(ZHAO, "赵映雪"),
            types=(TYPE,),
            items=(ITEM,),
            purpose="替我办公租房",
            starts_on=self.base.today,
            ends_on=self.base.today + dt.timedelta(days=1),
            max_uses=2,
            created_at=self.now,
            answer_by=self.now + dt.timedelta(days=7),
        )
        made = replace(made, **changes)
        async with self.unit() as tx:
            await self.entrustments.add(tx, made)
        if accepted:
            assert await self.answer_offer(made)
        return made

    async def answer_offer(self, made: Entrustment, *, accept: bool = True) -> bool:
        answer = self.entrustments.accept if accept else self.entrustments.decline
        async with self.unit() as tx:
            return await answer(tx, made.id, now=self.now)

    async def in_force(self, tx: ReadTx, agent: HolderCode = ZHAO) -> Sequence[Entrustment]:
        return await self.entrustments.in_force(tx, agent, today=self.base.today)

    async def begin(self, made: Entrustment, number: str) -> bool:
        async with self.unit() as tx:
            return await self.entrustments.begin(tx, made.id, Case(OFFICE, ITEM, number), today=self.base.today)

    async def note(self, made: Entrustment) -> Done:
        self.base.clock.advance(0.001)
        made_id = new_id(self.base.clock, "end")
        done = Done(made_id, made.id, self.now, Deed.CODES, OFFICE, ITEM, "A", (TYPE,), ("use_1", "use_2"))
        async with self.unit() as tx:
            await self.entrustments.note(tx, done)
        return done

    async def an_objection(self, licence: Licence | None = None, **changes: Any) -> Objection:
        licence = licence or await self.licence()
        self.base.clock.advance(0.001)
        made = Objection(
            id=new_id(self.base.clock, "obj"),
            licence_id=licence.id,
            version=1,
            type_code=licence.type_code,
            issuer=OFFICE,
            holder=LIN,
            about="area",
            state=ObjectionState.OPEN,
            revision=1,
            created_at=self.now,
            due_on=self.base.today + dt.timedelta(days=15),
        )
        return replace(made, **changes)

    async def object(self, made: Objection) -> bool:
        async with self.unit() as tx:
            return await self.objections.add(tx, made, self.step(1, Act.RAISE))

    async def answer(self, made: Objection, state: ObjectionState) -> bool:
        closed = replace(made, state=state, revision=made.revision + 1, closed_at=self.now)
        async with self.unit() as tx:
            return await self.objections.take(tx, closed, self.step(closed.revision, Act.REFUSE))

    def step(self, sequence: int, act: Act) -> ObjectionStep:
        return ObjectionStep(sequence, act, self.now, "acc_x", None, "面积不对")

    async def propose(self, by: str = "acc_first") -> LookDelay:
        self.base.clock.advance(0.001)
        rule = LookDelay(new_id(self.base.clock, "ldr"), ITEM, 30, "依据", DelayState.PROPOSED, by, self.now)
        async with self.unit() as tx:
            await self.delays.add(tx, rule)
        return rule

    async def decide(self, rule: LookDelay, by: str, state: DelayState = DelayState.ACTIVE) -> bool:
        async with self.unit() as tx:
            return await self.delays.decide(tx, rule.id, state, by=by, now=self.now)

    async def move(self, before: str, after: str) -> bool:
        async with self.unit() as tx:
            return await self.statistics.move(tx, "audit", before, after, self.now)

    async def count(self, *tallies: Tally) -> None:
        async with self.unit() as tx:
            await self.statistics.add(tx, dict.fromkeys(tallies, 1))

    async def depart(self, licence: Licence, account_id: str = "acc_x") -> None:
        async with self.unit() as tx:
            await self.departures.add(tx, licence, account_id=account_id, died_on=self.base.today, now=self.now)

    async def remind(self, licence: Licence, days: int) -> bool:
        async with self.unit() as tx:
            return await self.reminders.claim(tx, licence, days, told=True)


class ShareContract:
    """Guesses and openings are spent one by one."""

    async def test_a_share_comes_back_as_it_was(self, harness: HolderHarness) -> None:
        made = await harness.share()
        async with harness.base.other.read() as tx:
            assert await harness.shares.share(tx, made.id) == made
            assert await harness.shares.of_holder(tx, LIN) == [made]
            assert await harness.shares.of_holder(tx, ZHAO) == []
            assert await harness.shares.of_holder(tx, LIN, before=made.id) == []

    async def test_openings_are_spent_and_give_the_guesses_back(self, harness: HolderHarness) -> None:
        made = await harness.share()
        for _ in range(TRIES):
            assert await harness.guess(made)
        assert await harness.guess(made) is None
        opened = await harness.open(made)
        assert opened is not None
        assert (opened.views, opened.tries) == (1, TRIES)
        assert await harness.open(made)
        assert await harness.open(made) is None

    async def test_what_was_taken_back_or_ran_out_is_spent_by_nobody(self, harness: HolderHarness) -> None:
        taken, late = await harness.share(), await harness.share(expires_at=harness.now + dt.timedelta(seconds=5))
        async with harness.unit() as tx:
            assert await harness.shares.withdraw(tx, taken.id)
            assert not await harness.shares.withdraw(tx, taken.id)
        harness.base.clock.advance(5)
        for one in (taken, late):
            assert await harness.guess(one) is None
            assert await harness.open(one) is None
        async with harness.base.other.read() as tx:
            assert await harness.shares.open_count(tx, LIN, now=harness.now) == 0
            found = await harness.shares.share(tx, taken.id)
        assert found is not None
        assert found.state is ShareState.WITHDRAWN

    async def test_only_what_ran_out_before_is_removed(self, harness: HolderHarness) -> None:
        old, new = await harness.share(), await harness.share(expires_at=harness.now + dt.timedelta(days=9))
        async with harness.unit() as tx:
            assert await harness.shares.delete_before(tx, harness.now + dt.timedelta(days=2)) == 1
        async with harness.base.other.read() as tx:
            assert [await harness.shares.share(tx, one.id) for one in (old, new)] == [None, new]

    async def test_of_many_at_once_as_many_open_as_are_allowed(self, harness: HolderHarness) -> None:
        made = await harness.share(views_allowed=3)
        assert sum(one is not None for one in await at_once(*(harness.open(made) for _ in range(8)))) == 3


class EntrustmentContract:
    """Answered once, ended once, counted case by case."""

    async def test_an_entrustment_comes_back_as_it_was(self, harness: HolderHarness) -> None:
        made = await harness.entrust()
        async with harness.base.other.read() as tx:
            assert await harness.entrustments.entrustment(tx, made.id) == made
            assert await harness.entrustments.given(tx, LIN) == [made]
            assert await harness.entrustments.held(tx, ZHAO) == [made]
            assert await harness.entrustments.given(tx, ZHAO) == []
            assert await harness.entrustments.held(tx, LIN) == []
            assert await harness.entrustments.held(tx, ZHAO, before=made.id) == []

    async def test_an_offer_is_answered_once_and_in_time(self, harness: HolderHarness) -> None:
        made, declined = await harness.entrust(), await harness.entrust()
        late = await harness.entrust(answer_by=harness.now + dt.timedelta(seconds=1))
        harness.base.clock.advance(1)
        assert await harness.answer_offer(made)
        assert await harness.answer_offer(declined, accept=False)
        for one in (made, declined, late):
            assert not await harness.answer_offer(one)
            assert not await harness.answer_offer(one, accept=False)
        async with harness.base.other.read() as tx:
            assert [one.id for one in await harness.in_force(tx)] == [made.id]

    async def test_days_states_and_numbers_bound_what_is_in_force(self, harness: HolderHarness) -> None:
        today, day = harness.base.today, dt.timedelta(days=1)
        later = await harness.entrust(starts_on=today + day, accepted=True)
        over = await harness.entrust(starts_on=today - day, ends_on=today - day, accepted=True)
        offered, ended = await harness.entrust(), await harness.entrust(accepted=True)
        good = await harness.entrust(ends_on=today, accepted=True)
        other = await harness.entrust(agent=Party(LIN, "林知远"), principal=Party(ZHAO, "赵映雪"), accepted=True)
        async with harness.unit() as tx:
            assert await harness.entrustments.end(tx, ended.id, reason=EndReason.LAID_DOWN, now=harness.now)
            assert not await harness.entrustments.end(tx, ended.id, reason=EndReason.TAKEN_BACK, now=harness.now)
        async with harness.unit() as tx:
            assert [one.id for one in await harness.in_force(tx)] == [good.id]
            held = [await harness.entrustments.hold(tx, one.id, today=today) for one in (later, over, offered, ended)]
            assert held == [False] * 4
            assert await harness.entrustments.hold(tx, good.id, today=today)
            assert await harness.entrustments.living(tx, LIN, now=harness.now, today=today) == 3
            found = await harness.entrustments.entrustment(tx, ended.id)
            assert found is not None
            assert (found.state, found.ended_for) == (EntrustmentState.ENDED, EndReason.LAID_DOWN)
            assert await harness.entrustments.end_all(tx, LIN, reason=EndReason.DEATH, now=harness.now) == 5
            assert [one.id for one in await harness.in_force(tx, LIN)] == []
            assert other.id in {one.id for one in await harness.entrustments.given(tx, ZHAO)}

    async def test_a_case_is_counted_once_and_no_more_than_are_left(self, harness: HolderHarness) -> None:
        made = await harness.entrust(max_uses=2, accepted=True)
        begun = [await harness.begin(made, number) for number in ("A", "A", "B", "C", "A", "B")]
        assert begun == [True, True, True, False, True, True]
        async with harness.base.other.read() as tx:
            found = await harness.entrustments.entrustment(tx, made.id)
            assert found is not None
            assert found.uses == 2
            assert {one.number for one in await harness.entrustments.cases(tx, made.id)} == {"A", "B"}
        async with harness.unit() as tx:
            await harness.entrustments.end(tx, made.id, reason=EndReason.TAKEN_BACK, now=harness.now)
        assert not await harness.begin(made, "A")

    async def test_of_many_cases_at_once_no_more_than_are_left_begin(self, harness: HolderHarness) -> None:
        made = await harness.entrust(max_uses=3, accepted=True)
        assert sum(await at_once(*(harness.begin(made, f"C{number}") for number in range(8)))) == 3

    async def test_one_case_at_once_from_everywhere_is_one_use(self, harness: HolderHarness) -> None:
        made = await harness.entrust(max_uses=1, accepted=True)
        assert await at_once(*(harness.begin(made, "ONE") for _ in range(6))) == [True] * 6

    async def test_what_was_done_is_kept_with_it_and_goes_with_it(self, harness: HolderHarness) -> None:
        old = await harness.entrust(accepted=True)
        new = await harness.entrust(ends_on=harness.base.today + dt.timedelta(days=9), accepted=True)
        for one in (old, new):
            assert await harness.begin(one, "A")
        first, second = await harness.note(old), await harness.note(old)
        kept = await harness.note(new)
        async with harness.base.other.read() as tx:
            assert await harness.entrustments.done(tx, old.id) == [second, first]
            assert await harness.entrustments.done(tx, old.id, limit=1) == [second]
        async with harness.unit() as tx:
            assert await harness.entrustments.delete_before(tx, old.ends_on + dt.timedelta(days=1)) == 1
        async with harness.base.other.read() as tx:
            assert await harness.entrustments.done(tx, old.id) == []
            assert await harness.entrustments.entrustment(tx, old.id) is None
            assert await harness.entrustments.done(tx, new.id) == [kept]


class ObjectionContract:
    """Each step once, from the revision before it."""

    async def test_an_objection_comes_back_with_evidence_and_steps(self, harness: HolderHarness) -> None:
        evidence = Evidence("evd_1", "address", MediaType.PDF, 9, "0" * 64)
        made = replace(await harness.an_objection(), evidence=evidence)
        assert await harness.object(made)
        async with harness.base.other.read() as tx:
            assert await harness.objections.objection(tx, made.id) == made
            assert await harness.objections.of_holder(tx, LIN) == [made]
            assert await harness.objections.of_holder(tx, ZHAO) == []
            steps = await harness.objections.steps(tx, made.id)
        assert [(one.sequence, one.act, one.text) for one in steps] == [(1, Act.RAISE, "面积不对")]

    async def test_one_entry_has_one_living_objection_of_a_holder(self, harness: HolderHarness) -> None:
        licence = await harness.licence()
        first = await harness.an_objection(licence)
        assert await harness.object(first)
        assert not await harness.object(await harness.an_objection(licence))
        assert await harness.object(await harness.an_objection(licence, about="location"))
        assert await harness.object(await harness.an_objection(licence, holder=ZHAO))
        assert await harness.answer(first, ObjectionState.REFUSED)
        assert await harness.object(await harness.an_objection(licence))

    async def test_a_step_from_an_old_reading_is_refused_and_leaves_nothing(self, harness: HolderHarness) -> None:
        made = await harness.an_objection()
        await harness.object(made)
        assert await harness.answer(made, ObjectionState.REFUSED)
        assert not await harness.answer(made, ObjectionState.WITHDRAWN)
        async with harness.base.other.read() as tx:
            found = await harness.objections.objection(tx, made.id)
            assert found is not None
            assert found.state is ObjectionState.REFUSED
            assert len(await harness.objections.steps(tx, made.id)) == 2

    async def test_an_authority_sees_its_own_by_the_day_they_are_due(self, harness: HolderHarness) -> None:
        today = harness.base.today
        days = [today + dt.timedelta(days=number) for number in (9, 3, 6)]
        made = [await harness.an_objection(due_on=day) for day in days]
        for one in (*made, await harness.an_objection(issuer=OTHER_OFFICE)):
            assert await harness.object(one)
        async with harness.base.other.read() as tx:
            first = await harness.objections.of_issuer(tx, OFFICE, living=True, limit=2)
            place = (first[-1].due_on, first[-1].id)
            rest = await harness.objections.of_issuer(tx, OFFICE, living=True, after=place, limit=2)
            assert [one.id for one in (*first, *rest)] == [made[1].id, made[2].id, made[0].id]
            assert await harness.objections.of_issuer(tx, OFFICE, living=False) == []
            assert await harness.objections.of_issuer(tx, OFFICE, living=True, types=frozenset()) == []
            assert await harness.objections.count_living(tx, OFFICE) == 3
            assert await harness.objections.count_living(tx, OFFICE, due_before=days[2]) == 1

    async def test_what_was_closed_long_ago_goes_with_its_evidence_and_nothing_else(
        self, harness: HolderHarness
    ) -> None:
        evidence = Evidence("evd_1", "address", MediaType.PDF, 9, "0" * 64)
        old = replace(await harness.an_objection(), evidence=evidence)
        living = await harness.an_objection()
        for one in (old, living):
            await harness.object(one)
        await harness.answer(old, ObjectionState.REFUSED)
        later = harness.now + dt.timedelta(seconds=1)
        async with harness.unit() as tx:
            assert await harness.objections.closed_before(tx, later)
            assert await harness.objections.delete_closed(tx, later) == [evidence]
            assert not await harness.objections.closed_before(tx, later)
        async with harness.base.other.read() as tx:
            assert await harness.objections.objection(tx, old.id) is None
            assert await harness.objections.steps(tx, old.id) == []
            assert await harness.objections.objection(tx, living.id) == living

    async def test_of_many_answers_at_once_one_is_kept(self, harness: HolderHarness) -> None:
        made = await harness.an_objection()
        await harness.object(made)
        states = (ObjectionState.REFUSED, ObjectionState.ACCEPTED) * 3
        assert sum(await at_once(*(harness.answer(made, state) for state in states))) == 1

    async def test_of_many_that_are_raised_at_once_one_is_kept(self, harness: HolderHarness) -> None:
        licence = await harness.licence()
        made = [await harness.an_objection(licence) for _ in range(5)]
        assert sum(await at_once(*(harness.object(one) for one in made))) == 1


class DelayContract:
    """Two people, one decision, one end."""

    async def test_a_rule_is_decided_once_by_another_person(self, harness: HolderHarness) -> None:
        rule = await harness.propose()
        assert not await harness.decide(rule, "acc_first")
        assert await harness.decide(rule, "acc_second")
        assert not await harness.decide(rule, "acc_second", DelayState.REFUSED)
        async with harness.base.other.read() as tx:
            (found,) = await harness.delays.rules(tx)
        assert (found.state, found.since, found.decided_by) == (DelayState.ACTIVE, harness.now, "acc_second")

    async def test_only_what_is_in_force_ends_and_once(self, harness: HolderHarness) -> None:
        waiting, active = await harness.propose(), await harness.propose()
        await harness.decide(active, "acc_second")
        async with harness.unit() as tx:
            assert not await harness.delays.end(tx, waiting.id, now=harness.now)
            assert await harness.delays.end(tx, active.id, now=harness.now)
            assert not await harness.delays.end(tx, active.id, now=harness.now)


class StatisticContract:
    """Counts add up; a position moves from where it was read."""

    async def test_counts_add_up_and_stay_apart(self, harness: HolderHarness) -> None:
        day = harness.base.today
        one = Tally(day, OFFICE, Measure.SEARCH, ITEM)
        await harness.count(one, replace(one, measure=Measure.COPY), replace(one, organisation=OTHER_OFFICE))
        await harness.count(one, replace(one, mark="use-not-granted", measure=Measure.REFUSAL))
        async with harness.base.other.read() as tx:
            found = await harness.statistics.by_month(tx, OFFICE, first=day, last=day)
            none = await harness.statistics.by_month(tx, OFFICE, first=day + dt.timedelta(days=1), last=day)
        counts = {(row.measure, row.mark): row.count for row in found}
        assert counts == {
            (Measure.SEARCH, ""): 2,
            (Measure.COPY, ""): 1,
            (Measure.REFUSAL, "use-not-granted"): 1,
        }
        assert none == []

    async def test_a_position_moves_from_where_it_was_read(self, harness: HolderHarness) -> None:
        assert await harness.move("", "5")
        assert not await harness.move("", "7")
        assert await harness.move("5", "7")
        async with harness.base.other.read() as tx:
            assert await harness.statistics.position(tx, "audit") == "7"
            assert await harness.statistics.counted_at(tx, ["audit"]) == harness.now
            assert await harness.statistics.counted_at(tx, ["audit", "looks"]) is None

    async def test_a_case_counts_with_its_best(self, harness: HolderHarness) -> None:
        grown = []
        for materials, exempt in ((4, 1), (4, 3), (4, 2), (5, 3)):
            async with harness.unit() as tx:
                case = CaseTally(OFFICE, ITEM, "CASE-1", materials, exempt)
                grown.append(await harness.statistics.better(tx, case, harness.base.today))
        assert grown == [(4, 1), (0, 2), (0, 0), (1, 0)]

    async def test_last_days_are_of_the_measures_asked_for(self, harness: HolderHarness) -> None:
        today = harness.base.today
        for days, measure in ((40, Measure.ISSUED), (2, Measure.CHANGED), (1, Measure.LOOK)):
            await harness.count(Tally(today - dt.timedelta(days=days), OFFICE, measure, "", TYPE))
        first = today - dt.timedelta(days=30)
        async with harness.base.other.read() as tx:
            found = await harness.statistics.last_days(tx, OFFICE, [Measure.ISSUED, Measure.CHANGED], first=first)
        assert found == {TYPE: (today - dt.timedelta(days=2), 1)}

    async def test_only_earlier_days_and_cases_are_removed(self, harness: HolderHarness) -> None:
        today = harness.base.today
        old = today - dt.timedelta(days=9)
        await harness.count(Tally(old, OFFICE, Measure.SEARCH), Tally(today, OFFICE, Measure.SEARCH))
        async with harness.unit() as tx:
            await harness.statistics.better(tx, CaseTally(OFFICE, ITEM, "A", 1, 1), old)
            await harness.statistics.better(tx, CaseTally(OFFICE, ITEM, "B", 1, 1), today)
            assert await harness.statistics.delete_before(tx, today) == 1
            assert await harness.statistics.delete_cases(tx, today) == 1
        async with harness.base.other.read() as tx:
            (row,) = await harness.statistics.by_month(tx, OFFICE, first=old, last=today)
        assert (row.month, row.count) == (today.replace(day=1), 1)

    async def test_of_many_who_move_a_position_one_does(self, harness: HolderHarness) -> None:
        await harness.move("", "5")
        assert sum(await at_once(*(harness.move("5", str(number)) for number in range(6, 12)))) == 1


class ReminderContract:
    """Each stage of each version once."""

    async def test_a_stage_is_claimed_once_and_stages_are_apart(self, harness: HolderHarness) -> None:
        licence = await harness.licence(valid_until=harness.base.today + dt.timedelta(days=20))
        assert await harness.remind(licence, 30)
        assert not await harness.remind(licence, 30)
        assert await harness.remind(licence, 7)

    async def test_what_lapses_is_found_by_day_and_id(self, harness: HolderHarness) -> None:
        today = harness.base.today
        made = [await harness.licence(valid_until=today + dt.timedelta(days=days)) for days in (9, 3, 3, 100)]
        await harness.licence()
        async with harness.base.other.read() as tx:
            last = today + dt.timedelta(days=90)
            first = await harness.reminders.lapsing(tx, first=today, last=last, after=None, limit=2)
            rest = await harness.reminders.lapsing(tx, first=today, last=last, after=first[-1], limit=2)
            found = await harness.reminders.licences(tx, [made[0].id])
        assert [licence_id for _, licence_id in (*first, *rest)] == [made[1].id, made[2].id, made[0].id]
        assert [one.id for one in found] == [made[0].id]

    async def test_of_many_workers_one_claims(self, harness: HolderHarness) -> None:
        licence = await harness.licence(valid_until=harness.base.today + dt.timedelta(days=20))
        assert sum(await at_once(*(harness.remind(licence, 30) for _ in range(5)))) == 1


class DepartureContract:
    """Licences of the dead, for whoever issued them, as long as they run."""

    async def test_they_are_listed_once_for_their_issuer_until_they_end(self, harness: HolderHarness) -> None:
        first, second = await harness.licence(), await harness.licence()
        for licence in (first, first, second):
            await harness.depart(licence)
        async with harness.base.other.read() as tx:
            found = await harness.departures.of_issuer(tx, OFFICE)
            assert sorted(one.licence_id for one in found) == sorted([first.id, second.id])
            assert await harness.departures.of_issuer(tx, OTHER_OFFICE) == []
        await harness.base.end(first, Event.CANCEL, State.CANCELLED)
        async with harness.unit() as tx:
            assert [one.licence_id for one in await harness.departures.of_issuer(tx, OFFICE)] == [second.id]
            assert await harness.departures.delete_ended(tx) == 1
            assert await harness.departures.delete_ended(tx) == 0

    async def test_a_report_is_taken_back_for_one_person_only(self, harness: HolderHarness) -> None:
        mine, other = await harness.licence(), await harness.licence()
        await harness.depart(mine)
        await harness.depart(other, "acc_other")
        async with harness.unit() as tx:
            assert await harness.departures.take_back(tx, "acc_x") == 1
            assert [one.licence_id for one in await harness.departures.of_issuer(tx, OFFICE)] == [other.id]


CONTRACTS = (
    ShareContract,
    EntrustmentContract,
    ObjectionContract,
    DelayContract,
    StatisticContract,
    ReminderContract,
    DepartureContract,
)
