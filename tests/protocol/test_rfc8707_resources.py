"""Resource indicators: whom an access token is for, and what it carries there (RFC 8707; attacks O-16)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from core.errors import NotAuthenticated
from core.principal import SYSTEM
from idp.client_metadata import AccessTokenFormat
from idp.model import ClientAuthMethod, GrantType
from idp.protocol.facts import RequestFacts
from idp.resources.model import ResourceStatus
from tests.support.access_tokens import claims_in
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.grants_world import answer_device, other_client
from tests.support.idp_browser import BackEnd, Browser, Entered, Pkce, authorization_params, query_of
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world
from tests.support.resources import COPY, LAND, TAX, add_resources, described

SCOPE = "openid tax:read land:read"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        made.extra["server"] = await add_resources(made)
        yield made


@pytest.fixture
def server(world: IdpWorld) -> BackEnd:
    """The tax resource itself."""
    portal: Portal = world.extra["server"]
    return BackEnd(world, portal)


async def enter(world: IdpWorld, *resources: str, **changes: Any) -> Entered:
    browser, pkce = Browser(world), Pkce()
    params = authorization_params(world.portal_a, pkce, scope=changes.pop("scope", SCOPE), **changes)
    asked = [*params.items(), *(("resource", one) for one in resources)]
    answer = await browser.http.get("/authorize", params=asked)
    return await browser.follow(answer, pkce, world.portal_a, world.lin)


async def redeem(world: IdpWorld, entered: Entered, *resources: str) -> httpx.Response:
    back_end = BackEnd(world, world.portal_a)
    form = {
        "grant_type": "authorization_code",
        "code": entered.code,
        "redirect_uri": entered.redirect_uri,
        "code_verifier": entered.verifier,
    }
    return await back_end.post("/token", form | ({"resource": list(resources)} if resources else {}))  # type: ignore[dict-item]  # httpx repeats the name


async def refresh(world: IdpWorld, token: str, *resources: str) -> httpx.Response:
    form: dict[str, Any] = {"grant_type": "refresh_token", "refresh_token": token}
    return await BackEnd(world, world.portal_a).post("/token", form | {"resource": list(resources)})


async def credentials(world: IdpWorld, *resources: str, **more: str) -> httpx.Response:
    form: dict[str, Any] = {"grant_type": "client_credentials", **more}
    return await BackEnd(world, world.department).post("/token", form | {"resource": list(resources)})


async def test_a_token_is_for_the_resource_and_carries_its_scopes_only(world: IdpWorld) -> None:
    tokens = (await redeem(world, await enter(world, TAX))).json()
    assert tokens["scope"] == "tax:read"
    claims = claims_in(world, tokens["access_token"])
    assert claims["aud"] == TAX
    assert claims["scope"] == "tax:read"
    assert "id_token" in tokens, "openid was granted, whatever the access token is for"


async def test_without_a_resource_it_is_for_our_own_api(world: IdpWorld) -> None:
    tokens = (await redeem(world, await enter(world))).json()
    assert claims_in(world, tokens["access_token"])["aud"] == ISSUER
    assert tokens["scope"] == "openid", "scopes of resources that were not asked for are none"


async def test_several_resources_one_token_each_or_one_for_all(world: IdpWorld) -> None:
    both = (await redeem(world, await enter(world, TAX, LAND))).json()
    assert claims_in(world, both["access_token"])["aud"] == [TAX, LAND]
    assert both["scope"] == "tax:read land:read"
    one = (await redeem(world, await enter(world, TAX, LAND), LAND)).json()
    assert (claims_in(world, one["access_token"])["aud"], one["scope"]) == (LAND, "land:read")
    other = (await refresh(world, one["refresh_token"], TAX)).json()
    assert (claims_in(world, other["access_token"])["aud"], other["scope"]) == (TAX, "tax:read")


async def test_our_own_api_may_always_be_asked_for(world: IdpWorld) -> None:
    tokens = (await redeem(world, await enter(world, TAX))).json()
    own = (await refresh(world, tokens["refresh_token"], ISSUER)).json()
    assert own["scope"] == "openid"
    assert (await BackEnd(world, world.portal_a).userinfo(own["access_token"])).status_code == 200


async def test_a_token_for_another_resource_is_refused_here(world: IdpWorld) -> None:
    for resources in ((TAX,), (TAX, LAND)):
        token = (await redeem(world, await enter(world, *resources))).json()["access_token"]
        answer = await BackEnd(world, world.portal_a).userinfo(token)
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        facts = RequestFacts("GET", f"{ISSUER}/v1/licences", f"Bearer {token}")
        with pytest.raises(NotAuthenticated):
            await world.idp.authenticate(token, facts)


async def test_the_resource_introspects_what_is_meant_for_it(world: IdpWorld, server: BackEnd) -> None:
    token = (await redeem(world, await enter(world, TAX))).json()["access_token"]
    told = await server.introspect(token)
    assert told["active"] is True
    assert (told["aud"], told["scope"], told["client_id"]) == (TAX, "tax:read", "portal-a")


async def test_and_nothing_else(world: IdpWorld, server: BackEnd) -> None:
    land = (await redeem(world, await enter(world, LAND))).json()
    own = (await redeem(world, await enter(world))).json()
    for token in (land["access_token"], own["access_token"], land["refresh_token"]):
        assert await server.introspect(token) == {"active": False}
    await world.idp.resources.change_status(TAX, ResourceStatus.DISABLED, SYSTEM)
    assert await server.introspect("x") == {"active": False}


async def test_a_token_for_a_resource_can_be_revoked(world: IdpWorld, server: BackEnd) -> None:
    token = (await redeem(world, await enter(world, TAX))).json()["access_token"]
    assert (await BackEnd(world, world.portal_a).post("/revoke", {"token": token})).status_code == 200
    assert await server.introspect(token) == {"active": False}


async def test_client_credentials(world: IdpWorld) -> None:
    tax = (await credentials(world, TAX)).json()
    assert (claims_in(world, tax["access_token"])["aud"], tax["scope"]) == (TAX, "tax:read tax:write")
    narrow = (await credentials(world, TAX, scope="tax:read")).json()
    assert narrow["scope"] == "tax:read"
    own = (await credentials(world)).json()
    assert (claims_in(world, own["access_token"])["aud"], own["scope"]) == (ISSUER, "licence:issue licence:read")
    same = (await credentials(world, ISSUER)).json()
    assert claims_in(world, same["access_token"])["aud"] == ISSUER


@pytest.mark.parametrize(
    "resource",
    ["https://unknown.example.test", f"{TAX}/", f"{TAX}?x=1", TAX.upper(), f"{TAX}#part", "not a uri", "/api"],
)
async def test_what_is_not_registered_is_refused(world: IdpWorld, resource: str) -> None:
    assert (await enter_refused(world, resource)) == "invalid_target"
    answer = await credentials(world, resource)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


async def enter_refused(world: IdpWorld, *resources: str, scope: str = SCOPE) -> str:
    asked = [*authorization_params(world.portal_a, Pkce(), scope=scope).items()]
    answer = await Browser(world).http.get("/authorize", params=asked + [("resource", one) for one in resources])
    params = query_of(answer.headers["location"])
    assert params["state"] == "s-123"
    return params["error"]


async def test_too_many_resources_are_refused(world: IdpWorld) -> None:
    assert await enter_refused(world, *(f"https://r{number}.example.test" for number in range(9))) == "invalid_target"


async def test_o_16_a_client_that_may_not_ask_for_it(world: IdpWorld) -> None:
    assert (await credentials(world, LAND)).status_code == 200  # the twin
    await change_client(world, "department", resources=(TAX,))
    assert (await credentials(world, LAND)).json()["error"] == "invalid_target"


async def test_o_16_more_than_was_granted_costs_no_refresh_token(world: IdpWorld) -> None:
    tokens = (await redeem(world, await enter(world, TAX))).json()
    for wider in ((LAND,), (TAX, LAND), (TAX, ISSUER)):
        answer = await refresh(world, tokens["refresh_token"], *wider)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
    assert (await refresh(world, tokens["refresh_token"], TAX)).status_code == 200


async def test_o_16_more_than_was_granted_where_the_code_is_redeemed(world: IdpWorld) -> None:
    answer = await redeem(world, await enter(world, TAX), LAND)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


async def test_o_16_a_scope_of_the_resource_that_is_not_the_clients(world: IdpWorld) -> None:
    assert await enter_refused(world, TAX, scope="openid tax:write") == "invalid_scope"
    assert (await credentials(world, TAX, scope="land:read")).json()["error"] == "invalid_scope"
    assert (await credentials(world, TAX, scope="licence:read")).json()["error"] == "invalid_scope"


async def test_o_16_a_scope_taken_from_the_client_meanwhile(world: IdpWorld) -> None:
    tokens = (await redeem(world, await enter(world, TAX))).json()
    await change_client(world, "portal-a", columns={"scopes": ["openid", "offline_access"]})
    assert (await refresh(world, tokens["refresh_token"], TAX)).json()["scope"] == ""


async def test_a_disabled_resource_gets_no_more_tokens(world: IdpWorld) -> None:
    tokens = (await redeem(world, await enter(world, TAX))).json()
    await world.idp.resources.change_status(TAX, ResourceStatus.DISABLED, SYSTEM)
    assert (await refresh(world, tokens["refresh_token"])).json()["error"] == "invalid_target"
    assert (await credentials(world, TAX)).json()["error"] == "invalid_target"
    assert await enter_refused(world, TAX) == "invalid_target"
    assert (await refresh(world, tokens["refresh_token"], ISSUER)).status_code == 200, "and nothing was lost"


async def test_resources_that_take_different_tokens_share_none(world: IdpWorld) -> None:
    opaque = described(LAND, "land:read", access_token_format=AccessTokenFormat.OPAQUE)
    await world.idp.resources.change(opaque, SYSTEM)
    entered = await enter(world, TAX, LAND)
    assert (await redeem(world, entered, TAX)).status_code == 200
    assert (await redeem(world, await enter(world, TAX, LAND))).json()["error"] == "invalid_target"


async def test_consent_is_asked_for_the_scopes_of_a_resource(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    params = [*authorization_params(world.portal_a, Pkce(), scope="openid tax:read").items(), ("resource", TAX)]
    assert (await browser.http.get("/authorize", params=params)).headers["location"].startswith("/consent")


async def test_resources_inside_a_pushed_request(world: IdpWorld) -> None:
    browser, back_end, pkce = Browser(world), BackEnd(world, world.portal_a), Pkce()
    form: dict[str, Any] = authorization_params(world.portal_a, pkce, scope=SCOPE) | {"resource": [TAX, LAND]}  # type: ignore[dict-item]  # httpx repeats the name
    answer = await back_end.post("/par", form)
    assert answer.status_code == 201, answer.text
    params = {"client_id": "portal-a", "request_uri": answer.json()["request_uri"], "resource": ISSUER}
    step = await browser.http.get("/authorize", params=params)
    entered = await browser.follow(step, pkce, world.portal_a, world.lin)
    assert claims_in(world, (await redeem(world, entered)).json()["access_token"])["aud"] == [TAX, LAND]


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"resource": TAX}, "invalid_target"),
        ({"authorization_details": json.dumps([COPY])}, "invalid_authorization_details"),
    ],
)
async def test_o_16_a_device_asks_for_no_more_than_the_person_saw(
    world: IdpWorld, more: dict[str, str], error: str
) -> None:
    kiosk = await other_client(
        world,
        "kiosk",
        GrantType.DEVICE_CODE,
        auth_method=ClientAuthMethod.NONE,
        resources=(TAX,),
        authorization_details_types=("licence_copy",),
    )
    back_end = BackEnd(world, kiosk)
    begun = (await back_end.post("/device-authorization", {"scope": "openid"})).json()
    await answer_device(world, Browser(world), world.lin, begun["user_code"])
    form = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": begun["device_code"]}
    refused = await back_end.post("/token", form | more)
    assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert (await back_end.post("/token", form)).status_code == 200, "and the code is not spent by it"


async def test_a_token_from_the_authorization_endpoint_is_for_the_resource_too(world: IdpWorld) -> None:
    """Implicit and hybrid responses: the same audience and scopes, and nothing that could not be issued."""
    grants = ["authorization_code", "implicit", "refresh_token"]
    await change_client(world, "portal-a", response_types=frozenset({"id_token token"}), columns={"grants": grants})
    browser, pkce = Browser(world), Pkce()
    asked = authorization_params(world.portal_a, pkce, scope=SCOPE, response_type="id_token token")
    answer = await browser.http.get("/authorize", params=[*asked.items(), ("resource", TAX)])
    entered = await browser.follow(answer, pkce, world.portal_a, world.lin)
    assert entered.params["scope"] == "tax:read"
    assert claims_in(world, entered.params["access_token"])["aud"] == TAX
    mixed = await browser.http.get("/authorize", params=[*asked.items(), ("resource", TAX), ("resource", ISSUER)])
    assert "error=invalid_target" in mixed.headers["location"]


@pytest.mark.parametrize("format_", [AccessTokenFormat.JWT, AccessTokenFormat.OPAQUE])  # by SM2: test_gmt_0125
async def test_the_resource_says_what_its_tokens_look_like(
    world: IdpWorld, server: BackEnd, format_: AccessTokenFormat
) -> None:
    """Whatever the client wishes for its own: who reads the token decides (RFC 9068, or by introspection only)."""
    tax = described(TAX, "tax:read", client_id="tax-server", access_token_format=format_)
    await world.idp.resources.change(tax, SYSTEM)
    for wish in (None, *AccessTokenFormat):
        await change_client(world, "portal-a", access_token_format=wish)
        token = (await redeem(world, await enter(world, TAX))).json()["access_token"]
        if format_ is AccessTokenFormat.JWT:
            keys = KeySet.import_key_set((await server.http.get("/jwks")).json())
            read = jwt.decode(token, keys, algorithms=["ES256"])
            assert (read.header["typ"], read.claims["aud"]) == ("at+jwt", TAX)
        else:
            assert token.count(".") != 2
        told = await server.introspect(token)
        assert (told["active"], told["aud"], told["scope"]) == (True, TAX, "tax:read")
