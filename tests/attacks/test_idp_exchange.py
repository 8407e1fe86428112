"""Attacks on token exchange (row O-43, with O-16, O-37 and O-40 where they meet it). Each beside its twin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.principal import SYSTEM, PrincipalKind
from idp.exchange import policy
from idp.exchange.parties import ID_TOKEN
from idp.model import AccountStatus, StaffRole
from tests.protocol.test_rfc8693_exchange import Chain, by, chain_in
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.grants_world import disable
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def chain(world: IdpWorld) -> Chain:
    return await chain_in(world)


async def passed_on(chain: Chain, **more: str) -> str:
    """A token for the service that the gateway got with a person's."""
    tokens = await chain.of_person()
    actor = by(await chain.own(chain.gateway))
    answer = await chain.exchange(chain.gateway, tokens["access_token"], audience="service", **actor, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def refused(answer: Any, error: str = "invalid_request") -> bool:
    return bool((answer.status_code, answer.json()["error"]) == (400, error))


async def test_o_43_a_stranger_cannot_exchange_a_token_that_it_found(chain: Chain) -> None:
    """The service has stolen the portal's token, which neither was issued to it, nor is for it, nor names it."""
    tokens = await chain.of_person()
    actor = by(await chain.own(chain.service))
    assert refused(await chain.exchange(chain.service, tokens["access_token"], audience="gateway", **actor))
    own_actor = by(await chain.own(chain.gateway))
    twin = await chain.exchange(chain.gateway, tokens["access_token"], audience="service", **own_actor)
    assert twin.status_code == 200


async def test_o_43_nor_the_id_token_of_another_client(chain: Chain) -> None:
    tokens = await chain.of_person()
    actor = by(await chain.own(chain.gateway))
    answer = await chain.exchange(
        chain.gateway, tokens["id_token"], subject_token_type=ID_TOKEN, audience="service", **actor
    )
    assert refused(answer)


async def test_o_43_nobody_acts_with_an_actor_token_that_is_not_their_own(chain: Chain) -> None:
    tokens = await chain.of_person()
    stolen = await chain.own(chain.service)
    person = await chain.of_person(chain.world.portal_a, chain.world.zhao)
    delegated = await passed_on(chain)
    for actor in (by(stolen), by(person["access_token"]), by(person["id_token"], ID_TOKEN), by(delegated)):
        assert refused(await chain.exchange(chain.gateway, tokens["access_token"], audience="service", **actor))


async def test_o_43_impersonation_needs_a_policy_and_is_written_down(chain: Chain) -> None:
    tokens = await chain.of_person()
    assert refused(await chain.exchange(chain.gateway, tokens["access_token"], audience="service"))
    await change_client(chain.world, "gateway", exchange_impersonation=True)
    answer = await chain.exchange(chain.gateway, tokens["access_token"], audience="service")
    assert "act" not in chain.claims(answer)
    first, second = (row.content for row in await chain.world.audit("token.exchange"))
    assert (first["outcome"], second["outcome"]) == ("refused", "done")
    assert (second["detail"]["actor"], second["detail"]["issued_to"]) == ("none", "portal-c")
    assert (second["actor_id"], second["subject"]) == ("gateway", chain.world.lin.account_id)


async def test_o_43_who_is_named_in_may_act_and_nobody_else(chain: Chain) -> None:
    """The gateway is named and may; a policy that lists the audience does not help anybody else."""
    await change_client(chain.world, "portal-c", exchange_actor="service")
    tokens = await chain.of_person()
    actor = by(await chain.own(chain.gateway))
    assert refused(await chain.exchange(chain.gateway, tokens["access_token"], audience="service", **actor))
    named = by(await chain.own(chain.service))
    twin = await chain.exchange(chain.service, tokens["access_token"], audience="gateway", **named)
    assert twin.status_code == 200


async def test_o_43_a_low_right_does_not_become_a_high_audience(chain: Chain) -> None:
    """What the service is handed is good there only: not here, and not for whatever it likes to name."""
    token = await passed_on(chain)
    back_end = BackEnd(chain.world, chain.service)
    assert (await back_end.userinfo(token)).status_code == 401
    with pytest.raises(Exception, match="token-invalid"):
        await chain.world.idp.authenticate(token, chain.world.facts)
    actor = by(await chain.own(chain.service))
    for audience in (ISSUER, "portal-b", "service"):
        assert refused(await chain.exchange(chain.service, token, audience=audience, **actor), "invalid_target")
    assert (await chain.exchange(chain.service, token, audience="gateway", **actor)).status_code == 200


async def test_o_43_nothing_comes_back_that_was_narrowed_away(chain: Chain) -> None:
    world = chain.world
    entered = await Browser(world).enter(chain.portal, world.clerk, scope="openid licence:read")
    tokens = await BackEnd(world, chain.portal).tokens(entered)
    actor = by(await chain.own(chain.gateway))
    narrow = await chain.exchange(chain.gateway, tokens["access_token"], audience="service", scope="openid", **actor)
    again = by(await chain.own(chain.service))
    for scope in ("licence:read", "openid licence:read", "licence:verify"):
        answer = await chain.exchange(
            chain.service, narrow.json()["access_token"], audience="gateway", scope=scope, **again
        )
        assert refused(answer, "invalid_scope")
    assert refused(
        await chain.exchange(
            chain.gateway, tokens["access_token"], audience="service", scope="licence:verify", **actor
        ),
        "invalid_scope",
    ), "the gateway's own right is not the person's"


async def test_o_43_an_administrators_rights_are_nobodys_to_pass_on(chain: Chain) -> None:
    world = chain.world
    await world.idp.assign_staff_role(
        StaffRole(world.clerk.account_id, world.organisation, "security-administrator"), SYSTEM
    )
    scopes = ["openid", "licence:read", "admin:security"]
    for client_id in ("portal-c", "gateway"):
        await change_client(world, client_id, columns={"scopes": scopes})
    await change_client(world, "gateway", exchange_audiences=("service", ISSUER))
    entered = await Browser(world).enter(chain.portal, world.clerk, scope="openid admin:security licence:read")
    tokens = await BackEnd(world, chain.portal).tokens(entered)
    assert "admin:security" in tokens["scope"]
    actor = by(await chain.own(chain.gateway))
    asked = await chain.exchange(
        chain.gateway, tokens["access_token"], audience=ISSUER, scope="admin:security", **actor
    )
    assert refused(asked, "invalid_scope")
    silent = await chain.exchange(chain.gateway, tokens["access_token"], audience=ISSUER, **actor)
    assert silent.json()["scope"] == "licence:read openid"
    principal = await world.idp.authenticate(silent.json()["access_token"], world.facts)
    assert (principal.kind, principal.id) == (PrincipalKind.STAFF, world.clerk.account_id)
    assert not principal.may("admin:security")


async def test_o_43_a_client_is_nobody_to_be_acted_for(chain: Chain) -> None:
    own = await chain.own(chain.gateway)
    assert refused(await chain.exchange(chain.gateway, own, audience="service", **by(own)))


async def test_o_43_real_names_are_not_passed_on(chain: Chain) -> None:
    """The person told the portal their name, not the service behind it."""
    world = chain.world
    with_names = {"scopes": ["openid", "realname", "licence:read"], "realname_approved": True}
    for client_id in ("portal-c", "gateway"):
        await change_client(world, client_id, columns=with_names)
    await change_client(world, "gateway", exchange_audiences=("service", ISSUER))
    entered = await Browser(world).enter(chain.portal, world.lin, scope="openid realname")
    tokens = await BackEnd(world, chain.portal).tokens(entered)
    assert (await BackEnd(world, chain.portal).userinfo(tokens["access_token"])).json()["name"] == world.lin.name
    actor = by(await chain.own(chain.gateway))
    asked = await chain.exchange(chain.gateway, tokens["access_token"], audience=ISSUER, scope="realname", **actor)
    assert refused(asked, "invalid_scope")
    silent = await chain.exchange(chain.gateway, tokens["access_token"], audience=ISSUER, **actor)
    shown = (await BackEnd(world, chain.gateway).userinfo(silent.json()["access_token"])).json()
    assert "name" not in shown
    assert "id_number" not in shown


def test_a_bound_token_does_not_become_a_bearer_token() -> None:
    from idp.errors import InvalidRequest
    from idp.model import Confirmation
    from tests.conformance.idp_stores import client

    key, other = Confirmation("jkt", "a"), Confirmation("jkt", "b")
    for shown in (None, other):
        with pytest.raises(InvalidRequest):
            policy.check_key("portal", key, client("portal"), shown)
    policy.check_key("portal", key, client("portal"), key)
    policy.check_key("somebody", key, client("portal"), None)  # whose key the bearer never had
    policy.check_key("portal", None, client("portal"), None)


ENDINGS = ["log-out", "freeze", "close", "withdraw", "refresh reuse", "revoke", "disable subject's client", "disable"]


@pytest.mark.parametrize("ending", ENDINGS)
async def test_o_37_what_ends_the_subjects_token_ends_what_was_made_from_it(chain: Chain, ending: str) -> None:
    world = chain.world
    browser = Browser(world)
    portal_back = BackEnd(world, chain.portal)
    tokens = await portal_back.tokens(
        await browser.enter(chain.portal, world.lin, scope="openid offline_access", prompt="consent")
    )
    actor = by(await chain.own(chain.gateway))
    answer = await chain.exchange(chain.gateway, tokens["access_token"], audience="service", **actor)
    token, service = answer.json()["access_token"], BackEnd(world, chain.service)
    assert (await service.introspect(token))["active"] is True
    if ending == "log-out":
        await browser.http.post("/logout")
    elif ending in ("freeze", "close"):
        status = AccountStatus.FROZEN if ending == "freeze" else AccountStatus.CLOSED
        await world.idp.change_account_status(world.lin.account_id, status, SYSTEM)
    elif ending == "withdraw":
        person = await world.idp.sessions.principal(browser.session_cookie)
        assert person is not None
        await world.idp.consents.withdraw(person, "portal-c")
    elif ending == "refresh reuse":
        await portal_back.refresh(tokens["refresh_token"])
        world.clock.advance(60)
        await portal_back.refresh(tokens["refresh_token"])
    elif ending == "revoke":
        await portal_back.post("/revoke", {"token": tokens["refresh_token"]})
    elif ending == "disable":
        await disable(world, "gateway")
    else:
        await disable(world, "portal-c")
    assert await service.introspect(token) == {"active": False}
    if ending != "disable":
        answer = await chain.exchange(chain.gateway, tokens["access_token"], audience="service", **actor)
        assert refused(answer), "nothing new can be made from it either"
