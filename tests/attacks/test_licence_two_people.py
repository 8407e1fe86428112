"""L-23: where a licence's type asks for two people, no member of staff ends it alone, by whatever way."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from certstore.end import EndCommand
from certstore.errors import RevisionMoved, SecondPersonNeeded, StepNotForType
from certstore.life.model import ProposalState
from certstore.life.proposals import OPEN_FOR, ProposeCommand
from certstore.lifecycle import Event, State
from certstore.model import Licence
from certstore.stores.life_tables import ending_proposal
from core.db.database import Database
from core.errors import AppError, Conflict, NotFound, NotPermitted
from core.principal import Principal, PrincipalKind
from tests.support.certstore_world import LAND, PROPERTY, world
from tests.support.clock import FakeClock
from tests.support.licence_life import FANG, OFFICER, REASON, TWO_PEOPLE, WEI, Life


@pytest.fixture
async def life(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Life]:
    async with world(sqlite_database, clock, tmp_path) as city:
        made = Life(city)
        await made.retype(PROPERTY, profile=TWO_PEOPLE)
        yield made


async def _propose(life: Life, licence: Licence, actor: Principal = WEI, event: Event = Event.REVOKE) -> str:
    made = await life.services.proposals.propose(ProposeCommand(licence.id, event, REASON), actor)
    return made.id


async def _refused(life: Life, proposal: str, actor: Principal) -> str:
    with pytest.raises(AppError) as raised:
        await life.services.proposals.approve(proposal, actor)
    return raised.value.code


async def test_l23_staff_end_it_by_two_and_each_step_is_on_record(life: Life) -> None:
    house = await life.city.issue_property()
    with pytest.raises(SecondPersonNeeded):
        await life.city.services.end(EndCommand(house.id, Event.REVOKE, REASON), WEI)
    proposal = await _propose(life, house)
    assert (await life.stored(house)).state is State.VALID
    assert [one.id for one in await life.services.proposals.waiting(FANG)] == [proposal]
    ended = await life.services.proposals.approve(proposal, FANG)
    assert (ended.state, (await life.history(house))[-1].actor_id) == (State.REVOKED, FANG.id)
    actions = [(one["action"], one["outcome"]) for one in await life.city.events()]
    assert ("licence.revoke", "refused") in actions
    assert ("licence.ending-propose", "done") in actions
    assert actions[-1] == ("licence.revoke", "done")


async def test_l23_the_proposer_does_not_decide_whatever_role_they_have_by_then(life: Life) -> None:
    house = await life.city.issue_property()
    proposal = await _propose(life, house)
    promoted = Principal(
        PrincipalKind.STAFF, WEI.id, LAND, name="卫经办", scopes=WEI.scopes | {"admin:system", "admin:security"}
    )
    assert await _refused(life, proposal, promoted) == "own-proposal"
    with pytest.raises(NotPermitted):
        await life.services.proposals.refuse(proposal, promoted)
    assert (await life.services.proposals.withdraw(proposal, WEI)).state is ProposalState.WITHDRAWN
    assert await _refused(life, proposal, FANG) == "proposal-decided"


async def test_l23_a_duty_that_was_taken_away_in_between_counts_on_both_sides(life: Life) -> None:
    house = await life.city.issue_property()
    proposal = await _propose(life, house)
    without = Principal(PrincipalKind.STAFF, FANG.id, LAND, scopes=frozenset({"licence:read"}))
    assert await _refused(life, proposal, without) == "scope-missing"
    narrow = Principal(
        PrincipalKind.STAFF, FANG.id, LAND, scopes=FANG.scopes, types={"licence:issue": frozenset({"other"})}
    )
    assert await _refused(life, proposal, narrow) == "licence-type-not-yours"
    life.city.colleagues.left.add(WEI.id)
    assert await _refused(life, proposal, FANG) == "proposer-without-duty"
    life.city.colleagues.left.clear()
    assert (await life.services.proposals.approve(proposal, FANG)).state is State.REVOKED


async def test_l23_a_colleague_of_another_authority_a_system_and_a_citizen_find_nothing(life: Life) -> None:
    house = await life.city.issue_property()
    proposal = await _propose(life, house)
    assert await _refused(life, proposal, OFFICER) == "proposal-not-found"
    system = Principal(PrincipalKind.CLIENT, "system-land", LAND, scopes=FANG.scopes)
    assert await _refused(life, proposal, system) == "person-needed"
    assert await _refused(life, proposal, Principal(PrincipalKind.PERSON, "acc_lin")) == "scope-missing"
    assert await _refused(life, "prp_00000000000000000000000000", FANG) == "proposal-not-found"
    assert (await life.stored(house)).state is State.VALID


async def test_l23_what_was_proposed_is_what_is_decided(life: Life) -> None:
    house = await life.city.issue_property()
    proposal = await _propose(life, house)
    await life.reissue(house)
    with pytest.raises(RevisionMoved):
        await life.services.proposals.approve(proposal, FANG)
    assert (await life.stored(house)).state is State.VALID
    await life.services.proposals.refuse(proposal, FANG)
    again = await _propose(life, house)
    assert (await life.services.proposals.approve(again, FANG)).state is State.REVOKED


async def test_l23_one_open_proposal_of_a_kind_and_only_of_what_may_be(life: Life) -> None:
    house = await life.city.issue_property()
    await _propose(life, house)
    with pytest.raises(Conflict) as open_already:
        await _propose(life, house, FANG)
    assert open_already.value.code == "proposal-open"
    await _propose(life, house, event=Event.WITHDRAW)
    with pytest.raises(StepNotForType):
        await _propose(life, house, event=Event.RENEW)
    with pytest.raises(NotFound):
        await _propose(life, house, OFFICER)


async def test_l23_a_proposal_that_nobody_decides_lapses_and_goes(life: Life) -> None:
    house = await life.city.issue_property()
    proposal = await _propose(life, house)
    life.city.clock.advance(OPEN_FOR.total_seconds())
    assert await _refused(life, proposal, FANG) == "proposal-decided"
    life.city.clock.advance(1)
    assert await life.services.expire.sweep() == 1
    assert await life.services.proposals.waiting(FANG) == []
    await _propose(life, house)
    life.city.clock.advance(dt.timedelta(days=400).total_seconds())
    await life.services.expire.sweep()
    assert await life.city.rows(ending_proposal) == 1, "the one that lapsed just now; the old one is swept"


async def test_l23_twins_what_needs_one_person_takes_one(life: Life) -> None:
    house, other = await life.city.issue_property(), await life.city.issue_property()
    assert (await life.end(house, Event.CANCEL, WEI)).state is State.CANCELLED
    assert (await life.end(other, Event.REVOKE)).state is State.REVOKED, "a department's system has its own approvals"
