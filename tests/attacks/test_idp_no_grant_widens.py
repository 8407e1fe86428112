"""O-16: rule × grant × requests at the same time: no token request gets more than was granted.

Each grant is brought to the point where its token request is good. Then more is asked for: a scope, a resource, a
detail. What comes is a refusal by the right name, or what was granted and nothing else; never more, however many ask
at once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.principal import SYSTEM
from idp.client_metadata import DeliveryMode
from idp.model import GrantType
from tests.support.clock import FakeClock
from tests.support.grants_world import answer_device, answer_request, other_client, subject_at
from tests.support.idp_browser import BackEnd, Browser, idp_app
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world
from tests.support.resources import COPY, TAX, described

PARALLEL = 8
Form = dict[str, str]
OWN = {"client_credentials"}  # grants in which the client has rights of its own, up to what it is registered for


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def portal(world: IdpWorld) -> Portal:
    """Registered for every grant, and for more than anybody grants it here."""
    await world.idp.resources.add(described(TAX, "tax:read"), SYSTEM)
    await world.idp.resources.add(described("https://secret.example.test", "secret:read"), SYSTEM)
    grants = [GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.CLIENT_CREDENTIALS]
    made = await other_client(
        world,
        "everything",
        *grants,
        GrantType.DEVICE_CODE,
        GrantType.CIBA,
        redirect_uris=("https://everything.example.test/callback",),
        scopes=frozenset({"openid", "offline_access", "licence:read", "tax:read"}),
        backchannel_token_delivery_mode=DeliveryMode.POLL,
        resources=(TAX,),
        authorization_details_types=("licence_copy",),
    )
    return Portal(made.client_id, "https://everything.example.test/callback", made.secret, made.auth_method)


async def code(world: IdpWorld, portal: Portal) -> Form:
    entered = await Browser(world).enter(portal, world.lin)
    return {
        "grant_type": "authorization_code",
        "code": entered.code,
        "redirect_uri": entered.redirect_uri,
        "code_verifier": entered.verifier,
    }


async def refresh(world: IdpWorld, portal: Portal) -> Form:
    first = await BackEnd(world, portal).post("/token", await code(world, portal))
    return {"grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]}


async def client_credentials(world: IdpWorld, portal: Portal) -> Form:
    return {"grant_type": "client_credentials"}


async def device(world: IdpWorld, portal: Portal) -> Form:
    begun = (await BackEnd(world, portal).post("/device-authorization", {"scope": "openid"})).json()
    await answer_device(world, Browser(world), world.lin, begun["user_code"])
    return {"grant_type": GrantType.DEVICE_CODE.value, "device_code": begun["device_code"]}


async def ciba(world: IdpWorld, portal: Portal) -> Form:
    form = {"scope": "openid", "login_hint": await subject_at(world, portal, world.lin)}
    begun = (await BackEnd(world, portal).post("/backchannel-authentication", form)).json()
    await answer_request(world, Browser(world), world.lin)
    return {"grant_type": GrantType.CIBA.value, "auth_req_id": begun["auth_req_id"]}


GRANTS: dict[str, Callable[[IdpWorld, Portal], Awaitable[Form]]] = {
    "authorization_code": code,
    "refresh_token": refresh,
    "client_credentials": client_credentials,
    "device_code": device,
    "ciba": ciba,
}
MORE: dict[str, tuple[Form, str]] = {
    "scope": ({"scope": "openid licence:issue"}, "invalid_scope"),
    "scope-of-a-resource": ({"scope": "tax:read"}, "invalid_scope"),
    "resource": ({"resource": TAX}, "invalid_target"),
    "resource-of-others": ({"resource": "https://secret.example.test"}, "invalid_target"),
    "resource-unknown": ({"resource": "https://unknown.example.test"}, "invalid_target"),
    "detail": ({"authorization_details": json.dumps([COPY])}, "invalid_authorization_details"),
    "detail-of-others": (
        {"authorization_details": '[{"type":"seal_sign","seal":"4101990000001","document_title":"x"}]'},
        "invalid_authorization_details",
    ),
}
OF_ITS_OWN = {"resource", "detail"}  # what a client may have where it acts for itself
CASES = [(grant, more) for grant in GRANTS for more in MORE if not (grant in OWN and more in OF_ITS_OWN)]


async def granted(world: IdpWorld, portal: Portal, answer: httpx.Response) -> tuple[set[str], Any, Any]:
    """Scopes, audience and details of the tokens that came, as introspection tells them."""
    told = await BackEnd(world, portal).introspect(answer.json()["access_token"])
    return set(told["scope"].split()), told["aud"], told.get("authorization_details")


@pytest.mark.parametrize(("grant", "more"), CASES)
async def test_o_16_more_than_was_granted(world: IdpWorld, portal: Portal, grant: str, more: str) -> None:
    form, (beyond, error) = await GRANTS[grant](world, portal), MORE[more]
    answer = await BackEnd(world, portal).post("/token", form | beyond)
    if answer.status_code != 200:
        assert (answer.status_code, answer.json()["error"]) == (400, error)
        assert set(answer.json()) == {"error", "error_description"}
        form = await GRANTS[grant](world, portal) if grant == "authorization_code" else form  # a code is burnt
        answer = await BackEnd(world, portal).post("/token", form)  # the twin: nothing else was spent
        assert answer.status_code == 200, answer.text
    scopes, audience, details = await granted(world, portal, answer)
    assert scopes <= ({"licence:read"} if grant in OWN else {"openid"})
    assert (audience, details) == (ISSUER, None)


@pytest.mark.parametrize("grant", GRANTS)
async def test_o_16_many_who_ask_for_more_at_once(world: IdpWorld, portal: Portal, grant: str) -> None:
    form, app = await GRANTS[grant](world, portal), idp_app(world)
    back_end = BackEnd(world, portal, app)
    wishes = [MORE[more][0] for of, more in CASES if of == grant]
    asked = [back_end.post("/token", form | wish) for wish in wishes * 2] + [
        back_end.post("/token", form) for _ in range(PARALLEL)
    ]
    given = [answer for answer in await asyncio.gather(*asked) if answer.status_code == 200]
    for answer in given:
        body = answer.json()
        assert set(body["scope"].split()) <= ({"licence:read"} if grant in OWN else {"openid"})
        assert "authorization_details" not in body
    if grant not in {"client_credentials", "refresh_token"}:
        assert len(given) <= 1
