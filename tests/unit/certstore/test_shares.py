"""Shares: what is shown, how often, until when, and to whom nothing is told."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select

from certstore.end import EndCommand
from certstore.errors import LicenceNotFound
from certstore.lifecycle import Event
from certstore.making import HolderInput
from certstore.model import Look
from certstore.shares.make import MOST_OPEN, ShareCommand
from certstore.shares.model import TRIES, MadeShare, OpenedShare, ShareState
from certstore.status import Status
from certstore.stores.share_tables import licence_share
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.principal import ANONYMOUS
from tests.support.certstore_world import (
    HOME,
    HOUSE,
    LAND_SYSTEM,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    POLICE_SYSTEM,
    PROPERTY,
    ZHAO,
    ZHAO_NUMBER,
    World,
)

WHY = "给房东看，办租房"


async def shared(city: World, licence_id: str, **changes: object) -> MadeShare:
    command = ShareCommand(licence_id, ("holder_name", "address"), WHY)
    return await city.own.shares.make(replace(command, **changes), LIN)  # type: ignore[arg-type]


async def opened(city: World, made: MadeShare, code: str | None = None) -> OpenedShare:
    return await city.own.open_share(made.share.id, made.code if code is None else code, ANONYMOUS)


async def refused(city: World, made: MadeShare, code: str | None = None) -> str:
    with pytest.raises((NotFound, NotPermitted)) as caught:
        await opened(city, made, code)
    return caught.value.code


async def test_a_share_shows_what_was_chosen_as_often_as_was_allowed(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    made = await shared(city, permit.id, views=2)
    seen = await opened(city, made, f" {made.code[:5].lower()}-{made.code[5:]} ")
    assert [(title.zh, value) for title, value in seen.rows] == [
        ("持证主体", LIN_NAME),
        ("居住地址", HOME["address"]),
    ]
    assert (seen.status, seen.views_left, seen.purpose) == (Status.VALID, 1, WHY)
    assert (await opened(city, made)).views_left == 0
    assert await refused(city, made) == "share-not-found"
    (mine,) = (await city.own.shares.mine(LIN)).items
    assert (mine.state, [title.zh for title in mine.titles]) == (ShareState.USED_UP, ["持证主体", "居住地址"])
    looked = [one.record for one in (await city.services.my_accesses(LIN)).items]
    assert [(one.look, one.fields, one.consent_id) for one in looked] == [
        (Look.SHARE, ("holder_name", "address"), made.share.id)
    ] * 2


async def test_l05_a_share_that_was_taken_back_or_ran_out_opens_for_nobody(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    taken, old, good = [await shared(city, permit.id, views=5, days=days) for days in (3, 1, 3)]
    await city.own.shares.withdraw(taken.share.id, LIN)
    await city.own.shares.withdraw(taken.share.id, LIN)  # twice is once
    city.clock.advance(86400)
    assert [await refused(city, one) for one in (taken, old)] == ["share-not-found"] * 2
    assert (await opened(city, good)).rows
    states = {one.share.id: one.state for one in (await city.own.shares.mine(LIN)).items}
    assert states == {
        taken.share.id: ShareState.WITHDRAWN,
        old.share.id: ShareState.EXPIRED,
        good.share.id: ShareState.OPEN,
    }


async def test_a_wrong_code_costs_a_guess_and_says_nothing(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    made = await shared(city, permit.id, views=5)
    absent = replace(made, share=replace(made.share, id="shr_00000000000000000000000000"))
    nonsense = replace(made, share=replace(made.share, id="' OR 1=1"))
    for one in (absent, nonsense):
        assert await refused(city, one) == "share-not-found"
    for _ in range(TRIES - 1):
        assert await refused(city, made, "WRONGWRONG") == "share-not-found"
    assert (await opened(city, made)).rows, "the last guess was right, and gives the others back"
    tries = [refused(city, made, "WRONGWRONG") for _ in range(TRIES + 5)]
    assert set(await asyncio.gather(*tries)) == {"share-not-found"}
    assert await refused(city, made) == "share-not-found", "too many guesses lock it"
    (mine,) = (await city.own.shares.mine(LIN)).items
    assert mine.state is ShareState.LOCKED
    events = [one for one in await city.events() if one["action"] == "share.open" and one["outcome"] == "refused"]
    assert len(events) == 2 + TRIES - 1 + TRIES + 5 + 1


async def test_of_many_who_open_at_once_as_many_see_it_as_were_allowed(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    made = await shared(city, permit.id, views=3)
    answers = await asyncio.gather(*(opened(city, made) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, OpenedShare) for one in answers) == 3
    assert sorted(one.views_left for one in answers if isinstance(one, OpenedShare)) == [0, 1, 2]


async def test_a_licence_that_ended_shows_its_state_and_no_entry(city: World) -> None:
    permit = await city.issue_permit()
    made = await shared(city, permit.id, views=3)
    await city.services.end(EndCommand(permit.id, Event.REVOKE, "查明违法"), POLICE_SYSTEM)
    seen = await opened(city, made)
    assert (seen.status, list(seen.rows)) == (Status.REVOKED, [])
    with pytest.raises(Conflict, match="licence-not-valid-now"):
        await shared(city, permit.id)


async def test_a_co_owner_shows_their_own_name_and_no_other(city: World) -> None:
    both = (HolderInput("111", ZHAO_NUMBER, "赵映雪"), HolderInput("111", LIN_NUMBER, LIN_NAME))
    house = await city.issue(PROPERTY, LAND_SYSTEM, HOUSE | {"ownership": "共同共有"}, holders=both)
    made = await shared(city, house.id, fields=("holder_name", "holder_code", "number", "area"))
    seen = {title.zh: value for title, value in (await opened(city, made)).rows}
    assert seen["权利人"] == LIN_NAME
    assert (LIN_NUMBER in str(seen), "******** 1031" in seen["证件号码"], seen["面积"]) == (False, True, "56.4 m²")
    (hers,) = (await city.services.my_accesses(ZHAO)).items
    assert (hers.record.look, hers.record.consent_id, hers.record.fields) == (Look.SHARE, None, ())


async def test_nobody_shares_what_is_not_theirs(city: World) -> None:
    permit = await city.issue_permit()
    made = await shared(city, permit.id)
    with pytest.raises(LicenceNotFound):
        await city.own.shares.make(ShareCommand(permit.id, ("address",), WHY), ZHAO)
    with pytest.raises(NotFound, match="share-not-found"):
        await city.own.shares.withdraw(made.share.id, ZHAO)
    assert (await city.own.shares.mine(ZHAO)).items == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fields": ()}, "share-fields-invalid"),
        ({"fields": ("address", "mortgage")}, "share-fields-invalid"),
        ({"purpose": "  "}, "share-purpose-invalid"),
        ({"purpose": f"给 {ZHAO_NUMBER} 看"}, "purpose-personal"),
        ({"views": 0}, "share-limits-invalid"),
        ({"days": 31}, "share-limits-invalid"),
    ],
)
async def test_a_share_without_limit_or_purpose_is_refused(city: World, changes: dict[str, object], code: str) -> None:
    permit = await city.issue_permit()
    with pytest.raises(InvalidInput, match=code):
        await shared(city, permit.id, **changes)


async def test_open_shares_are_limited_and_old_ones_are_cleared_away(city: World) -> None:
    permit = await city.issue_permit()
    made = [await shared(city, permit.id) for _ in range(MOST_OPEN)]
    with pytest.raises(Conflict, match="too-many-shares"):
        await shared(city, permit.id)
    await city.own.shares.withdraw(made[0].share.id, LIN)
    await shared(city, permit.id)


async def test_nothing_personal_and_no_code_is_in_the_table_in_the_clear(city: World) -> None:
    permit = await city.issue_permit()
    made = await shared(city, permit.id)
    async with city.database.read() as tx:
        row = (await tx.connection.execute(select(licence_share))).one()
    text = repr(tuple(row)) + repr(made) + repr(made.share)
    for secret in (LIN_NUMBER, WHY, made.code):
        assert secret not in text
    assert row.expires_at - row.created_at == dt.timedelta(days=1)


async def test_one_key_sent_many_times_makes_one_share_and_tells_the_same_code(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    made = await asyncio.gather(*(shared(city, permit.id, idempotency_key="k-1") for _ in range(4)))
    assert len({(one.share.id, one.code) for one in made}) == 1
    assert await city.rows(licence_share) == 1
    assert (await opened(city, made[-1])).views_left == 0
    other = await shared(city, permit.id, idempotency_key="k-2")
    assert other.code != made[0].code, "another key, another code, whatever else is the same"
    with pytest.raises(Conflict) as caught:
        await shared(city, permit.id, idempotency_key="k-1", views=2)
    assert caught.value.code == "idempotency-key-reused"
    async with city.database.read() as tx:
        rows = (await tx.connection.execute(select(licence_share))).all()
    assert not [row for row in rows if made[0].code in str(row)], "the code is nowhere kept"
