"""Roles limited to types of licences (O-68, L-01): beyond them licences look not granted, or absent."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from certstore.end import EndCommand
from certstore.exemption import Exemption
from certstore.lifecycle import Event
from core.db.database import Database
from core.errors import NotFound, NotPermitted
from core.principal import Principal, PrincipalKind
from tests.support.certstore_world import CLERK, HOUSE, LAND, PERMIT, PROPERTY, World, world
from tests.support.clock import FakeClock

LIMITED = dataclasses.replace(CLERK, types={"licence:read": frozenset({PERMIT})})
ISSUER = Principal(PrincipalKind.STAFF, "acc_issuer", LAND, scopes=frozenset({"licence:read", "licence:issue"}))
NARROW = dataclasses.replace(ISSUER, types={scope: frozenset({PERMIT}) for scope in ISSUER.scopes})


@pytest.fixture
async def city(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(sqlite_database, clock, tmp_path) as made:
        yield made


async def test_a_clerk_looks_up_only_the_types_of_their_role(city: World) -> None:
    await city.issue_property()
    permit = await city.issue_permit()
    assert [one.id for one in await city.search(LIMITED)] == [permit.id]
    with pytest.raises(NotPermitted, match="use-not-granted"):
        await city.search(LIMITED, types=[PROPERTY])
    whole, narrow = await city.check(CLERK), await city.check(LIMITED)
    beyond = [
        (full.outcome, part.outcome)
        for full, part in zip(whole.materials, narrow.materials, strict=True)
        if full.type_code == PROPERTY
    ]
    assert beyond
    assert all(part is Exemption.NOT_GRANTED and full is not part for full, part in beyond)
    with pytest.raises(NotPermitted, match="use-not-granted"):
        await city.ask_consent(LIMITED)
    assert await city.ask_consent(CLERK)


async def test_a_copy_of_another_type_looks_absent(city: World) -> None:
    permit = await city.issue_permit()
    copies = city.services.copies
    other = dataclasses.replace(CLERK, types={"licence:read": frozenset({PROPERTY})})
    with pytest.raises(NotFound):
        await copies.make(city.copy_command(permit.id), other)
    made = await copies.make(city.copy_command(permit.id), LIMITED)
    with pytest.raises(NotFound):
        await copies.file(permit.id, made.id, other)
    assert (await copies.file(permit.id, made.id, LIMITED)).content


async def test_a_use_code_does_not_reach_beyond_the_role_of_whoever_redeems_it(city: World) -> None:
    await city.issue_property()
    await city.issue_permit()
    await city.consented(CLERK)
    use = city.services.use
    issued = {one.use.type_code: one.code for one in await use.codes(city.code_query(uses=2), CLERK)}
    assert issued.keys() == {PERMIT, PROPERTY}
    assert [one.use.type_code for one in await use.codes(city.code_query(), LIMITED)] == [PERMIT]
    colleague = dataclasses.replace(LIMITED, id="acc_colleague")
    with pytest.raises(NotPermitted, match="use-not-granted"):
        await use.redeem.data(issued[PROPERTY], colleague)
    assert (await use.redeem.data(issued[PERMIT], colleague)).values
    assert (await use.redeem.data(issued[PROPERTY], CLERK)).values, "what was refused used nothing up"


async def test_an_issuer_issues_reads_and_ends_only_the_types_of_their_role(city: World) -> None:
    house = await city.issue_property()
    with pytest.raises(NotPermitted, match="licence-type-not-yours"):
        await city.issue(PROPERTY, NARROW, HOUSE)
    end = EndCommand(house.id, Event.REVOKE, "查明材料不实")
    with pytest.raises(NotPermitted, match="licence-type-not-yours"):
        await city.services.end(end, NARROW)
    for look in (city.services.read.licence, city.services.read.original):
        with pytest.raises(NotFound):
            await look(house.id, NARROW)
        assert await look(house.id, ISSUER)
    assert (await city.services.read.issued(NARROW)).items == []
    assert [one.id for one in (await city.services.read.issued(ISSUER)).items] == [house.id]
    refused = [row for row in await city.events() if row["outcome"] == "refused"]
    assert {row["action"] for row in refused} >= {"licence.issue", "licence.revoke", "licence.read", "licence.file"}
    assert (await city.services.end(end, ISSUER)).id == house.id
