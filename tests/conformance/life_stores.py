"""The contract of the stores in `certstore.life.ports`: drafts, proposals, transfers, and who is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from certstore.inspecting import Standing
from certstore.life.model import Draft, DraftContent, EndingProposal, ProposalState
from certstore.life.ports import DraftStore, DueStore, ProposalStore, TransferStore
from certstore.lifecycle import Event, State
from certstore.making import HolderInput
from certstore.model import Licence
from certstore.stores.due import SqlDueStore
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.life import SqlDraftStore, SqlProposalStore, SqlTransferStore
from certstore.stores.life_tables import ending_proposal, licence_draft
from core.ids import new_id
from core.principal import PrincipalKind
from tests.conformance import certstore_stores_backends as backends
from tests.conformance.certstore_stores_backends import LIN_NAME, OFFICE, OTHER_OFFICE, OTHER_TYPE, TYPE, StoreHarness
from tests.conformance.harness import Backend, Surroundings, at_once
from tests.support.certstore_fakes import blind_index, field_cipher

MANY = 8
NUMBER = "410199198802291031"


@dataclass
class LifeHarness:
    """Empty stores beside the licences, over one database and a second worker's view of it."""

    ground: StoreHarness
    drafts: DraftStore = field(default_factory=lambda: SqlDraftStore(field_cipher()))
    proposals: ProposalStore = field(default_factory=lambda: SqlProposalStore(field_cipher()))
    transfers: TransferStore = field(default_factory=SqlTransferStore)
    due: DueStore = field(default_factory=lambda: SqlDueStore(SqlLicenceStore(field_cipher(), blind_index())))

    async def written(self, work: Callable[[Any], Any], *, other: bool = False) -> Any:
        """What `work` answers in a unit of its own."""
        async with (self.ground.other if other else self.ground.database).write() as tx:
            answer = await work(tx)
            await tx.commit()
        return answer

    async def read(self, work: Callable[[Any], Any]) -> Any:
        async with self.ground.other.read() as tx:
            return await work(tx)

    def a_draft(self, **changes: Any) -> Draft:
        self.ground.clock.advance(0.001)
        now = self.ground.clock.now()
        content = DraftContent(
            (HolderInput("111", NUMBER, LIN_NAME),), {"area": 56.4}, "示 1 号", dt.date(2027, 1, 1), None
        )
        made = Draft(
            new_id(self.ground.clock, "lic"), TYPE, OFFICE, 1, "acc_wei", PrincipalKind.STAFF, now, now, content
        )
        return replace(made, **changes)

    def a_proposal(self, licence_id: str = "lic_x", **changes: Any) -> EndingProposal:
        self.ground.clock.advance(0.001)
        made = EndingProposal(
            new_id(self.ground.clock, "prp"),
            licence_id,
            OFFICE,
            TYPE,
            Event.REVOKE,
            3,
            "因为林知远的材料不实",
            "acc_wei",
            LIN_NAME,
            self.ground.clock.now(),
        )
        return replace(made, **changes)

    async def inspected(self, until: dt.date | None, **changes: Any) -> Licence:
        kind = changes.pop("type_code", TYPE)
        made = replace(self.ground.a_licence(type_code=kind), inspected_until=until, **changes)
        return await self.ground.keep(made)


class LifeStoresBasic:
    """One caller at a time."""

    async def test_a_draft_comes_back_as_it_was_and_is_rewritten_from_what_was_read(self, harness: LifeHarness) -> None:
        draft = harness.a_draft()
        await harness.written(lambda tx: harness.drafts.add(tx, draft))
        assert await harness.read(lambda tx: harness.drafts.draft(tx, draft.id)) == draft
        changed = replace(draft, revision=2, content=replace(draft.content, licence_number=None))
        assert await harness.written(lambda tx: harness.drafts.replace(tx, changed))
        assert not await harness.written(lambda tx: harness.drafts.replace(tx, changed))
        assert await harness.read(lambda tx: harness.drafts.draft(tx, draft.id)) == changed

    async def test_a_draft_is_taken_once_and_only_as_it_was_seen(self, harness: LifeHarness) -> None:
        draft = harness.a_draft()
        await harness.written(lambda tx: harness.drafts.add(tx, draft))
        assert not await harness.written(lambda tx: harness.drafts.take(tx, draft.id, 2))
        assert await harness.written(lambda tx: harness.drafts.take(tx, draft.id, 1))
        assert not await harness.written(lambda tx: harness.drafts.take(tx, draft.id, 1))
        assert await harness.read(lambda tx: harness.drafts.draft(tx, draft.id)) is None

    async def test_drafts_of_an_authority_are_listed_newest_first_and_untouched_ones_go(
        self, harness: LifeHarness
    ) -> None:
        first, second = harness.a_draft(), harness.a_draft()
        foreign = harness.a_draft(issuer=OTHER_OFFICE)
        for one in (first, second, foreign):
            await harness.written(lambda tx, one=one: harness.drafts.add(tx, one))
        listed = await harness.read(lambda tx: harness.drafts.of_issuer(tx, OFFICE, limit=1))
        rest = await harness.read(lambda tx: harness.drafts.of_issuer(tx, OFFICE, before=listed[0].id))
        assert [*listed, *rest] == [second, first]
        assert await harness.written(lambda tx: harness.drafts.delete_before(tx, second.changed_at)) == 1
        assert await harness.read(lambda tx: harness.drafts.of_issuer(tx, OFFICE)) == [second]

    async def test_a_licence_has_one_open_proposal_of_a_kind(self, harness: LifeHarness) -> None:
        first = harness.a_proposal()
        assert await harness.written(lambda tx: harness.proposals.add(tx, first))
        assert not await harness.written(lambda tx: harness.proposals.add(tx, harness.a_proposal()))
        other = harness.a_proposal(event=Event.WITHDRAW)
        assert await harness.written(lambda tx: harness.proposals.add(tx, other))
        assert await harness.read(lambda tx: harness.proposals.open_of(tx, OFFICE)) == [first, other]
        assert await harness.read(lambda tx: harness.proposals.open_of(tx, OTHER_OFFICE)) == []
        assert await self._decide(harness, first, ProposalState.REFUSED)
        again = harness.a_proposal()
        assert await harness.written(lambda tx: harness.proposals.add(tx, again))
        found = await harness.read(lambda tx: harness.proposals.of_licence(tx, "lic_x"))
        assert [one.id for one in found] == [again.id, other.id, first.id]

    async def test_a_proposal_is_decided_once(self, harness: LifeHarness) -> None:
        proposal = harness.a_proposal()
        await harness.written(lambda tx: harness.proposals.add(tx, proposal))
        assert await self._decide(harness, proposal, ProposalState.DONE)
        assert not await self._decide(harness, proposal, ProposalState.REFUSED)
        found = await harness.read(lambda tx: harness.proposals.proposal(tx, proposal.id))
        decided = replace(proposal, state=ProposalState.DONE, decided_by="acc_fang", decided_at=found.decided_at)
        assert found == decided

    async def test_proposals_lapse_and_decided_ones_go_in_time(self, harness: LifeHarness) -> None:
        old = harness.a_proposal()
        young = harness.a_proposal(event=Event.WITHDRAW)
        for one in (old, young):
            await harness.written(lambda tx, one=one: harness.proposals.add(tx, one))
        assert await harness.written(lambda tx: harness.proposals.lapse(tx, young.proposed_at)) == 1
        assert await harness.read(lambda tx: harness.proposals.open_of(tx, OFFICE)) == [young]
        gone = young.proposed_at + dt.timedelta(seconds=1)
        assert await harness.written(lambda tx: harness.proposals.delete_decided(tx, gone)) == 1
        assert await harness.read(lambda tx: harness.proposals.proposal(tx, old.id)) is None

    async def test_a_former_identifier_becomes_one_licence_until_that_has_ended(self, harness: LifeHarness) -> None:
        ground, transfers = harness.ground, harness.transfers
        first, second = await ground.keep(ground.a_licence()), await ground.keep(ground.a_licence())
        assert await harness.written(lambda tx: transfers.claim(tx, "1.2.3", first.id))
        assert not await harness.written(lambda tx: transfers.claim(tx, "1.2.3", second.id))
        assert await harness.read(lambda tx: transfers.successor(tx, "1.2.3")) == first.id
        assert await harness.read(lambda tx: transfers.successor(tx, "1.2.4")) is None
        await ground.end(first, Event.ANNUL, State.ANNULLED)
        assert await harness.read(lambda tx: transfers.successor(tx, "1.2.3")) is None
        assert await harness.written(lambda tx: transfers.claim(tx, "1.2.3", second.id))

    async def test_what_ran_out_is_found_until_it_is_written_down(self, harness: LifeHarness) -> None:
        ground, today = harness.ground, harness.ground.today
        day = dt.timedelta(days=1)
        older = await ground.keep(ground.a_licence(valid_until=today - 2 * day))
        old = await ground.keep(ground.a_licence(valid_until=today - day))
        await ground.keep(ground.a_licence(valid_until=today))
        await ground.keep(ground.a_licence())
        gone = await ground.keep(ground.a_licence(valid_until=today - day))
        await ground.end(gone, Event.REVOKE, State.REVOKED)
        held = await ground.keep(ground.a_licence(valid_until=today - day))
        await ground.end(held, Event.SUSPEND, State.SUSPENDED)
        found = await harness.read(lambda tx: harness.due.lapsed(tx, today))
        assert [one.id for one in found] == [older.id, old.id, held.id]
        assert await harness.read(lambda tx: harness.due.lapsed(tx, today, limit=1)) == [older]
        await ground.end(older, Event.EXPIRE, State.EXPIRED)
        assert [one.id for one in await harness.read(lambda tx: harness.due.lapsed(tx, today))] == [old.id, held.id]

    async def test_inspections_are_listed_soonest_first_and_counted(self, harness: LifeHarness) -> None:
        ground, today = harness.ground, harness.ground.today
        window = today + dt.timedelta(days=30)
        late, last = await harness.inspected(today - dt.timedelta(days=1)), await harness.inspected(window)
        never, same = await harness.inspected(None), await harness.inspected(window)
        await harness.inspected(window + dt.timedelta(days=1))
        await harness.inspected(today, type_code=OTHER_TYPE)
        await harness.inspected(today, issuer=OTHER_OFFICE)
        ended = await harness.inspected(today)
        await ground.end(ended, Event.REVOKE, State.REVOKED)

        async def page(after: tuple[dt.date, str] | None) -> Any:
            return await harness.read(
                lambda tx: harness.due.to_inspect(tx, OFFICE, TYPE, until=window, after=after, limit=3)
            )

        first = await page(None)
        rest = await page((window, first[-1].id))
        assert [one.id for one in (*first, *rest)] == [never.id, late.id, last.id, same.id]
        counts = await harness.read(
            lambda tx: harness.due.inspection_counts(tx, OFFICE, TYPE, today=today, window=window)
        )
        assert counts == {Standing.COVERED: 1, Standing.DUE: 3, Standing.OVERDUE: 1}

    async def test_what_is_personal_is_not_in_the_tables_in_the_clear(self, harness: LifeHarness) -> None:
        await harness.written(lambda tx: harness.drafts.add(tx, harness.a_draft()))
        await harness.written(lambda tx: harness.proposals.add(tx, harness.a_proposal()))
        stored: list[bytes] = []
        async with harness.ground.database.read() as tx:
            for table in (licence_draft, ending_proposal):
                for row in await tx.connection.execute(select(table)):
                    stored += [value if isinstance(value, bytes) else str(value).encode() for value in row]
        for secret in (NUMBER, LIN_NAME, "56.4", "材料不实"):
            assert all(secret.encode() not in value for value in stored)

    async def _decide(self, harness: LifeHarness, proposal: EndingProposal, state: ProposalState) -> bool:
        at = harness.ground.clock.now()
        decided = await harness.written(
            lambda tx: harness.proposals.decide(tx, proposal.id, state, by="acc_fang", at=at)
        )
        return bool(decided)


class LifeStoresContention:
    """Many callers at the same time, over two connections."""

    async def test_of_many_proposals_one_is_open(self, harness: LifeHarness) -> None:
        async def propose(number: int) -> bool:
            made = harness.a_proposal()
            return bool(await harness.written(lambda tx: harness.proposals.add(tx, made), other=bool(number % 2)))

        assert sum(await at_once(*(propose(number) for number in range(MANY)))) == 1

    async def test_of_many_decisions_one_counts(self, harness: LifeHarness) -> None:
        proposal = harness.a_proposal()
        await harness.written(lambda tx: harness.proposals.add(tx, proposal))
        at = harness.ground.clock.now()

        async def decide(number: int) -> bool:
            state = ProposalState.DONE if number % 3 else ProposalState.REFUSED
            return bool(
                await harness.written(
                    lambda tx: harness.proposals.decide(tx, proposal.id, state, by=f"acc_{number}", at=at),
                    other=bool(number % 2),
                )
            )

        assert sum(await at_once(*(decide(number) for number in range(MANY)))) == 1

    async def test_of_many_who_take_a_draft_one_gets_it(self, harness: LifeHarness) -> None:
        draft = harness.a_draft()
        await harness.written(lambda tx: harness.drafts.add(tx, draft))

        async def take(number: int) -> bool:
            return bool(await harness.written(lambda tx: harness.drafts.take(tx, draft.id, 1), other=bool(number % 2)))

        assert sum(await at_once(*(take(number) for number in range(MANY)))) == 1

    async def test_of_many_transfers_one_is_taken_in(self, harness: LifeHarness) -> None:
        ground = harness.ground
        made = [await ground.keep(ground.a_licence()) for _ in range(MANY)]

        async def claim(number: int) -> bool:
            return bool(
                await harness.written(
                    lambda tx: harness.transfers.claim(tx, "1.2.3", made[number].id), other=bool(number % 2)
                )
            )

        assert sum(await at_once(*(claim(number) for number in range(MANY)))) == 1


CONTRACT = (LifeStoresBasic, LifeStoresContention)


def opening(
    opened: Callable[[Surroundings], AbstractAsyncContextManager[StoreHarness]], **parts: Any
) -> Callable[[Surroundings], AbstractAsyncContextManager[LifeHarness]]:
    @asynccontextmanager
    async def open_with(around: Surroundings) -> AsyncIterator[LifeHarness]:
        async with opened(around) as ground:
            yield LifeHarness(ground, **parts)

    return open_with


BACKENDS = [
    Backend("sqlite", None, opening(backends.sqlite)),
    Backend("postgres", "postgres_server", opening(backends.postgres)),
]
