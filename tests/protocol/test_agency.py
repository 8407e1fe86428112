"""Acting for an organisation, from the authorisation to the token and to its end (RFC 8693 §4.1; attacks O-37)."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, InvalidInput, NotFound, NotPermitted, Unavailable
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from idp.agency.model import SELF, Authorisation, Reason, Role, State
from idp.client_metadata import ActingDemand
from idp.people import NewAccount
from idp.persons.model import FreezeReason
from tests.support.agency_world import (
    COMPANY,
    NAME,
    Chooser,
    given,
    offered,
    office,
    principal,
    register_of,
    today,
    wanted,
)
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd
from tests.support.idp_world import PASSWORD, IdpWorld, citizen_number, cluster_world, embedded_world, organisation_code
from tests.support.servers import PostgresServer, RedisServer

DAY = 86_400


BOTH = pytest.mark.parametrize("world", ["embedded", "cluster"], indirect=True)


@pytest.fixture
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    if getattr(request, "param", "embedded") == "embedded":
        async with embedded_world(tmp_path, clock) as made:
            register_of(made)
            yield made
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    redis: RedisServer = request.getfixturevalue("redis_server")
    async with cluster_world(postgres, redis, tmp_path, clock) as made:
        register_of(made)
        yield made


@pytest.fixture
async def lin_represents(world: IdpWorld) -> Authorisation:
    return await world.idp.agency.represent(principal(world.lin), COMPANY)


async def stored(world: IdpWorld, one: Authorisation) -> Authorisation:
    async with world.ground.database.read() as tx:
        found = await world.idp.agency.acting._authorisations.get(tx, one.id)
    assert found is not None
    return found


async def introspected(world: IdpWorld, back: BackEnd, token: str) -> dict[str, Any]:
    return dict((await back.post("/introspect", {"token": token})).json())


async def test_the_register_makes_a_representative_and_only_it(world: IdpWorld) -> None:
    represent = world.idp.agency.represent
    made = await represent(principal(world.lin), COMPANY.lower())
    assert (made.role, made.organisation, made.ends_on) == (Role.REPRESENTATIVE, COMPANY, None)
    assert (await represent(principal(world.lin), COMPANY)).id == made.id, "once more changes nothing"
    organisation = await world.idp.directory.organisation(COMPANY)
    assert organisation is not None
    assert organisation.name == NAME
    with pytest.raises(NotPermitted) as wrong:
        await represent(principal(world.zhao), COMPANY)
    register = register_of(world)
    with pytest.raises(NotPermitted) as unknown:
        await represent(principal(world.zhao), world.organisation)
    assert wrong.value.text == unknown.value.text, "nobody learns which organisations there are"
    register.struck_off.add(COMPANY)
    with pytest.raises(NotPermitted):
        await represent(principal(world.zhao), COMPANY)
    register.fails = Unavailable("register-down", Text("法人库没有回应", "no answer"))
    with pytest.raises(Unavailable):
        await represent(principal(world.zhao), COMPANY)
    with pytest.raises(InvalidInput):
        await represent(principal(world.lin), COMPANY[:-1] + "0")


async def test_whoever_is_not_proved_represents_nobody(world: IdpWorld) -> None:
    number = citizen_number(21)
    account = await world.idp.create_account(NewAccount(number, "新来的", PASSWORD, "13800000021", level=1), SYSTEM)
    register_of(world).numbers[COMPANY] = number
    person = principal(type(world.lin)(account, number, "新来的", "13800000021"))
    with pytest.raises(NotPermitted) as error:
        await world.idp.agency.represent(person, COMPANY)
    assert error.value.code == "real-name-level-too-low"


@BOTH
async def test_another_representative_ends_what_rested_on_the_former(
    world: IdpWorld, lin_represents: Authorisation
) -> None:
    agent = await given(world, world.lin, lin_represents, world.clerk)
    register_of(world).numbers[COMPANY] = world.zhao.number
    now = await world.idp.agency.represent(principal(world.zhao), COMPANY)
    former = await stored(world, lin_represents)
    assert (former.state, former.ended_for) == (State.ENDED, Reason.REPLACED)
    assert (await stored(world, agent)).ended_for is Reason.GIVER_ENDED
    assert (await stored(world, now)).state is State.ACTIVE


@BOTH
async def test_two_who_come_at_once_do_not_both_represent(world: IdpWorld) -> None:
    register = register_of(world)
    register.numbers[COMPANY] = world.lin.number
    done = await asyncio.gather(
        *(world.idp.agency.represent(principal(world.lin), COMPANY) for _ in range(4)), return_exceptions=True
    )
    made = {one.id for one in done if isinstance(one, Authorisation)}
    assert len(made) == 1
    assert all(isinstance(one, Authorisation | Conflict) for one in done), done


async def test_nothing_is_ever_wider_than_what_it_rests_on(world: IdpWorld, lin_represents: Authorisation) -> None:
    give = world.idp.agency.give
    manager = await given(world, world.lin, lin_represents, world.zhao, role=Role.MANAGER, items=("SB-001", "SB-002"))
    ends = manager.ends_on
    assert ends is not None
    refused: list[tuple[dict[str, Any], str]] = [
        ({"items": ("SB-003",)}, "authorisation-too-wide"),
        ({"items": ("SB-001", "SB-003")}, "authorisation-too-wide"),
        ({"items": ()}, "authorisation-too-wide"),
        ({"items": ("SB-001",), "ends_on": ends + dt.timedelta(days=1)}, "authorisation-too-wide"),
        ({"items": ("SB-001",), "role": Role.MANAGER}, "authorisation-not-yours"),
        ({"items": ("SB-001",), "role": Role.REPRESENTATIVE}, "authorisation-not-yours"),
    ]
    for changes, code in refused:
        with pytest.raises(NotPermitted) as error:
            await give(principal(world.zhao), wanted(world, manager, world.clerk, **changes))
        assert error.value.code == code, changes
    with pytest.raises(NotPermitted):
        await give(principal(world.zhao), wanted(world, lin_represents, world.clerk)), "another's authority"
    agent = await given(world, world.zhao, manager, world.clerk, items=("SB-001",))
    assert agent.items == ("SB-001",)
    with pytest.raises(NotPermitted):
        await give(principal(world.clerk), wanted(world, agent, world.lin, items=("SB-001",)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "name"),
        ({"number": "410199198802291032"}, None),
        ({"items": ("有空格 的",)}, "items"),
        ({"starts_on": dt.date(2020, 1, 1)}, "ends_on"),
        ({"ends_on": dt.date(2020, 1, 1)}, "ends_on"),
        ({"ends_on": dt.date(2099, 1, 1)}, "ends_on"),
    ],
)
async def test_what_is_wrong_is_said(
    world: IdpWorld, lin_represents: Authorisation, changes: dict[str, Any], field: str | None
) -> None:
    with pytest.raises(InvalidInput) as error:
        await world.idp.agency.give(principal(world.lin), wanted(world, lin_represents, world.zhao, **changes))
    if field is not None:
        assert error.value.field == field


async def test_nobody_authorises_themselves(world: IdpWorld, lin_represents: Authorisation) -> None:
    with pytest.raises(InvalidInput) as error:
        await world.idp.agency.give(principal(world.lin), wanted(world, lin_represents, world.lin))
    assert error.value.code == "agent-is-giver"


async def test_o_52_an_offer_tells_nobody_who_has_an_account(world: IdpWorld, lin_represents: Authorisation) -> None:
    """The code works for whoever it was made for, also when they open their account only afterwards."""
    stranger = type(world.lin)("", citizen_number(22), "后来的人", "13800000022")
    made = await offered(world, world.lin, lin_represents, stranger)
    known = await offered(world, world.lin, lin_represents, world.zhao)
    assert len(made.code) == len(known.code) == 12
    find = world.idp.agency.answer.find
    for person, code in ((world.zhao, made.code), (world.clerk, known.code), (world.zhao, "BBBBBBBBBBBB")):
        with pytest.raises(NotFound):
            await find(principal(person), code)
    account = await world.idp.create_account(
        NewAccount(stranger.number, stranger.name, PASSWORD, stranger.phone), SYSTEM
    )
    person = principal(type(world.lin)(account, stranger.number, stranger.name, stranger.phone))
    typed = f" {made.code[:4].lower()}-{made.code[4:8]}-{made.code[8:]} "
    assert (await find(person, typed)).id == made.authorisation.id
    await world.idp.agency.answer(person, made.authorisation.id, accept=True)
    assert (await stored(world, made.authorisation)).account_id == account
    with pytest.raises(NotFound):
        await find(person, made.code), "a code is good once"


@BOTH
async def test_an_offer_is_answered_once_and_in_time(world: IdpWorld, lin_represents: Authorisation) -> None:
    answer = world.idp.agency.answer
    made = await offered(world, world.lin, lin_represents, world.zhao)
    with pytest.raises(NotFound):
        await answer(principal(world.clerk), made.authorisation.id, accept=True)
    done = await asyncio.gather(
        *(answer(principal(world.zhao), made.authorisation.id, accept=turn % 2 == 0) for turn in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Authorisation) for one in done) == 1
    late = await offered(world, world.lin, lin_represents, world.clerk)
    world.clock.advance(7 * DAY + 1)
    with pytest.raises(NotFound):
        await answer(principal(world.clerk), late.authorisation.id, accept=True)


async def test_tokens_say_who_acts_for_whom(world: IdpWorld, lin_represents: Authorisation) -> None:
    agent = await given(world, world.lin, lin_represents, world.zhao, items=("SB-001",))
    portal = await office(world)
    browser, back = Chooser(world, [agent.id]), BackEnd(world, portal)
    tokens = await back.tokens(await browser.enter(portal, world.zhao))
    assert browser.asked == 1
    expected = {
        "authorisation": agent.id,
        "uscc": COMPANY,
        "name": NAME.zh,
        "name#en": NAME.en,
        "role": "agent",
        "items": ["SB-001"],
        "until": str(agent.ends_on),
    }
    seen = await introspected(world, back, tokens["access_token"])
    assert seen["organisation"] == expected
    assert seen["act"] == {"sub": seen["sub"]}
    hint = world.idp.authorize._id_tokens._verifier.verify(
        tokens["id_token"], typ="JWT", issuer=world.idp.settings.issuer, audience=None
    )
    assert hint["organisation"] == expected
    userinfo = await back.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert userinfo.json()["organisation"] == expected
    again = await browser.enter(portal)
    assert browser.asked == 1, "the choice holds for the session"
    assert (await introspected(world, back, (await back.tokens(again))["access_token"]))["organisation"] == expected


async def test_for_oneself_nothing_of_an_organisation_is_said(world: IdpWorld, lin_represents: Authorisation) -> None:
    portal = await office(world)
    browser, back = Chooser(world, [None]), BackEnd(world, portal)
    tokens = await back.tokens(await browser.enter(portal, world.lin))
    seen = await introspected(world, back, tokens["access_token"])
    assert "organisation" not in seen
    assert "act" not in seen
    assert "organisation" not in seen["scope"].split()
    visit = await world.idp.sessions.find(browser.session_cookie)
    assert visit is not None
    assert visit.session.acting_for == SELF
    nobody = Chooser(world)
    await nobody.enter(portal, world.zhao)
    assert nobody.asked == 0, "who may act for nobody is not asked"


async def test_a_portal_for_organisations_only(world: IdpWorld, lin_represents: Authorisation) -> None:
    portal = await office(world, ActingDemand.REQUIRED)
    entered = await Chooser(world).enter(portal, world.zhao)
    assert entered.params["error"] == "access_denied"
    browser = Chooser(world, [lin_represents.id])
    assert "code" in (await browser.enter(portal, world.lin)).params
    silent = Chooser(world, [None])
    await silent.enter(world.portal_a, world.lin)
    answer = await silent.enter(portal, prompt="none")
    assert answer.params["error"] == "interaction_required"


async def test_o_68_nobody_acts_under_what_is_not_theirs(world: IdpWorld, lin_represents: Authorisation) -> None:
    later = await given(world, world.lin, lin_represents, world.zhao, starts_on=today(world) + dt.timedelta(days=3))
    browser = Chooser(world)
    await browser.enter(world.portal_a, world.zhao)
    choose = world.idp.agency.acting.choose
    for wrong in (lin_represents.id, later.id, "aut_unknown", "x"):
        with pytest.raises(NotFound):
            await choose(browser.session_cookie, wrong)
    world.clock.advance(3 * DAY)
    await browser.enter(world.portal_a, world.zhao)
    assert await choose(browser.session_cookie, later.id) == NAME


async def test_an_authority_ends_with_its_last_day(world: IdpWorld, lin_represents: Authorisation) -> None:
    agent = await given(world, world.lin, lin_represents, world.zhao, ends_on=today(world))
    portal = await office(world)
    back = BackEnd(world, portal)
    tokens = await back.tokens(
        await Chooser(world, [agent.id]).enter(portal, world.zhao, scope=f"{portal.scope} offline_access")
    )
    assert (await introspected(world, back, tokens["access_token"]))["active"]
    world.clock.advance(DAY)
    assert (await back.refresh(tokens["refresh_token"])).status_code == 400


async def revoke(world: IdpWorld, agent: Authorisation) -> None:
    await world.idp.agency.revoke(principal(world.lin), agent.id)


async def resign(world: IdpWorld, agent: Authorisation) -> None:
    await world.idp.agency.revoke(principal(world.zhao), agent.id)


async def dissolve(world: IdpWorld, agent: Authorisation) -> None:
    gone = world.idp.agency.dissolve
    assert await gone(COMPANY, on=today(world), reference="2026-91", actor=SYSTEM) == 2
    assert await gone(COMPANY, on=today(world), reference="2026-91", actor=SYSTEM) == 0
    with pytest.raises(NotPermitted):
        await world.idp.agency.represent(principal(world.lin), COMPANY)
    with pytest.raises(NotPermitted):
        await gone(COMPANY, on=today(world), reference="", actor=principal(world.lin))
    await gone.dissolved(organisation_code(99), today(world))  # unknown here: no concern of ours


async def replace(world: IdpWorld, agent: Authorisation) -> None:
    register_of(world).numbers[COMPANY] = world.clerk.number
    await world.idp.agency.represent(principal(world.clerk), COMPANY)


@BOTH
@pytest.mark.parametrize("ending", [revoke, resign, dissolve, replace])
async def test_o_37_its_end_ends_all_that_rests_on_it(
    world: IdpWorld, lin_represents: Authorisation, ending: Any
) -> None:
    agent = await given(world, world.lin, lin_represents, world.zhao)
    portal = await office(world, backchannel_logout_uri="https://office.example.test/bye")
    back, browser = BackEnd(world, portal), Chooser(world, [agent.id])
    scope = f"{portal.scope} offline_access"
    tokens = await back.tokens(await browser.enter(portal, world.zhao, scope=scope))
    waiting = await browser.enter(portal, scope=scope)
    elsewhere = Chooser(world)
    await elsewhere.enter(world.portal_a, world.zhao)
    await ending(world, agent)
    assert not (await introspected(world, back, tokens["access_token"]))["active"]
    assert (await back.refresh(tokens["refresh_token"])).status_code == 400
    assert (await back.redeem(waiting)).status_code == 400
    assert await world.idp.sessions.find(browser.session_cookie) is None
    assert [uri for uri, _ in world.messenger.sent] == ["https://office.example.test/bye"]
    assert await world.idp.sessions.find(elsewhere.session_cookie) is not None, "what is their own stays"
    with pytest.raises(NotFound):
        await world.idp.agency.revoke(principal(world.lin), agent.id)


async def test_only_whoever_may_takes_it_back(world: IdpWorld, lin_represents: Authorisation) -> None:
    manager = await given(world, world.lin, lin_represents, world.zhao, role=Role.MANAGER)
    agent = await given(world, world.lin, lin_represents, world.clerk)
    revoke_ = world.idp.agency.revoke
    for person, one in ((world.zhao, agent), (world.clerk, manager), (world.zhao, lin_represents)):
        with pytest.raises(NotFound):
            await revoke_(principal(person), one.id)
    own = await given(world, world.zhao, manager, world.clerk)
    await revoke_(principal(world.zhao), own.id)
    assert (await stored(world, own)).ended_for is Reason.REVOKED
    last = await given(world, world.zhao, manager, world.clerk)
    await revoke_(principal(world.lin), manager.id)
    assert (await stored(world, last)).ended_for is Reason.GIVER_ENDED


@BOTH
async def test_races_leave_no_token_of_an_ended_authority(world: IdpWorld, lin_represents: Authorisation) -> None:
    """Whoever is first: what is granted at the very moment of the end is ended, or not granted."""
    portal = await office(world)
    back = BackEnd(world, portal)
    for turn in range(4):
        agent = await given(world, world.lin, lin_represents, world.zhao)
        browser = Chooser(world, [agent.id, agent.id, None, None])
        await browser.enter(portal, world.zhao)

        async def enter(browser: Chooser = browser) -> Any:
            try:
                return await back.redeem(await browser.enter(portal, world.zhao))
            except (AssertionError, KeyError):  # the session ended under it: a page asks for something
                return None

        answers = await asyncio.gather(enter(), revoke(world, agent), enter())
        for answer in (one for one in answers if one is not None and one.status_code == 200):
            seen = await introspected(world, back, answer.json()["access_token"])
            assert not seen["active"] or "organisation" not in seen, turn


@BOTH
async def test_tokens_refreshed_while_it_ends_are_dead(world: IdpWorld, lin_represents: Authorisation) -> None:
    agent = await given(world, world.lin, lin_represents, world.zhao)
    portal = await office(world)
    back, browser = BackEnd(world, portal), Chooser(world, [agent.id])
    tokens = await back.tokens(await browser.enter(portal, world.zhao, scope=f"{portal.scope} offline_access"))
    answers = await asyncio.gather(*(back.refresh(tokens["refresh_token"]) for _ in range(3)), revoke(world, agent))
    for answer in answers[:-1]:
        assert answer is not None
        if answer.status_code == 200:
            assert not (await introspected(world, back, answer.json()["access_token"]))["active"]


async def test_an_account_that_is_closed_acts_for_nobody(world: IdpWorld, lin_represents: Authorisation) -> None:
    agent = await given(world, world.lin, lin_represents, world.zhao)
    await world.idp.persons.freeze.freeze(world.lin.account_id, FreezeReason.MISUSE, "案卷 2026-91", SYSTEM)
    assert (await stored(world, agent)).state is State.ACTIVE, "what is frozen may thaw"
    security = Principal(PrincipalKind.STAFF, world.clerk.account_id, scopes=frozenset({"admin:security"}))
    await world.idp.persons.close(world.lin.account_id, "案卷 2026-91", security)
    assert (await stored(world, lin_represents)).ended_for is Reason.ACCOUNT_CLOSED
    assert (await stored(world, agent)).ended_for is Reason.GIVER_ENDED
