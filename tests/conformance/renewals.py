"""The contract of `keys.renewals.ports.ProposalStore`, and of deciding with it, at three strengths."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, replace

from core.db.database import Database
from core.errors import AppError, Conflict
from core.principal import Principal, PrincipalKind
from core.text import Text
from keys.renewals.decide import CONFIRMS, PROPOSES, Renewals
from keys.renewals.model import Proposal, ProposalState
from keys.renewals.ports import ProposalStore
from tests.support.clock import FakeClock

NOW = dt.datetime(2026, 11, 25, 1, 2, 3, tzinfo=dt.UTC)
LINE = "certificate/7f"


def staff(name: str, *scopes: str) -> Principal:
    return Principal(PrincipalKind.STAFF, name, scopes=frozenset(scopes))


SYSTEM_ADMIN = staff("acc_system", PROPOSES)
SECURITY_ADMIN = staff("acc_security", CONFIRMS)
BOTH = staff("acc_both", PROPOSES, CONFIRMS)


class CountingRenewer:
    """Renews nothing, and counts; `fault` is raised instead, `gate` waited for."""

    def __init__(self) -> None:
        self.renewed: list[str] = []
        self.fault: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.begun = asyncio.Event()

    async def name(self, line: str) -> tuple[str, str] | None:
        return ("住房保障局印章证书", "Seal of the Housing Bureau") if line.startswith("certificate/") else None

    async def renew(self, line: str) -> None:
        self.begun.set()
        if self.gate:
            await self.gate.wait()
        if self.fault:
            raise self.fault
        self.renewed.append(line)


@dataclass
class RenewalsHarness:
    """Two workers on the same data."""

    databases: tuple[Database, Database]
    store: ProposalStore
    renewer: CountingRenewer
    clock: FakeClock

    def worker(self, number: int = 0) -> Renewals:
        return Renewals(self.databases[number % 2], self.store, self.renewer, self.clock)


def a_proposal(name: str = "ren_1", **changes: object) -> Proposal:
    made = Proposal(name, LINE, Text("印章", "Seal"), ProposalState.OPEN, "acc_1", NOW, None, NOW)
    return replace(made, **changes)  # type: ignore[arg-type]  # names of fields


async def code_of(call: object) -> str:
    """The code with which a call is refused; `done` if it is not."""
    try:
        await call  # type: ignore[misc]  # an awaitable
    except AppError as error:
        return error.code
    return "done"


class ProposalBasic:
    """What is put in comes out."""

    async def test_a_proposal_comes_back_whole(self, harness: RenewalsHarness) -> None:
        database, store = harness.databases[0], harness.store
        async with database.write() as tx:
            assert await store.add(tx, a_proposal())
            await tx.commit()
        async with harness.databases[1].read() as tx:
            assert await store.get(tx, "ren_1") == a_proposal()
            assert await store.get(tx, "ren_2") is None
            assert list(await store.undecided(tx)) == [a_proposal()]

    async def test_one_undecided_proposal_for_one_thing(self, harness: RenewalsHarness) -> None:
        database, store = harness.databases[0], harness.store
        async with database.write() as tx:
            assert await store.add(tx, a_proposal())
            assert not await store.add(tx, a_proposal("ren_2"))
            assert await store.add(tx, a_proposal("ren_3", line="certificate/80"))  # the unit of work is still of use
            moved = await store.move(
                tx, "ren_1", expected=ProposalState.OPEN, new=ProposalState.REFUSED, by="acc_2", at=NOW
            )
            assert moved
            assert await store.add(tx, a_proposal("ren_4"))
            await tx.commit()
        async with database.read() as tx:
            assert [one.id for one in await store.undecided(tx)] == ["ren_3", "ren_4"]

    async def test_a_step_needs_the_state_before_it(self, harness: RenewalsHarness) -> None:
        database, store = harness.databases[0], harness.store
        later = NOW + dt.timedelta(minutes=1)
        async with database.write() as tx:
            await store.add(tx, a_proposal())
            for expected in (ProposalState.WORKING, ProposalState.DONE):
                assert not await store.move(tx, "ren_1", expected=expected, new=ProposalState.DONE, by="x", at=later)
            assert not await store.move(
                tx,
                "ren_1",
                expected=ProposalState.OPEN,
                new=ProposalState.DONE,
                by="x",
                at=later,
                since_before=NOW,
            )
            assert await store.get(tx, "ren_1") == a_proposal()
            assert await store.move(
                tx, "ren_1", expected=ProposalState.OPEN, new=ProposalState.WORKING, by="acc_2", at=later
            )
            await tx.commit()
        async with database.read() as tx:
            moved = a_proposal(state=ProposalState.WORKING, decided_by="acc_2", state_since=later)
            assert await store.get(tx, "ren_1") == moved


class DecidingContract:
    """Two people, and not one more or less."""

    async def test_one_proposes_another_confirms(self, harness: RenewalsHarness) -> None:
        proposal = await harness.worker().propose(LINE, SYSTEM_ADMIN)
        await harness.worker(1).confirm(proposal.id, SECURITY_ADMIN)
        assert harness.renewer.renewed == [LINE]
        assert list(await harness.worker().undecided()) == []
        assert await code_of(harness.worker().confirm(proposal.id, SECURITY_ADMIN)) == "proposal-decided"
        assert harness.renewer.renewed == [LINE]

    async def test_nobody_confirms_their_own_proposal(self, harness: RenewalsHarness) -> None:
        proposal = await harness.worker().propose(LINE, BOTH)
        assert await code_of(harness.worker().confirm(proposal.id, BOTH)) == "second-person-needed"
        assert harness.renewer.renewed == []
        await harness.worker().confirm(proposal.id, SECURITY_ADMIN)  # the twin
        assert harness.renewer.renewed == [LINE]

    async def test_each_has_their_own_duty(self, harness: RenewalsHarness) -> None:
        assert await code_of(harness.worker().propose(LINE, SECURITY_ADMIN)) == "duty-missing"
        proposal = await harness.worker().propose(LINE, SYSTEM_ADMIN)
        other = staff("acc_other", PROPOSES)
        for step in (harness.worker().confirm, harness.worker().refuse, harness.worker().withdraw):
            assert await code_of(step(proposal.id, other)) == "duty-missing"
        assert [one.id for one in await harness.worker().undecided()] == [proposal.id]

    async def test_refused_and_withdrawn_ones_renew_nothing(self, harness: RenewalsHarness) -> None:
        first = await harness.worker().propose(LINE, SYSTEM_ADMIN)
        await harness.worker().refuse(first.id, SECURITY_ADMIN)
        second = await harness.worker().propose(LINE, SYSTEM_ADMIN)
        await harness.worker().withdraw(second.id, SYSTEM_ADMIN)
        for gone in (first, second):
            assert await code_of(harness.worker().confirm(gone.id, SECURITY_ADMIN)) == "proposal-decided"
        assert harness.renewer.renewed == []

    async def test_what_people_do_not_renew_is_not_proposed(self, harness: RenewalsHarness) -> None:
        assert await code_of(harness.worker().propose("key/oidc.es256", SYSTEM_ADMIN)) == "nothing-to-renew"
        assert await code_of(harness.worker().confirm("ren_unknown", SECURITY_ADMIN)) == "proposal-decided"

    async def test_a_renewal_that_fails_is_open_again(self, harness: RenewalsHarness) -> None:
        proposal = await harness.worker().propose(LINE, SYSTEM_ADMIN)
        harness.renewer.fault = Conflict("certificate-status", Text("不行", "No"))
        assert await code_of(harness.worker().confirm(proposal.id, SECURITY_ADMIN)) == "certificate-status"
        (again,) = await harness.worker().undecided()
        assert again.state is ProposalState.OPEN
        harness.renewer.fault = None
        await harness.worker().confirm(proposal.id, SECURITY_ADMIN)
        assert harness.renewer.renewed == [LINE]

    async def test_a_worker_that_never_came_back_holds_nobody_up(self, harness: RenewalsHarness) -> None:
        proposal = await harness.worker().propose(LINE, SYSTEM_ADMIN)
        async with harness.databases[0].write() as tx:  # a worker took it and died
            at = harness.clock.now()
            await harness.store.move(
                tx, proposal.id, expected=ProposalState.OPEN, new=ProposalState.WORKING, by="x", at=at
            )
            await tx.commit()
        assert await code_of(harness.worker().confirm(proposal.id, SECURITY_ADMIN)) == "proposal-decided"
        harness.clock.advance(301)
        await harness.worker().confirm(proposal.id, SECURITY_ADMIN)
        assert harness.renewer.renewed == [LINE]


class DecidingContention:
    """Several at once."""

    async def test_of_many_proposals_one_is_taken(self, harness: RenewalsHarness) -> None:
        calls = [code_of(harness.worker(number).propose(LINE, SYSTEM_ADMIN)) for number in range(10)]
        said = await asyncio.gather(*calls)
        assert sorted(said) == ["already-proposed"] * 9 + ["done"]

    async def test_of_many_confirmations_one_renews(self, harness: RenewalsHarness) -> None:
        proposal = await harness.worker().propose(LINE, SYSTEM_ADMIN)
        harness.renewer.gate = asyncio.Event()
        calls = [
            asyncio.create_task(code_of(harness.worker(number).confirm(proposal.id, SECURITY_ADMIN)))
            for number in range(10)
        ]
        await harness.renewer.begun.wait()
        harness.renewer.gate.set()
        assert sorted(await asyncio.gather(*calls)) == ["done"] + ["proposal-decided"] * 9
        assert harness.renewer.renewed == [LINE]


CONTRACTS = (ProposalBasic, DecidingContract, DecidingContention)
