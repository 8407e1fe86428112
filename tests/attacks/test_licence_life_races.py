"""L-08: what meets at the same moment has one outcome, on PostgreSQL where writers truly run side by side.

SQLite lets one writer in at a time, so these races show here only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from certstore.end import EndCommand
from certstore.issue import IssueCommand
from certstore.life.drafts import DraftCommand
from certstore.life.model import DraftContent, ProposalState
from certstore.life.proposals import ProposeCommand
from certstore.lifecycle import FINAL, Event, State
from certstore.making import HolderInput
from certstore.model import Licence
from certstore.stores.tables import licence_file, licence_version
from core.errors import Conflict
from tests.support.certstore_world import (
    HOUSE,
    LAND_SYSTEM,
    LIN_NAME,
    LIN_NUMBER,
    POLICE_SYSTEM,
    PROPERTY,
    STATEMENT,
    ZHAO_NUMBER,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.databases import postgres_database
from tests.support.licence_life import FANG, REASON, TWO_PEOPLE, WEI, Life
from tests.support.servers import PostgresServer

MANY = 20


@pytest.fixture
async def life(postgres_server: PostgresServer, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Life]:
    async with postgres_database(postgres_server, clock) as database, world(database, clock, tmp_path) as city:
        yield Life(city)


async def _meet(*steps: Awaitable[Licence]) -> tuple[list[Licence], list[BaseException]]:
    got = await asyncio.gather(*steps, return_exceptions=True)
    lost = [one for one in got if isinstance(one, BaseException)]
    assert all(isinstance(one, Conflict) for one in lost), lost
    return [one for one in got if not isinstance(one, BaseException)], lost


async def _whole(life: Life, licence: Licence) -> Licence:
    """One present version, each with its file; the history counts the revisions."""
    stored, versions = await life.stored(licence), await life.versions(licence)
    history = await life.history(licence)
    assert [one.sequence for one in history] == list(range(1, stored.revision + 1))
    assert [one.number for one in versions] == list(range(1, stored.current.number + 1))
    assert await _files(life.city, licence) == len(versions)
    return stored


async def _files(city: World, licence: Licence) -> int:
    query = select(func.count()).select_from(licence_file).where(licence_file.c.licence_id == licence.id)
    async with city.database.read() as tx:
        return int((await tx.connection.execute(query)).scalar_one())


async def test_l08_renew_and_revoke_leave_one_serial_result(life: Life) -> None:
    permit = await life.city.issue_permit()
    steps: list[Awaitable[Licence]] = [life.renew(permit) for _ in range(MANY // 2)]
    steps += [life.end(permit, Event.REVOKE) for _ in range(MANY // 2)]
    done, _ = await _meet(*steps)
    stored = await _whole(life, permit)
    assert stored.state is State.REVOKED, "an ending is never lost to a renewal"
    assert [one.event for one in await life.history(permit)].count(Event.REVOKE) == 1
    assert done
    assert stored.current.number == 1 + [one.event for one in await life.history(permit)].count(Event.RENEW)


async def test_l08_of_many_changes_to_what_all_saw_one_is_made(life: Life) -> None:
    permit = await life.city.issue_permit()
    done, lost = await _meet(
        *(life.change(permit, {"address": f"示例市演示路 {number} 号"}, seen=1) for number in range(MANY))
    )
    assert (len(done), len(lost)) == (1, MANY - 1)
    assert (await _whole(life, permit)).current.data == done[0].current.data


async def test_l08_one_key_renews_once_however_often_it_is_sent(life: Life) -> None:
    permit = await life.city.issue_permit()
    done, lost = await _meet(*(life.renew(permit, key="one") for _ in range(MANY)))
    assert {one.current.number for one in done} == {2}
    assert (await _whole(life, permit)).current.number == 2
    assert all(getattr(one, "code", "") == "precondition-failed" for one in lost), "too late for the same revision"


async def test_l08_one_key_ends_once_and_only_one_licence(life: Life) -> None:
    permit, house = await life.city.issue_permit(), await life.city.issue_property(ZHAO_NUMBER)
    end = EndCommand(permit.id, Event.REVOKE, REASON, if_revision=1, idempotency_key="one")
    done, lost = await _meet(*(life.city.services.end(end, POLICE_SYSTEM) for _ in range(MANY)))
    assert (len(done), lost, {one.revision for one in done}) == (MANY, [], {2}), "each is told of the one ending"
    assert [one.event for one in await life.history(permit)] == [Event.ISSUE, Event.REVOKE]
    other = await life.city.issue_property(LIN_NUMBER)
    commands = [EndCommand(one.id, Event.REVOKE, REASON, idempotency_key="two") for one in (house, other)]
    done, lost = await _meet(*(life.city.services.end(command, LAND_SYSTEM) for command in commands))
    assert (len(done), [getattr(one, "code", "") for one in lost]) == (1, ["idempotency-key-reused"])


async def test_l08_one_holder_gets_one_of_two_that_come_back_to_life(life: Life) -> None:
    first = await life.city.issue_permit()
    await life.transfer_out(first)
    second = await life.city.issue_permit()
    await life.transfer_out(second)
    done, lost = await _meet(life.transfer_undo(first), life.transfer_undo(second))
    assert (len(done), len(lost)) == (1, 1)
    with pytest.raises(Conflict):
        await life.city.issue_permit()
    await life.end(done[0], Event.CANCEL)
    assert await life.city.issue_permit()


async def test_l08_a_transfer_is_taken_in_or_taken_back_never_both(life: Life) -> None:
    for number in range(6):
        away = await life.city.issue(STATEMENT, LAND_SYSTEM, {"months": number}, valid_until=life.city.today)
        await life.transfer_out(away)
        command = IssueCommand(
            STATEMENT,
            (HolderInput("111", LIN_NUMBER, LIN_NAME),),
            {"months": number},
            f"in-{number}",
            valid_until=life.city.today,
        )
        into = [
            life.services.transfer.into(command, away.current.identifier, POLICE_SYSTEM),
            life.services.transfer.into(_again(command), away.current.identifier, LAND_SYSTEM),
        ]
        done, _ = await _meet(*into, life.transfer_undo(away))
        assert len(done) == 1
        here = (await life.stored(away)).state is State.VALID
        assert here is (done[0].id == away.id)


def _again(command: IssueCommand) -> IssueCommand:
    return IssueCommand(
        command.type_code,
        command.holders,
        command.data,
        command.idempotency_key + "-b",
        None,
        None,
        command.valid_until,
    )


async def test_l08_a_draft_is_issued_once(life: Life) -> None:
    content = DraftContent((HolderInput("111", LIN_NUMBER, LIN_NAME),), HOUSE)
    draft = await life.services.drafts.create(DraftCommand(PROPERTY, content), LAND_SYSTEM)
    issue = life.services.drafts.issue
    done, _ = await _meet(*(issue(draft.id, f"k{number}", LAND_SYSTEM) for number in range(8)))
    assert {one.id for one in done} == {draft.id}
    stored = await _whole(life, done[0])
    assert [one.event for one in await life.history(stored)] == [Event.CREATE, Event.ISSUE]
    assert await life.city.rows(licence_version) == 1


async def test_l08_a_proposal_is_decided_once_and_its_ending_is_written_once(life: Life) -> None:
    await life.retype(PROPERTY, profile=TWO_PEOPLE)
    house = await life.city.issue_property()
    proposals = life.services.proposals
    made = await proposals.propose(ProposeCommand(house.id, Event.REVOKE, REASON), WEI)
    answers: list[Awaitable[Any]] = [proposals.approve(made.id, FANG) for _ in range(5)]
    answers += [proposals.refuse(made.id, FANG) for _ in range(5)]
    got = await asyncio.gather(*answers, return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in got) == 1
    assert all(isinstance(one, Conflict) for one in got if isinstance(one, BaseException)), got
    stored = await _whole(life, house)
    revoked = stored.state in FINAL
    assert [one.event for one in await life.history(house)].count(Event.REVOKE) == int(revoked)
    assert not [one for one in await proposals.waiting(WEI) if one.state is ProposalState.OPEN]
