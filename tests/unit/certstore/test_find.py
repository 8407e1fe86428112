"""Departments find what they issued: every filter says what the pure rules say, pages lose and double nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from certstore.end import EndCommand
from certstore.find import FindLicences, FindQuery
from certstore.lifecycle import Event
from certstore.model import Licence, Trust
from certstore.status import Status, status_on
from certstore.stores.tables import access_record
from core.errors import InvalidInput, NotFound, NotPermitted
from core.principal import Principal, PrincipalKind
from tests.support.certstore_world import (
    LAND_SYSTEM,
    LIN_NUMBER,
    PERMIT,
    POLICE,
    POLICE_SYSTEM,
    PORTAL,
    STATEMENT,
    ZHAO_NUMBER,
    World,
)

DAY = dt.timedelta(days=1)


async def found(city: World, query: FindQuery, actor: Principal = POLICE_SYSTEM, limit: int = 100) -> list[str]:
    """Ids over all pages."""
    ids: list[str] = []
    cursor = None
    for _ in range(50):
        page = await city.services.find(query, actor, cursor, limit)
        ids += [one.id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids
    raise AssertionError("pages have no end")


async def some_history(city: World) -> list[Licence]:
    """Statements of the police: valid, not yet valid, run out, revoked, suspended by nobody; a property of the land
    office beside them."""
    today, made = city.today, []
    for number, (start, end) in enumerate(((0, 100), (5, 200), (0, 3), (0, 50))):
        dates = {"valid_from": today + start * DAY, "valid_until": today + end * DAY}
        made.append(await city.issue(STATEMENT, POLICE_SYSTEM, {"months": number}, **dates))
        city.clock.advance(60)
    made.append(await city.issue_permit(ZHAO_NUMBER, "赵映雪"))
    await city.issue_property()
    city.clock.advance(10 * 86_400)
    command = EndCommand(made[3].id, Event.REVOKE, "材料不实", None)
    made[3] = await city.services.end(command, POLICE_SYSTEM)
    return made


async def test_every_state_is_found_as_the_pure_rule_tells_it(both_cities: World) -> None:
    city = both_cities
    made = await some_history(city)
    by_status: dict[Status, list[str]] = {}
    for one in made:
        status = await city.services.find.status_on(one.id, city.today, POLICE_SYSTEM)
        by_status.setdefault(status, []).append(one.id)
    assert {status: len(ids) for status, ids in by_status.items()} == {
        Status.VALID: 3,
        Status.EXPIRED: 1,
        Status.REVOKED: 1,
    }
    for status in set(Status) - {Status.NOT_ISSUED}:
        assert await found(city, FindQuery(status=status)) == sorted(by_status.get(status, []), reverse=True), status


async def test_valid_on_any_day_is_found_as_the_history_tells_it(both_cities: World) -> None:
    city = both_cities
    made = await some_history(city)
    async with city.database.read() as tx:
        licences = city.services.find._repository.licences
        lives = {one.id: (await licences.history(tx, one.id), await licences.versions(tx, one.id)) for one in made}
    for days in (-12, -11, -10, -7, -5, 0, 30, 90, 300):
        day = city.today + days * DAY
        expected = [one.id for one in made if status_on(*lives[one.id], day) is Status.VALID]
        assert await found(city, FindQuery(valid_on=day)) == sorted(expected, reverse=True), days


async def test_the_other_filters(both_cities: World) -> None:
    city = both_cities
    made = await some_history(city)
    issued = made[0].current.issued_at.date()
    assert await found(city, FindQuery(types=[PERMIT])) == [made[4].id]
    assert await found(city, FindQuery(trust=Trust.A)) == sorted((one.id for one in made), reverse=True)
    assert await found(city, FindQuery(trust=Trust.C)) == []
    assert await found(city, FindQuery(identifier=made[1].current.identifier.lower())) == [made[1].id]
    number = made[2].current.licence_number
    assert await found(city, FindQuery(types=[STATEMENT], number=number)) == [made[2].id]
    assert len(await found(city, FindQuery(issued_from=issued, issued_until=issued))) == 5
    assert await found(city, FindQuery(issued_from=issued + DAY)) == []
    assert await found(city, FindQuery(holder_kind="111", holder_code=ZHAO_NUMBER)) == [made[4].id]
    soonest = await found(city, FindQuery(expiring_until=city.today + 400 * DAY), limit=1)
    assert soonest == [made[0].id, made[1].id, made[4].id], "the soonest first; what is over or ended is not expiring"


async def test_pages_that_look_at_few_rows_are_short_and_lose_nothing(both_cities: World) -> None:
    city = both_cities
    made = await some_history(city)
    find = city.services.find

    class Few:
        async def find(self, *given: Any, **options: Any) -> Any:
            return await find._store.find(*given, **options | {"most": 2})

    narrow = FindLicences(find._repository, Few())
    for query in (
        FindQuery(types=[PERMIT]),
        FindQuery(status=Status.EXPIRED),
        FindQuery(valid_on=city.today - 5 * DAY),
    ):
        cursor, ids, pages = None, [], 0
        while pages == 0 or cursor is not None:
            page = await narrow(query, POLICE_SYSTEM, cursor, 100)
            ids += [one.id for one in page.items]
            cursor, pages = page.next_cursor, pages + 1
        assert ids == await found(city, query)
        assert pages <= len(made)


async def test_another_office_finds_nothing_of_it_and_a_role_only_its_types(both_cities: World) -> None:
    city = both_cities
    made = await some_history(city)
    assert made[0].id not in await found(city, FindQuery(), LAND_SYSTEM)
    assert await found(city, FindQuery(identifier=made[0].current.identifier), LAND_SYSTEM) == []
    assert await found(city, FindQuery(holder_kind="111", holder_code=LIN_NUMBER), PORTAL) == []
    with pytest.raises(NotFound):
        await city.services.find.status_on(made[0].id, city.today, LAND_SYSTEM)
    scopes = frozenset({"licence:read"})
    limited = Principal(
        PrincipalKind.STAFF, "acc_x", POLICE, scopes=scopes, types={"licence:read": frozenset({PERMIT})}
    )
    assert await found(city, FindQuery(), limited) == [made[4].id]
    with pytest.raises(NotPermitted):
        await city.services.find(FindQuery(types=[STATEMENT]), limited)
    with pytest.raises(NotFound):
        await city.services.find.status_on(made[0].id, city.today, limited)
    with pytest.raises(NotPermitted):
        await city.services.find(FindQuery(), Principal(PrincipalKind.CLIENT, "x", POLICE))


async def test_a_holder_sees_that_their_number_was_asked_and_the_log_never_says_it(both_cities: World) -> None:
    city = both_cities
    await some_history(city)
    before = await city.rows(access_record)
    await found(city, FindQuery(holder_kind="111", holder_code=ZHAO_NUMBER))
    await found(city, FindQuery(types=[PERMIT], holder_kind="111", holder_code=LIN_NUMBER))
    async with city.database.read() as tx:
        looks = (await tx.connection.execute(select(access_record.c.look, access_record.c.licence_id))).all()
    assert len(looks) == before + 2
    assert looks[-1].licence_id is None, "a look that found nothing is one too"
    events = [one for one in await city.events() if one["action"] == "licence.find"]
    assert [one["detail"]["filters"] for one in events] == ["holder_code", "types,holder_code"]
    assert ZHAO_NUMBER not in str(events)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (FindQuery(number="x"), "type-needed"),
        (FindQuery(status=Status.NOT_ISSUED), "status-unknown"),
        (FindQuery(valid_on=dt.date(1, 1, 1)), "day-out-of-range"),
        (FindQuery(expiring_until=dt.date(9999, 12, 31)), "day-out-of-range"),
        (FindQuery(identifier="' OR 1=1 --"), "identifier-invalid"),
        (FindQuery(holder_code="410199"), "holder-code-invalid"),
        (FindQuery(holder_kind="111", holder_code="%"), "citizen-id-length"),
    ],
)
async def test_l19_odd_filters_are_refused(both_cities: World, query: FindQuery, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await both_cities.services.find(query, POLICE_SYSTEM)
    assert refused.value.code == code


async def test_l19_what_sql_would_mean_is_text_here(both_cities: World) -> None:
    city = both_cities
    made = await city.issue_permit()
    for odd in ("%", "_", "\\", "' OR '1'='1", "x'; DROP TABLE licence; --", "\x00"):
        assert await found(city, FindQuery(types=[PERMIT], number=odd)) == []
        with pytest.raises(InvalidInput):
            await city.services.find(FindQuery(types=[odd]), POLICE_SYSTEM)
    assert await found(city, FindQuery(types=[PERMIT])) == [made.id]


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "WyIyMDI2LTk5LTk5IiwieCJd", "WyJcdTAwMDAiXQ"])
async def test_l20_cursors_of_ones_own_making_and_endless_pages_are_bounded(both_cities: World, cursor: str) -> None:
    city = both_cities
    await city.issue_permit()
    for query in (FindQuery(), FindQuery(expiring_until=city.today)):
        with pytest.raises(InvalidInput) as refused:
            await city.services.find(query, POLICE_SYSTEM, cursor)
        assert refused.value.code == "cursor-invalid"
    assert len((await city.services.find(FindQuery(), POLICE_SYSTEM, None, 10**9)).items) == 1
