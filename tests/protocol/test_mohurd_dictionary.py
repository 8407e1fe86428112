"""The dictionary of work-safety licences (states 01–07, operations 01–10), told by lives that took these steps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from certstore.issue import IssueCommand
from certstore.lifecycle import Event, State, effective_state
from certstore.making import HolderInput
from certstore.model import Licence
from core.db.database import Database
from tests.support.certstore_world import HOME, LIN_NAME, LIN_NUMBER, PERMIT, POLICE_SYSTEM, world
from tests.support.clock import FakeClock
from tests.support.licence_life import Life

STATES = {  # 有效 暂扣 撤销 注销 失效 办理转出 吊销
    State.VALID: "01",
    State.SUSPENDED: "02",
    State.WITHDRAWN: "03",
    State.CANCELLED: "04",
    State.EXPIRED: "05",
    State.TRANSFERRED_OUT: "06",
    State.REVOKED: "07",
}
OPERATIONS = {
    Event.ISSUE: "01",
    Event.RENEW: "02",
    Event.SUSPEND: "03",
    Event.EXPIRE: "04",
    **dict.fromkeys((Event.CANCEL, Event.WITHDRAW, Event.REVOKE, Event.TRANSFER_OUT), "05"),
    Event.RESUME: "06",
    Event.TRANSFER_IN: "08",
    Event.CHANGE: "09",
    Event.TRANSFER_UNDO: "10",
}
FOLLOWING = {"02", "08", "09"}  # 延续, 转入 and 变更 name the identifier that they follow
FORMER = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F"


@pytest.fixture
async def life(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Life]:
    async with world(sqlite_database, clock, tmp_path) as city:
        yield Life(city)


async def _told(life: Life, licence: Licence) -> list[tuple[str, str]]:
    """Operations and the states that they led to, in the dictionary's codes."""
    return [(OPERATIONS[one.event], STATES[one.state]) for one in await life.history(licence)]


async def test_a_life_in_the_dictionarys_words(life: Life) -> None:
    permit = await life.city.issue_permit()
    await life.change(permit, {"address": "示例市新城区演示大道 1 号"})
    await life.suspend(permit)
    await life.resume(permit)
    await life.renew(permit)
    await life.transfer_out(permit)
    await life.transfer_undo(permit)
    life.city.clock.advance(3 * 366 * 86400)
    assert (
        STATES[effective_state(State.VALID, (await life.stored(permit)).current.valid_until, life.city.today)] == "05"
    )
    await life.services.expire()
    await life.renew(permit)
    await life.transfer_out(permit)
    await life.end(permit, Event.CANCEL)
    assert await _told(life, permit) == [
        ("01", "01"),
        ("09", "01"),
        ("03", "02"),
        ("06", "01"),
        ("02", "01"),
        ("05", "06"),
        ("10", "01"),
        ("04", "05"),
        ("02", "01"),
        ("05", "06"),
        ("05", "04"),
    ]


@pytest.mark.parametrize(("event", "state"), [(Event.WITHDRAW, "03"), (Event.REVOKE, "07"), (Event.CANCEL, "04")])
async def test_one_operation_has_three_ends_that_stay_three_states(life: Life, event: Event, state: str) -> None:
    permit = await life.city.issue_permit()
    await life.end(permit, event)
    assert await _told(life, permit) == [("01", "01"), ("05", state)]


async def test_what_follows_names_what_it_follows_and_nothing_else_does(life: Life) -> None:
    command = IssueCommand(PERMIT, (HolderInput("111", LIN_NUMBER, LIN_NAME),), HOME, "in")
    permit = await life.services.transfer.into(command, FORMER, POLICE_SYSTEM)
    await life.change(permit, {"address": "示例市新城区演示大道 1 号"})
    await life.renew(permit)
    versions = await life.versions(permit)
    assert {OPERATIONS[one.made_by] for one in versions} == FOLLOWING
    assert [one.based_on for one in versions] == [FORMER, versions[0].identifier, versions[1].identifier]
    await life.end(permit, Event.CANCEL)
    fresh = await life.city.issue_permit()
    assert fresh.current.based_on is None
