"""Log-out in both directions with upstream providers (Back-Channel Logout 1.0 §2.6, Front-Channel Logout 1.0 §3,
RP-Initiated Logout 1.0 §2); attacks on each, with their twins."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.demo.upstream.provider import LOGOUT_EVENT, StandInSession
from core.errors import Unavailable
from core.text import Text
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd
from tests.support.upstream_world import (
    PROVINCE,
    Twist,
    Upstream,
    UpstreamBrowser,
    UpstreamWorld,
    query,
    upstream_world,
)


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[UpstreamWorld]:
    async with upstream_world(tmp_path, clock) as made:
        yield made


def session_at(upstream: Upstream) -> StandInSession:
    """The newest session at the provider."""
    return list(upstream.stand_in.sessions.values())[-1]


async def entered(world: UpstreamWorld, person: str = "lin") -> UpstreamBrowser:
    browser = world.browser()
    await browser.log_in_at(world.province, person)
    return browser


async def told(world: UpstreamWorld, token: str, upstream: str = "province") -> httpx.Response:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=world.app), base_url="https://id.example.test"
    ) as http:
        return await http.post(f"/upstream/{upstream}/backchannel-logout", data={"logout_token": token})


async def test_the_provider_ends_the_session_and_all_that_hangs_on_it(world: UpstreamWorld) -> None:
    browser, back_end = await entered(world), BackEnd(world.idp, world.idp.portal_a, world.app)
    tokens = await back_end.tokens(await browser.enter(world.idp.portal_a))
    other = await entered(world)
    sessions = list(world.province.stand_in.sessions.values())
    assert await world.province.pages.tell(sessions[0]) == 200
    assert await browser.who() is None
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401
    assert len(world.idp.messenger.sent) == 1, "the portal hears of it too"
    assert await other.who() == world.idp.lin.account_id, "another session of the same person goes on"


async def test_by_subject_alone_all_of_the_persons_sessions_end(world: UpstreamWorld) -> None:
    browsers = [await entered(world), await entered(world), await entered(world, "zhao")]
    world.province.stand_in.twists["logout_claims"] = changed(sid=None, sub="person-lin")
    assert await world.province.pages.tell(session_at(world.province)) == 200
    assert [await browser.who() for browser in browsers] == [None, None, world.idp.zhao.account_id]


async def test_a_session_that_is_gone_already_is_success(world: UpstreamWorld) -> None:
    browser = await entered(world)
    await world.idp.idp.log_out(browser.session_cookie)
    assert await world.province.pages.tell(session_at(world.province)) == 200


def changed(**changes: Any) -> Twist:
    return lambda claims: {name: value for name, value in (claims | changes).items() if value is not None}


REFUSED: dict[str, Twist] = {
    "iss of another": changed(iss="https://id.evil.test"),
    "aud of another": changed(aud="other-city"),
    "aud of several": changed(aud=["city", "other-city"]),
    "with a nonce": changed(nonce="n"),
    "no events": changed(events=None),
    "another event": changed(events={"http://schemas.openid.net/event/other": {}}),
    "event not an object": changed(events={LOGOUT_EVENT: True}),
    "neither sub nor sid": changed(sub=None, sid=None),
    "no jti": changed(jti=None),
    "no iat": changed(iat=None),
    "no exp": changed(exp=None),
    "expired": lambda claims: claims | {"exp": claims["iat"] - 61},
    "exp far away": lambda claims: claims | {"exp": claims["iat"] + 700},
    "sid that is no text in any encoding": changed(sid="\ud800"),
    "sub of another with the sid": changed(sub="person-zhao"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_logout_token_that_is_none_for_this_session(world: UpstreamWorld, case: str) -> None:
    browser = await entered(world)
    world.province.stand_in.twists["logout_claims"] = REFUSED[case]
    status = await world.province.pages.tell(session_at(world.province))
    assert status == (200 if case == "sub of another with the sid" else 400)
    assert await browser.who() == world.idp.lin.account_id


async def test_an_id_token_is_no_logout_token(world: UpstreamWorld) -> None:
    browser = await entered(world)
    session = session_at(world.province)
    stand_in = world.province.stand_in
    token = stand_in.sign(stand_in.id_claims(session, "n", None, "a"))
    assert (await told(world, token)).status_code == 400
    forged = stand_in.sign(stand_in.logout_claims(session), typ="at+jwt")
    assert (await told(world, forged)).status_code == 400
    assert await browser.who() is not None


async def test_a_logout_token_at_another_providers_address(world: UpstreamWorld) -> None:
    browser = await entered(world)
    token = world.province.stand_in.logout_token(session_at(world.province))
    assert (await told(world, token, "university")).status_code == 400
    assert (await told(world, token, "nobody")).status_code == 404
    assert await browser.who() is not None
    assert (await told(world, token)).status_code == 200
    assert await browser.who() is None


async def test_a_logout_token_counts_once(world: UpstreamWorld) -> None:
    await entered(world)
    token = world.province.stand_in.logout_token(session_at(world.province))
    answers = await asyncio.gather(*(told(world, token) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert answers[0].headers["cache-control"] == "no-store"


async def test_a_logout_that_could_not_be_done_may_be_sent_again(
    world: UpstreamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark of the token is taken back when nothing ended: a lost log-out would be worse than one twice."""
    browser = await entered(world)
    token = world.province.stand_in.logout_token(session_at(world.province))
    receive = world.idp.idp.upstream.receive_logout

    async def broken(*_arguments: Any) -> int:
        raise Unavailable("database-unavailable", Text("停", "away"))

    with monkeypatch.context() as patch:
        patch.setattr(receive, "_end_sessions", broken)
        assert (await told(world, token)).status_code == 503
    assert (await told(world, token)).status_code == 200
    assert await browser.who() is None


async def test_the_front_channel_ends_the_session_in_a_frame(world: UpstreamWorld) -> None:
    browser = await entered(world)
    session = session_at(world.province)
    address = world.province.stand_in.front_channel_address(session)
    stranger = world.browser()
    for forged in (
        address.replace("iss=https", "iss=http"),
        address.partition("&sid=")[0],
        address.partition("?")[0] + f"?sid={session.sid}",
        address.replace(session.sid, "guessed"),
    ):
        await stranger.http.get(forged)
        assert await browser.who() is not None
    answer = await stranger.http.get(address)  # in a frame, without our cookies
    assert answer.status_code == 200
    assert f"frame-ancestors {PROVINCE}" in answer.headers["content-security-policy"]
    assert await browser.who() is None


async def goodbye_of(world: UpstreamWorld, browser: UpstreamBrowser) -> tuple[str, str]:
    """After our log-out: the page that offers the provider's, and the form that it leads to."""
    farewell = await world.idp.idp.log_out(browser.session_cookie)
    browser.http.cookies.delete("__Host-yz_session")
    assert farewell is not None
    page = (await browser.http.get(f"/logged-out?f={farewell}")).text
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert token is not None, page
    form = {"csrf": token[1], "f": farewell}
    first = await browser.http.post("/upstream/goodbye", data=form)
    again = await browser.http.post("/upstream/goodbye", data=form)
    assert again.headers["location"] == "/logged-out", "the token is shown once"
    assert f"form-action 'self' {PROVINCE}" in first.headers["content-security-policy"]
    return page, first.text


async def test_our_log_out_leads_to_the_providers(world: UpstreamWorld) -> None:
    browser = await entered(world)
    page, form = await goodbye_of(world, browser)
    assert "eyJ" not in page, "no token on a page that can be opened again"
    fields = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]+)"', form))
    assert set(fields) == {"client_id", "post_logout_redirect_uri", "id_token_hint"}
    assert f'action="{PROVINCE}/end-session"' in form
    done = await browser.at(world.province).post("/end-session", data=fields)
    assert done.headers["location"] == "https://id.example.test/upstream/province/logged-out"
    assert world.province.stand_in.sessions == {}
    back = await browser.http.get(done.headers["location"])
    assert back.headers["location"] == "/logged-out"


async def test_nothing_is_offered_where_there_is_nothing_to_do(world: UpstreamWorld) -> None:
    by_password = world.browser()
    await by_password.log_in(world.idp.lin)
    assert await world.idp.idp.log_out(by_password.session_cookie) is None
    world.province.stand_in.twists["metadata"] = changed(end_session_endpoint=None)
    world.clock.advance(4_000)
    browser = await entered(world)
    assert await world.idp.idp.log_out(browser.session_cookie) is None
    answer = await world.browser().http.get("/logged-out?f=guessed")
    assert "/upstream/goodbye" not in answer.text


async def test_a_session_that_ends_there_first_asks_for_a_new_log_in(world: UpstreamWorld) -> None:
    browser = await entered(world)
    await browser.at(world.province).post("/leave")
    assert await browser.who() is None
    departed = await browser.depart(world.province)
    page = await browser.at(world.province).get(departed.headers["location"])
    assert page.status_code == 200, "the provider asks who it is"
    assert "request_uri" in query(departed.headers["location"])
