"""L-08, L-12, L-15, L-26 where a licence is shown: races with its end, screenshots, relays, traces, boundary days."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from certstore.end import EndCommand
from certstore.errors import LicenceNotFound
from certstore.lifecycle import Event
from certstore.making import HolderInput
from certstore.presentation.errors import CodeGone
from certstore.presentation.model import GRACE_SECONDS, ROTATE_SECONDS, Extent, Presented
from certstore.presentation.read_code import ReadCommand
from certstore.status import Status
from certstore.stores.tables import access_record
from core.db.database import Database
from core.errors import NotPermitted
from tests.support.certstore_http import http
from tests.support.certstore_world import (
    CLERK,
    HOME,
    HOUSING,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    OTHER_PORTAL,
    POLICE_SYSTEM,
    ZHAO,
    ZHAO_NUMBER,
    World,
    client,
    world,
)
from tests.support.clock import FakeClock
from tests.support.licence_life import Life


@pytest.fixture
async def city(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(sqlite_database, clock, tmp_path) as made:
        yield made


@pytest.fixture
async def both_cities(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    """The test runs once over each database."""
    async with world(database, clock, tmp_path) as made:
        yield made


async def code_of(city: World, licence_id: str, extent: Extent | None = None, holder: object = LIN) -> str:
    return (await city.presentation.show(licence_id, holder, extent, anew=True)).code or ""  # type: ignore[arg-type]


async def test_l08_present_and_revoke_at_once_have_one_order(both_cities: World) -> None:
    """Whoever is first: a name is given only while the licence is valid, and nothing after the end is acknowledged."""
    city = both_cities
    permit = await city.issue_permit()
    readers = [client(f"desk-{number}", HOUSING, "licence:verify") for number in range(6)]
    codes = [(await city.presentation.show(permit.id, client_of(number))).code or "" for number in range(len(readers))]
    ended = asyncio.ensure_future(city.services.end(EndCommand(permit.id, Event.REVOKE, "理由"), POLICE_SYSTEM))
    read = [city.presentation.read(ReadCommand(code), one) for code, one in zip(codes, readers, strict=True)]
    answers = [one for one in await asyncio.gather(*read, return_exceptions=True) if isinstance(one, Presented)]
    await ended
    assert len(answers) == len(readers)
    for one in answers:
        assert one.face is not None
        assert (one.face.status, one.face.name) in ((Status.VALID, LIN_NAME), (Status.REVOKED, None))
    late = await city.presentation.read(ReadCommand(await code_of(city, permit.id)), CLERK)
    assert late.face is not None
    assert (late.face.status, late.face.name) == (Status.REVOKED, None)


def client_of(number: int) -> object:
    """One more phone of Lin's."""
    return type(LIN)(LIN.kind, LIN.id, session=f"phone {number}")


async def test_l08_who_held_it_yesterday_shows_it_no_more(both_cities: World) -> None:
    """Transfer ‖ present: a code that was shown before the change of owner is worth nothing after it."""
    city = both_cities
    house = await city.issue_property()
    code = await code_of(city, house.id)
    await Life(city).change(house, holders=[HolderInput("111", ZHAO_NUMBER, "赵映雪")])
    with pytest.raises(LicenceNotFound):
        await city.presentation.read(ReadCommand(code), CLERK)
    with pytest.raises(LicenceNotFound):
        await city.presentation.show(house.id, LIN, anew=True)
    face = (await city.presentation.read(ReadCommand(await code_of(city, house.id, holder=ZHAO)), CLERK)).face
    assert face is not None  # the twin: the new owner does
    assert face.name == "赵映雪"


async def test_l08_a_screenshot_is_worthless_and_the_living_screen_is_not(city: World) -> None:
    permit = await city.issue_permit()
    screenshot = await code_of(city, permit.id)
    city.clock.advance(ROTATE_SECONDS + GRACE_SECONDS)
    living = await city.presentation.show(permit.id, LIN)
    with pytest.raises(CodeGone):
        await city.presentation.read(ReadCommand(screenshot), CLERK)
    assert (await city.presentation.read(ReadCommand(living.code or ""), CLERK)).face is not None


async def test_l08_a_relayed_code_is_seen_by_its_holder_and_ends_by_their_word(city: World) -> None:
    """Somebody sends Lin's living screen to a desk elsewhere: Lin sees the office, the digits differ from those of the
    phone at that desk, and Lin's no takes everything back; for the whole face Lin is asked before anything is told."""
    permit = await city.issue_permit()
    relayed = await city.presentation.read(ReadCommand(await code_of(city, permit.id, Extent.FULL)), OTHER_PORTAL)
    assert relayed.face is None
    seen = await city.presentation.show.look(permit.id, LIN)
    assert seen is not None
    assert seen.reader is not None
    assert seen.read is not None
    assert seen.reader.zh == "示例市体育局"
    await city.presentation.show.decide(seen.read.id, LIN, granted=False)
    assert (await city.presentation.read.again(relayed.id, OTHER_PORTAL)).face is None
    meant = await city.presentation.read(ReadCommand(await code_of(city, permit.id, Extent.FULL)), CLERK)
    await city.presentation.show.decide(meant.id, LIN, granted=True)
    assert (await city.presentation.read.again(meant.id, CLERK)).face is not None


async def test_l12_nothing_of_a_person_or_a_code_is_left_behind(city: World, tmp_path: Path) -> None:
    permit = await city.issue_permit()
    code = await code_of(city, permit.id, Extent.FULL)
    async with http(city) as web:
        for path in (f"/v1/presentations/{code}", f"/v1/presentations/{quote(LIN_NUMBER)}"):
            answer = await web.get(path, "portal")
            assert answer.status_code == 404
            assert code not in answer.text
            assert LIN_NUMBER not in answer.text
        wrong = await web.post("/v1/presentations/read", "portal", {"code": code, "basis": f"查 {LIN_NUMBER}"})
        assert wrong.status_code == 400
        assert code not in wrong.text
        read = (await web.post("/v1/presentations/read", "portal", {"code": code})).json()
        assert read["state"] == "waiting"
    events = repr(await city.events())
    async with city.database.read() as tx:
        looks = repr((await tx.connection.execute(access_record.select())).all())
    with sqlite3.connect(tmp_path / "kv.db") as kv:
        dumped = "\n".join(kv.iterdump())
    for trace in (events, looks, dumped):
        assert trace
        for canary in (code, LIN_NUMBER, LIN_NAME, HOME["address"]):
            assert canary not in trace
            assert canary.encode().hex().upper() not in trace  # as the dump writes bytes


async def test_l15_each_showing_and_each_reading_is_exactly_one_event(city: World) -> None:
    permit = await city.issue_permit()
    before = len(await city.events())
    code = await code_of(city, permit.id)
    city.clock.advance(ROTATE_SECONDS)
    code = (await city.presentation.show(permit.id, LIN)).code or ""  # the same showing, its next code
    steps = [
        lambda: city.presentation.read(ReadCommand("0000000000"), CLERK),
        lambda: city.presentation.read(ReadCommand(code), client("no-scope", HOUSING)),
        lambda: city.presentation.read(ReadCommand(code), CLERK),
        lambda: city.presentation.read(ReadCommand(code), CLERK),
    ]
    for step in steps:
        with contextlib.suppress(CodeGone, NotPermitted):
            await step()
    told = [(one["action"], one["actor_id"], one["outcome"]) for one in (await city.events())[before:]]
    assert told == [
        ("licence.present", LIN.id, "done"),
        ("licence.present", CLERK.id, "refused"),
        ("licence.present", "no-scope", "refused"),
        ("licence.present", CLERK.id, "done"),
        ("licence.present", CLERK.id, "refused"),
    ]


async def test_l26_the_last_day_ends_at_midnight_in_shanghai(city: World) -> None:
    permit = await city.issue_permit()
    last = permit.current.valid_until
    assert last is not None
    midnight = dt.datetime.combine(last + dt.timedelta(1), dt.time(), dt.timezone(dt.timedelta(hours=8)))
    city.clock.set(midnight - dt.timedelta(seconds=2))
    code = await code_of(city, permit.id)
    on_the_day = (await city.presentation.read(ReadCommand(code), CLERK)).face
    code = await code_of(city, permit.id)
    city.clock.advance(2)
    after = (await city.presentation.read(ReadCommand(code), CLERK)).face
    assert on_the_day is not None
    assert after is not None
    assert (on_the_day.status, on_the_day.name) == (Status.VALID, LIN_NAME)
    assert (after.status, after.name) == (Status.EXPIRED, None)
