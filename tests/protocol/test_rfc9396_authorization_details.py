"""Rich authorization requests, from the request to what resources are told (RFC 9396; attacks O-16)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from idp.protocol.detail_types import DETAIL_TYPES
from tests.support.access_tokens import claims_in
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.fapi import request_object
from tests.support.idp_browser import BackEnd, Browser, Pkce, authorization_params, query_of
from tests.support.idp_proofs import SigningKey
from tests.support.idp_world import IdpWorld, Portal, embedded_world
from tests.support.pushing import enter_pushed
from tests.support.resources import COPY, LAND, TAX, add_resources

SEAL: dict[str, Any] = {"type": "seal_sign", "seal": "4101990000001", "document_title": "购房合同", "signatures": 3}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        made.extra["server"] = await add_resources(made)
        yield made


def text(*details: dict[str, Any]) -> str:
    return json.dumps(list(details), ensure_ascii=False)


async def tokens(world: IdpWorld, *details: dict[str, Any], **changes: str) -> dict[str, Any]:
    entered = await Browser(world).enter(world.portal_a, world.lin, authorization_details=text(*details), **changes)
    return await BackEnd(world, world.portal_a).tokens(entered)


async def test_discovery_names_the_types(world: IdpWorld) -> None:
    metadata = (await BackEnd(world, world.portal_a).http.get("/.well-known/openid-configuration")).json()
    assert metadata["authorization_details_types_supported"] == sorted(DETAIL_TYPES)  # §10


async def test_what_was_granted_is_told_everywhere(world: IdpWorld) -> None:
    answer = await tokens(world, COPY, SEAL)
    assert answer["authorization_details"] == [COPY, SEAL]  # §7
    assert claims_in(world, answer["access_token"])["authorization_details"] == [COPY, SEAL]  # §9.1
    told = await BackEnd(world, world.portal_a).introspect(answer["access_token"])
    assert told["authorization_details"] == [COPY, SEAL]  # §9.2


async def test_the_person_is_asked_each_time(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin, authorization_details=text(COPY))
    again = await browser.authorize(world.portal_a, authorization_details=text(COPY))
    assert again.headers["location"].startswith("/consent")
    silent = await browser.authorize(world.portal_a, authorization_details=text(COPY), prompt="none")
    assert query_of(silent.headers["location"])["error"] == "consent_required"
    plain = await browser.authorize(world.portal_a)
    assert "code=" in plain.headers["location"]


async def test_the_person_says_no(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin, authorization_details=text(COPY), decision="refuse")
    assert entered.params["error"] == "access_denied"


async def test_they_may_be_pushed_and_stand_in_request_objects(world: IdpWorld) -> None:

    back_end = BackEnd(world, world.portal_a)
    entered = await enter_pushed(Browser(world), back_end, world.lin, authorization_details=text(COPY))
    assert (await back_end.tokens(entered))["authorization_details"] == [COPY]
    key, pkce, browser = SigningKey(), Pkce(), Browser(world)
    await change_client(world, "portal-a", jwks=key.jwks())
    signed = request_object(key, world.portal_a, world, pkce, authorization_details=[COPY])
    step = await browser.http.get("/authorize", params={"client_id": "portal-a", "request": signed})
    entered = await browser.follow(step, pkce, world.portal_a, world.lin)
    assert (await back_end.tokens(entered))["authorization_details"] == [COPY]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "[",
        "{}",
        "[]",
        '[{"type": "unknown"}]',
        '[{"type": "licence_copy"}]',
        text(COPY | {"valid_days": 99}),
        text(COPY | {"more": 1}),
    ],
)
async def test_whatever_is_not_such_a_list_is_refused(world: IdpWorld, value: str) -> None:
    if value:
        answer = await Browser(world).authorize(world.portal_a, authorization_details=value)
        assert query_of(answer.headers["location"])["error"] == "invalid_authorization_details"  # §5
        granted = await BackEnd(world, world.department).client_credentials(authorization_details=value)
        assert (granted.status_code, granted.json()["error"]) == (400, "invalid_authorization_details")
    else:  # without a value it is as if it were not there (RFC 6749 §3.1)
        answer = await Browser(world).authorize(world.portal_a, authorization_details=value)
        assert answer.headers["location"].startswith("/login")


async def test_a_type_that_is_not_the_clients_is_refused(world: IdpWorld) -> None:
    await change_client(world, "portal-a", authorization_details_types=("licence_copy",))
    assert (await tokens(world, COPY))["authorization_details"] == [COPY]
    answer = await Browser(world).authorize(world.portal_a, authorization_details=text(COPY, SEAL))
    assert query_of(answer.headers["location"])["error"] == "invalid_authorization_details"


async def test_a_token_may_have_less_and_the_next_one_more_again(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin, authorization_details=text(COPY, SEAL))
    back_end = BackEnd(world, world.portal_a)
    narrow = COPY | {"licence_types": COPY["licence_types"][:1]}
    first = (await back_end.redeem(entered, authorization_details=text(narrow))).json()
    assert first["authorization_details"] == [narrow]  # §6
    second = (await back_end.refresh(first["refresh_token"], authorization_details=text(SEAL))).json()
    assert second["authorization_details"] == [SEAL]
    third = (await back_end.refresh(second["refresh_token"])).json()
    assert third["authorization_details"] == [COPY, SEAL]


async def test_o_16_more_than_was_granted_is_refused_and_costs_no_refresh_token(world: IdpWorld) -> None:
    answer = await tokens(world, COPY)
    back_end = BackEnd(world, world.portal_a)
    wider = [SEAL, COPY | {"purpose": "别的用途"}, COPY | {"licence_types": [*COPY["licence_types"], "1" * 21]}]
    for detail in wider:
        refused = await back_end.refresh(answer["refresh_token"], authorization_details=text(detail))
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_authorization_details")
    assert (await back_end.refresh(answer["refresh_token"], authorization_details=text(COPY))).status_code == 200


async def test_o_16_a_client_without_details_gets_none_later(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin)
    refused = await BackEnd(world, world.portal_a).redeem(entered, authorization_details=text(COPY))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_authorization_details")


async def credentials(world: IdpWorld, **more: str) -> httpx.Response:
    return await BackEnd(world, world.department).client_credentials(**more)


async def test_a_department_may_ask_for_itself(world: IdpWorld) -> None:
    answer = (await credentials(world, authorization_details=text(SEAL))).json()
    assert answer["authorization_details"] == [SEAL]
    assert claims_in(world, answer["access_token"])["authorization_details"] == [SEAL]
    assert "authorization_details" not in (await credentials(world)).json()


async def test_a_detail_with_locations_goes_there_only(world: IdpWorld) -> None:
    there = COPY | {"locations": [TAX]}
    tax = (await credentials(world, authorization_details=text(there, SEAL), resource=TAX)).json()
    assert tax["authorization_details"] == [there, SEAL]
    land = (await credentials(world, authorization_details=text(there, SEAL), resource=LAND)).json()
    assert land["authorization_details"] == [SEAL]
    own = (await credentials(world, authorization_details=text(there, SEAL))).json()
    assert own["authorization_details"] == [SEAL]


async def test_a_resource_is_told_of_what_counts_there(world: IdpWorld) -> None:
    server: Portal = world.extra["server"]
    browser, pkce = Browser(world), Pkce()
    here, elsewhere = COPY | {"locations": [TAX]}, SEAL | {"locations": [LAND]}
    asked = authorization_params(
        world.portal_a, pkce, scope="openid tax:read land:read", authorization_details=text(here, elsewhere)
    )
    params = [*asked.items(), ("resource", TAX), ("resource", LAND)]
    entered = await browser.follow(await browser.http.get("/authorize", params=params), pkce, world.portal_a, world.lin)
    answer = await BackEnd(world, world.portal_a).tokens(entered)
    assert answer["authorization_details"] == [here, elsewhere]
    told = await BackEnd(world, server).introspect(answer["access_token"])
    assert told["authorization_details"] == [here]
