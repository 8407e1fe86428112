"""Log-in through upstream providers (OpenID Connect Core §3.1 as a relying party; RFC 7636, 9126, 9207)."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.principal import SYSTEM
from idp.model import ONE_FACTOR, Session
from idp.stores.upstream_tables import upstream_session
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Entered, Pkce, query_of
from tests.support.idp_world import lose_phone
from tests.support.upstream_world import (
    NEW_NAME,
    NEW_NUMBER,
    PROVINCE,
    UpstreamBrowser,
    UpstreamWorld,
    described,
    query,
    upstream_world,
)


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[UpstreamWorld]:
    async with upstream_world(tmp_path, clock) as made:
        yield made


async def enter(world: UpstreamWorld, browser: UpstreamBrowser, person: str = "lin", **changes: str) -> Entered:
    """Into portal A, by the province."""
    pkce = Pkce()
    asked = await browser.authorize(world.idp.portal_a, pkce, **changes)
    assert asked.headers["location"].startswith("/login?i="), asked.text
    answer = await browser.log_in_at(world.province, person, asked.headers["location"].removeprefix("/login"))
    return await browser.follow(answer, pkce, world.idp.portal_a)


async def test_a_person_is_found_by_the_number_that_the_province_checked(world: UpstreamWorld) -> None:
    browser = world.browser()
    answer = await browser.log_in_at(world.province)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    assert await browser.who() == world.idp.lin.account_id
    assert await world.links(world.idp.lin.account_id) == ["province"]


async def test_into_a_portal_and_its_tokens_tell_how_it_was(world: UpstreamWorld) -> None:
    browser, back_end = world.browser(), BackEnd(world.idp, world.idp.portal_a, world.app)
    tokens = await back_end.tokens(await enter(world, browser))
    userinfo = (await back_end.userinfo(tokens["access_token"])).json()
    by_password = await BackEnd(world.idp, world.idp.portal_a, world.app).tokens(
        await world.browser().enter(world.idp.portal_a, world.idp.lin)
    )
    same = (await back_end.userinfo(by_password["access_token"])).json()
    assert userinfo["sub"] == same["sub"], "the same person by either way"
    session = await browser_session(world, browser)
    assert (session.acr, session.amr) == (ONE_FACTOR, ("pwd", "otp"))


async def browser_session(world: UpstreamWorld, browser: UpstreamBrowser) -> Session:
    visit = await world.idp.idp.sessions.find(browser.session_cookie)
    assert visit is not None
    return visit.session


async def test_somebody_new_gets_an_account_without_a_password(world: UpstreamWorld) -> None:
    browser = world.browser()
    await browser.log_in_at(world.province, "new")
    account_id = await browser.who()
    assert account_id is not None
    person = await world.idp.idp.directory.person(account_id)
    assert (person.name, person.citizen_id.number, person.level) == (NEW_NAME, NEW_NUMBER, 3)
    again = world.browser()
    await again.log_in_at(world.province, "new")
    assert await again.who() == account_id


async def test_what_is_asked_goes_by_par_with_pkce_and_a_fresh_state_and_nonce(world: UpstreamWorld) -> None:
    pushed = world.province.stand_in.pushed
    seen = []
    for _ in range(2):
        departed = await world.browser().depart(world.province)
        asked = query(departed.headers["location"])
        assert set(asked) == {"client_id", "request_uri"}, "nothing else is told to the browser"
        request = pushed[asked["request_uri"]]
        assert request["code_challenge_method"] == "S256"
        assert request["redirect_uri"].endswith("/upstream/province/callback")
        assert request["max_age"] == "43200", "so that auth_time comes back"
        seen.append((request["state"], request["nonce"], request["code_challenge"]))
    assert all(one != other for one, other in zip(*seen, strict=True))


async def test_without_par_the_browser_carries_it(world: UpstreamWorld) -> None:
    del_par = lambda found: {k: v for k, v in found.items() if k != "pushed_authorization_request_endpoint"}  # noqa: E731
    world.province.stand_in.twists["metadata"] = del_par
    browser = world.browser()
    departed = await browser.depart(world.province)
    asked = query(departed.headers["location"])
    assert {"state", "nonce", "code_challenge", "scope", "redirect_uri"} <= set(asked)
    assert departed.headers["referrer-policy"] == "no-referrer"
    back = await browser.choose(world.province, departed.headers["location"], "lin")
    assert (await browser.http.get(back)).headers["location"] == "/me"


async def test_prompt_login_and_max_age_are_carried_upstream(world: UpstreamWorld) -> None:
    browser = world.browser()
    back_end = BackEnd(world.idp, world.idp.portal_a, world.app)
    first = await auth_time(back_end, await enter(world, browser))
    world.clock.advance(600)
    pkce = Pkce()
    asked = await browser.authorize(world.idp.portal_a, pkce, prompt="login")
    departed = await browser.depart(world.province, asked.headers["location"].removeprefix("/login"))
    request = world.province.stand_in.pushed[query(departed.headers["location"])["request_uri"]]
    assert (request["prompt"], request["max_age"]) == ("login", "0")
    back = await browser.choose(world.province, departed.headers["location"], "lin")
    entered = await browser.follow(await browser.http.get(back), pkce, world.idp.portal_a)
    assert await auth_time(back_end, entered) - first == 600


async def auth_time(back_end: BackEnd, entered: Entered) -> int:
    token = (await back_end.tokens(entered))["id_token"]
    return int(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["auth_time"])


async def test_a_log_in_from_before_at_the_province_counts_from_then(world: UpstreamWorld) -> None:
    """Single sign-on there is no fresh authentication here: auth_time is the province's."""
    browser = world.browser()
    await browser.log_in_at(world.province)
    began = world.clock.now()
    world.clock.advance(1800)
    browser.http.cookies.clear()
    await browser.log_in_at(world.province)
    session = await browser_session(world, browser)
    assert session.authenticated_at == began
    assert session.expires_at - world.clock.now() == dt.timedelta(hours=12)


async def test_saying_no_there_leads_to_our_log_in_page(world: UpstreamWorld) -> None:
    browser = world.browser()
    asked = await browser.authorize(world.idp.portal_a)
    answer = await browser.log_in_at(world.province, "", asked.headers["location"].removeprefix("/login"))
    assert answer.status_code == 403
    assert asked.headers["location"].replace("&", "&amp;") + "&amp;own=1" in answer.text
    done = await browser.log_in(world.idp.lin, asked.headers["location"])
    assert "code" in query_of((await browser.http.get(done.headers["location"])).headers["location"])


async def test_keys_are_looked_at_again_when_one_is_unknown(world: UpstreamWorld) -> None:
    await world.browser().log_in_at(world.province)
    world.province.stand_in.rotate()
    world.clock.advance(60)
    browser = world.browser()
    assert (await browser.log_in_at(world.province)).headers["location"] == "/me"
    assert world.network.count("/jwks") == 2
    assert world.network.count("/.well-known/openid-configuration") == 1


async def test_a_provider_that_is_down_is_not_asked_again_at_once(world: UpstreamWorld) -> None:
    world.network.down.add("id.province.test")
    for _ in range(3):
        answer = await world.browser().depart(world.province)
        assert answer.status_code == 503
    assert len(world.network.asked) == 1
    world.network.down.clear()
    world.clock.advance(16)
    assert (await world.browser().depart(world.province)).headers["location"].startswith(PROVINCE)


STRONG = "urn:yizheng:loa:2"


async def test_a_stronger_class_is_reached_by_a_provider_that_has_it(world: UpstreamWorld) -> None:
    """Step-up: what a password cannot give, the province may."""
    essential = json.dumps({"id_token": {"acr": {"essential": True, "values": [STRONG]}}})
    browser, pkce = world.browser(), Pkce()
    mapping = dataclasses.replace(world.province.provider.mapping, acrs={"urn:province:strong": STRONG})
    wish = described("province", PROVINCE, mapping=mapping)
    await world.idp.idp.upstream.providers.put(wish, SYSTEM)

    await browser.log_in(world.idp.lin)
    asked = await browser.authorize(world.idp.portal_a, pkce, claims=essential)
    departed = await browser.depart(world.province, asked.headers["location"].removeprefix("/login"))
    request = world.province.stand_in.pushed[query(departed.headers["location"])["request_uri"]]
    assert request["acr_values"] == "urn:province:strong"
    back = await browser.choose(world.province, departed.headers["location"], "lin")
    entered = await browser.follow(await browser.http.get(back), pkce, world.idp.portal_a)
    token = (await BackEnd(world.idp, world.idp.portal_a, world.app).tokens(entered))["id_token"]
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["acr"] == STRONG


async def test_a_provider_that_did_not_reach_the_class_does_not_count(world: UpstreamWorld) -> None:
    mapping = dataclasses.replace(world.province.provider.mapping, acrs={"urn:province:strong": STRONG})
    await world.idp.idp.upstream.providers.put(described("province", PROVINCE, mapping=mapping), SYSTEM)
    essential = json.dumps({"id_token": {"acr": {"essential": True, "values": [STRONG]}}})
    world.province.stand_in.twists["id_claims"] = lambda claims: claims | {"acr": "urn:province:weak"}
    await lose_phone(world.idp, world.idp.lin)  # and so has nothing to add
    browser = world.browser()
    asked = await browser.authorize(world.idp.portal_a, claims=essential)
    answer = await browser.log_in_at(world.province, query=asked.headers["location"].removeprefix("/login"))
    ended = await browser.http.get(answer.headers["location"])
    assert query_of(ended.headers["location"])["error"] == "unmet_authentication_requirements"


async def test_what_nobody_finishes_is_gone_after_its_time(world: UpstreamWorld) -> None:
    """Bounded growth: attempts, marks of logout tokens, how sessions were begun."""
    browser, kv = world.browser(), world.idp.ground.kv
    await browser.log_in_at(world.province)
    await world.province.pages.tell(next(iter(world.province.stand_in.sessions.values())))
    for _ in range(20):
        await world.browser().depart(world.province)
    world.clock.advance(2_000)
    assert await kv.sweep() >= 21
    world.clock.advance(3 * 86_400)
    await world.idp.idp.sweep()
    async with world.idp.ground.database.read() as tx:
        left = (await tx.connection.execute(select(func.count()).select_from(upstream_session))).scalar_one()
    assert left == 0
