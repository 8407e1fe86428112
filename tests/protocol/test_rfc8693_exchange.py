"""RFC 8693: what is exchanged for what, who acts, and what the new token says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from idp.exchange.parties import ACCESS_TOKEN, ID_TOKEN
from idp.model import GrantType
from tests.support.access_tokens import claims_in
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.grants_world import disable, other_client, protected_resource
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world

GRANTS = (GrantType.TOKEN_EXCHANGE, GrantType.CLIENT_CREDENTIALS)
LICENCES = "https://licences.example.test/"


@dataclass
class Chain:
    """A portal, its gateway, and a service behind the gateway."""

    world: IdpWorld
    portal: Portal
    gateway: Portal
    service: Portal

    async def of_person(self, portal: Portal | None = None, somebody: Any = None) -> dict[str, Any]:
        """Tokens of a person at a portal."""
        portal = portal or self.portal
        entered = await Browser(self.world).enter(portal, somebody or self.world.lin)
        return await BackEnd(self.world, portal).tokens(entered)

    async def own(self, client: Portal) -> str:
        """A client's own access token."""
        return str((await BackEnd(self.world, client).client_credentials()).json()["access_token"])

    async def exchange(self, client: Portal, subject: str, **more: str) -> Any:
        form = {
            "grant_type": GrantType.TOKEN_EXCHANGE.value,
            "subject_token": subject,
            "subject_token_type": ACCESS_TOKEN,
            **more,
        }
        return await BackEnd(self.world, client).post("/token", form)

    def claims(self, answer: Any) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        return claims_in(self.world, answer.json()["access_token"])


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def chain(world: IdpWorld) -> Chain:
    return await chain_in(world)


async def chain_in(world: IdpWorld) -> Chain:
    """The portal's tokens may be used by the gateway, which passes on to the service and to the licence API."""
    await protected_resource(world, LICENCES)
    scopes = frozenset({"openid", "offline_access", "licence:read"})
    portal = await other_client(
        world,
        "portal-c",
        GrantType.AUTHORIZATION_CODE,
        GrantType.REFRESH_TOKEN,
        GrantType.TOKEN_EXCHANGE,
        redirect_uris=("https://c.example.test/callback",),
        scopes=scopes,
        exchange_audiences=("gateway", ISSUER),
        exchange_actor="gateway",
    )
    gateway = await other_client(
        world,
        "gateway",
        *GRANTS,
        scopes=scopes | {"licence:verify"},
        exchange_audiences=("service", LICENCES),
    )
    service = await other_client(
        world, "service", *GRANTS, scopes=scopes, exchange_audiences=("gateway", LICENCES, "portal-a")
    )
    made = Portal(portal.client_id, "https://c.example.test/callback", portal.secret, portal.auth_method)
    return Chain(world, made, gateway, service)


def by(token: str, kind: str = ACCESS_TOKEN) -> dict[str, str]:
    return {"actor_token": token, "actor_token_type": kind}


async def test_the_gateway_acts_for_the_person_towards_the_service(chain: Chain) -> None:
    tokens = await chain.of_person()
    answer = await chain.exchange(
        chain.gateway, tokens["access_token"], audience="service", **by(await chain.own(chain.gateway))
    )
    claims = chain.claims(answer)
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope", "issued_token_type"}
    assert answer.json()["issued_token_type"] == ACCESS_TOKEN
    assert answer.json()["token_type"] == "Bearer"
    assert claims["aud"] == "service"
    assert claims["client_id"] == "gateway"
    assert claims["act"] == {"sub": "gateway", "client_id": "gateway"}
    assert claims["scope"] == "openid"
    shown = await BackEnd(chain.world, chain.service).introspect(answer.json()["access_token"])
    assert (shown["active"], shown["act"]) == (True, {"sub": "gateway", "client_id": "gateway"})
    assert await BackEnd(chain.world, chain.world.portal_a).introspect(answer.json()["access_token"]) == {
        "active": False
    }


async def test_at_another_client_the_person_has_the_name_that_it_knows(chain: Chain) -> None:
    tokens = await chain.of_person()
    claims = chain.claims(
        await chain.exchange(
            chain.gateway, tokens["access_token"], audience="service", **by(await chain.own(chain.gateway))
        )
    )
    family_subject = (await BackEnd(chain.world, chain.portal).introspect(tokens["access_token"]))["sub"]
    assert claims["sub"] != family_subject
    assert await chain.world.idp.directory.account_by_subject("service", claims["sub"]) == chain.world.lin.account_id


async def test_a_chain_of_actors_is_told_from_the_last_to_the_first(chain: Chain) -> None:
    tokens = await chain.of_person()
    first = await chain.exchange(
        chain.gateway, tokens["access_token"], audience="service", **by(await chain.own(chain.gateway))
    )
    second = await chain.exchange(
        chain.service, first.json()["access_token"], audience="gateway", **by(await chain.own(chain.service))
    )
    assert chain.claims(second)["act"] == {
        "sub": "service",
        "client_id": "service",
        "act": {"sub": "gateway", "client_id": "gateway"},
    }
    third = await chain.exchange(
        chain.gateway, second.json()["access_token"], audience="service", **by(await chain.own(chain.gateway))
    )
    assert chain.claims(third)["act"]["act"]["act"]["sub"] == "gateway"
    fourth = await chain.exchange(
        chain.service, third.json()["access_token"], audience="gateway", **by(await chain.own(chain.service))
    )
    assert (fourth.status_code, fourth.json()["error"]) == (400, "invalid_request")


async def test_a_person_acts_for_a_person_and_both_are_written_down(chain: Chain) -> None:
    world = chain.world
    await change_client(world, "gateway", columns={"grants": [*GRANTS, "authorization_code"]})
    clerks = await other_client(
        world,
        "clerks",
        GrantType.AUTHORIZATION_CODE,
        GrantType.TOKEN_EXCHANGE,
        redirect_uris=("https://desk.example.test/callback",),
        exchange_audiences=("service",),
    )
    desk = Portal("clerks", "https://desk.example.test/callback", clerks.secret, clerks.auth_method)
    await change_client(world, "portal-c", exchange_actor="clerks")
    citizen = await chain.of_person()
    clerk = await chain.of_person(desk, world.clerk)
    for actor in (by(clerk["access_token"]), by(clerk["id_token"], ID_TOKEN)):
        answer = await chain.exchange(desk, citizen["access_token"], audience="service", **actor)
        act = chain.claims(answer)["act"]
        assert (act["client_id"], len(act["sub"])) == ("clerks", 43)
    noted = [row.content for row in await world.audit("token.exchange")]
    assert {row["outcome"] for row in noted} == {"done"}
    assert {row["subject"] for row in noted} == {world.lin.account_id}
    assert {row["detail"]["actor"] for row in noted} == {world.clerk.account_id}
    assert {row["detail"]["audience"] for row in noted} == {"service"}


async def test_a_client_narrows_its_own_token_without_an_actor(chain: Chain) -> None:
    tokens = await chain.of_person()
    claims = chain.claims(await chain.exchange(chain.portal, tokens["access_token"], audience="gateway"))
    assert (claims["aud"], "act" in claims, "may_act" in claims) == ("gateway", False, False)
    by_id_token = await chain.exchange(
        chain.portal, tokens["id_token"], subject_token_type=ID_TOKEN, audience="gateway"
    )
    assert chain.claims(by_id_token)["scope"] == "openid"


async def test_tokens_of_a_portal_name_the_client_that_may_act(chain: Chain) -> None:
    tokens = await chain.of_person()
    shown = await BackEnd(chain.world, chain.portal).introspect(tokens["access_token"])
    assert shown["may_act"] == {"client_id": "gateway"}
    plain = await chain.of_person(chain.world.portal_a)
    assert "may_act" not in await BackEnd(chain.world, chain.world.portal_a).introspect(plain["access_token"])


async def test_for_a_resource_only_what_exists_there(chain: Chain) -> None:
    world = chain.world
    tokens = await BackEnd(world, chain.portal).tokens(
        await Browser(world).enter(chain.portal, world.clerk, scope="openid licence:read")
    )
    answer = await chain.exchange(
        chain.gateway, tokens["access_token"], resource=LICENCES, **by(await chain.own(chain.gateway))
    )
    claims = chain.claims(answer)
    assert (claims["aud"], claims["scope"]) == (LICENCES, "licence:read")
    wider = await chain.exchange(
        chain.gateway,
        tokens["access_token"],
        resource=LICENCES,
        scope="licence:read openid",
        **by(await chain.own(chain.gateway)),
    )
    assert wider.json()["error"] == "invalid_scope"


async def test_the_only_audience_need_not_be_named(chain: Chain) -> None:
    await change_client(chain.world, "gateway", exchange_audiences=("service",))
    tokens = await chain.of_person()
    answer = await chain.exchange(chain.gateway, tokens["access_token"], **by(await chain.own(chain.gateway)))
    assert chain.claims(answer)["aud"] == "service"


async def test_it_ends_no_later_than_what_it_was_made_from(chain: Chain) -> None:
    tokens = await chain.of_person()
    chain.world.clock.advance(400)
    actor = await chain.own(chain.gateway)
    answer = await chain.exchange(chain.gateway, tokens["access_token"], audience="service", **by(actor))
    assert answer.json()["expires_in"] == 200
    chain.world.clock.advance(300)
    late = await chain.exchange(chain.gateway, tokens["access_token"], audience="service", **by(actor))
    assert late.json()["error"] == "invalid_request"


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"subject_token": "nonsense"}, "invalid_request"),
    ({"subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}, "invalid_request"),
    ({"subject_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
    ({"subject_token_type": ID_TOKEN}, "invalid_request"),
    ({"requested_token_type": ID_TOKEN}, "invalid_request"),
    ({"actor_token": "nonsense"}, "invalid_request"),
    ({"actor_token_type": "urn:ietf:params:oauth:token-type:jwt"}, "invalid_request"),
    ({"audience": "portal-a"}, "invalid_target"),
    ({"audience": ISSUER}, "invalid_target"),
    ({"audience": "nobody"}, "invalid_target"),
    ({"resource": "https://elsewhere.example/"}, "invalid_target"),
    ({"audience": ""}, "invalid_target"),
    ({"scope": "openid licence:issue"}, "invalid_scope"),
    ({"scope": "offline_access"}, "invalid_scope"),
    ({"authorization_details": "[]"}, "invalid_request"),
]


@pytest.mark.parametrize(("changes", "error"), REFUSED, ids=range(len(REFUSED)))
async def test_refusals(chain: Chain, changes: dict[str, str], error: str) -> None:
    tokens = await chain.of_person()
    good = {"audience": "service", **by(await chain.own(chain.gateway))}
    answer = await chain.exchange(chain.gateway, tokens["access_token"], **(good | changes))
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert (await chain.exchange(chain.gateway, tokens["access_token"], **good)).status_code == 200


async def test_only_clients_that_are_registered_for_it(chain: Chain) -> None:
    tokens = await chain.of_person(chain.world.portal_b)
    answer = await chain.exchange(chain.world.portal_b, tokens["access_token"], audience="service")
    assert answer.json()["error"] == "unauthorized_client"


async def test_disabled_audiences_are_none(chain: Chain) -> None:
    tokens = await chain.of_person()
    actor = by(await chain.own(chain.gateway))
    await disable(chain.world, "service")
    answer = await chain.exchange(chain.gateway, tokens["access_token"], audience="service", **actor)
    assert answer.json()["error"] == "invalid_target"


async def test_discovery_names_it(chain: Chain) -> None:
    found = (await BackEnd(chain.world, chain.portal).http.get("/.well-known/openid-configuration")).json()
    assert GrantType.TOKEN_EXCHANGE.value in found["grant_types_supported"]
