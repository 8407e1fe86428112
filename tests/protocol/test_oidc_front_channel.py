"""Log-out told in the browser (OpenID Connect Front-Channel Logout 1.0; reference row L-6)."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from core.principal import SYSTEM
from idp.logout.farewell import Farewell
from idp.model import ClientStatus
from tests.protocol.test_oidc_logout import is_logged_in
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, query_of
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world

FRAME_A, FRAME_B = "https://a.example.test/front", "https://b.example.test/front?kept=1"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        await change_client(made, "portal-a", frontchannel_logout_uri=FRAME_A)
        await change_client(
            made, "portal-b", frontchannel_logout_uri=FRAME_B, frontchannel_logout_session_required=True
        )
        yield made


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


async def farewell_of(world: IdpWorld, answer: httpx.Response) -> Farewell:
    location = answer.headers["location"]
    assert answer.status_code == 303
    assert urlsplit(location).path == "/logged-out", location
    return await world.idp.farewells.get(query_of(location).get("f", ""))


async def test_l_1_discovery_names_the_channel(world: IdpWorld) -> None:
    metadata = (await Browser(world).http.get("/.well-known/openid-configuration")).json()
    assert metadata["frontchannel_logout_supported"] is True
    assert metadata["frontchannel_logout_session_supported"] is True


async def test_l_6_every_portal_gets_a_frame_with_iss_and_its_own_sid_and_then_the_portal_its_visitor(
    world: IdpWorld,
) -> None:
    browser = Browser(world)
    id_tokens = []
    for portal in (world.portal_a, world.portal_b):
        tokens = await BackEnd(world, portal).tokens(await browser.enter(portal, world.lin))
        id_tokens.append(tokens["id_token"])
    sids = [claims_of(token)["sid"] for token in id_tokens]
    answer = await browser.http.get(
        "/end-session",
        params={"id_token_hint": id_tokens[0], "post_logout_redirect_uri": world.portal_a.goodbye_uri, "state": "x y"},
    )
    farewell = await farewell_of(world, answer)
    assert [urlsplit(one)._replace(query="").geturl() for one in farewell.frames] == [FRAME_A, FRAME_B.split("?")[0]]
    said = [query_of(one) for one in farewell.frames]
    assert [one["iss"] for one in said] == [ISSUER, ISSUER]
    assert [one["sid"] for one in said] == sids
    assert said[0]["sid"] != said[1]["sid"], "a portal learns no other portal's name of the session"
    assert said[1]["kept"] == "1", "the registered query stays"
    assert farewell.back is not None
    assert farewell.back.proved
    assert farewell.back.address == f"{world.portal_a.goodbye_uri}?state=x+y"
    assert not await is_logged_in(world, browser), "whether or not the frames are ever loaded"
    assert len(world.messenger.sent) == 2, "the back channel is used beside it"


async def test_l_6_our_own_log_out_page_tells_the_portals_too(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    farewell = await farewell_of(world, await browser.http.post("/logout"))
    assert len(farewell.frames) == 1
    assert farewell.back is None


async def test_portals_that_were_not_entered_or_are_disabled_get_no_frame(world: IdpWorld) -> None:
    browser = Browser(world)
    for portal in (world.portal_a, world.portal_b):
        await browser.enter(portal, world.lin)
    await world.idp.change_client_status("portal-b", ClientStatus.DISABLED, SYSTEM)
    farewell = await farewell_of(world, await browser.http.post("/logout"))
    assert [one.startswith(FRAME_A) for one in farewell.frames] == [True]


async def test_without_portals_to_tell_the_browser_goes_straight_on(world: IdpWorld) -> None:
    await change_client(world, "portal-a", frontchannel_logout_uri=None)
    browser = Browser(world)
    tokens = await BackEnd(world, world.portal_a).tokens(await browser.enter(world.portal_a, world.lin))
    params = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": world.portal_a.goodbye_uri}
    answer = await browser.http.get("/end-session", params=params)
    assert answer.headers["location"] == world.portal_a.goodbye_uri


async def test_a_farewell_ends_after_a_few_minutes_and_is_nobody_elses(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    location = (await browser.http.post("/logout")).headers["location"]
    farewell_id = query_of(location)["f"]
    assert (await world.idp.farewells.get(farewell_id)).frames
    assert (await world.idp.farewells.get(farewell_id), await world.idp.farewells.get(farewell_id[:-1] + "_"))[
        1
    ] == Farewell()
    world.clock.advance(301)
    assert await world.idp.farewells.get(farewell_id) == Farewell()
