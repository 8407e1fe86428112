"""Attacks on registration (rows O-04, O-19, O-44, O-68): addresses, fetches, self-service beyond one's own, quotas.

Every attack stands next to its twin, which must pass.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.egress.fetch import Egress
from core.egress.rules import EgressRules
from core.principal import SYSTEM
from idp.clients.policy import RegistrationPolicy
from idp.model import ClientStatus, StaffRole
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_proofs import SigningKey
from tests.support.idp_world import IdpWorld, Portal
from tests.support.listener import Listener, listening, response
from tests.support.registration_http import CB, WEB, RegistrationWorld, registration_world


@pytest.fixture
async def there(tmp_path: Path, clock: FakeClock) -> AsyncIterator[RegistrationWorld]:
    async with registration_world(tmp_path, clock) as world:
        yield world


@pytest.fixture
async def inside() -> AsyncIterator[Listener]:
    async with listening() as listener:
        listener.answers["/good"] = response(json.dumps([CB]).encode(), "Content-Type: application/json")
        yield listener


EVIL = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "https://*.example.test/cb",
    "https://new.example.test/*",
    "https://new.example.test/cb#x",
    "https://new.example.test/cb#",
    "http://new.example.test/cb",
    "https://new.example.test/cb?code=1",
    "https://new.example.test/cb?state=1",
    "https://new.example.test/cb?iss=x",
    "https://new.example.test/cb?response=x",
    "https://user@new.example.test/cb",
    "https://new.example.test\\@evil.test/cb",
    "https://new.example.test:/cb",
    "https:///cb",
    "https:cb",
    "//new.example.test/cb",
    "/cb",
    "cb",
    "",
    " https://new.example.test/cb",
    "https://new.example.test/c b",
    "https://new.example.test/\tcb",
    "https://new.example.test/cb\n",
    "https://new.example.test/\u4e2d",
    "https://ｎew.example.test/cb",
    "https://new.example.test:99999/cb",
    "https://[::1/cb",
    "https://NEW.example.test/cb",
    "https://new.example.test/" + "a" * 1100,
]


async def test_o_04_no_such_address_is_stored_by_any_way(there: RegistrationWorld) -> None:
    token = await there.permit(uses=5)
    for uri in EVIL:
        document = {**WEB, "redirect_uris": [CB, uri]}
        by_itself = await there.register(document, token)
        assert (by_itself.status_code, by_itself.json()["error"]) == (400, "invalid_redirect_uri"), uri
        by_people = await there.call("system", "POST", "/v1/clients", json=document)
        assert by_people.status_code == 400, uri
    for uri in (
        "https://new.example.test/cb?x=1",
        "https://xn--fiq228c.example.test/",
        "https://new.example.test:8443/cb",
    ):
        twin = await there.register({**WEB, "redirect_uris": [uri]}, token)
        assert twin.status_code == 201, uri
        assert twin.json()["redirect_uris"] == [uri]


async def test_o_04_nor_by_a_change(there: RegistrationWorld) -> None:
    made = (await there.register()).json()
    await there.approved(WEB | {"client_id": "mine"})
    path, token = f"/register/{made['client_id']}", made["registration_access_token"]
    for uri in ("javascript:alert(1)", "http://new.example.test/cb", CB + "#x"):
        own = await there.call(token, "PUT", path, json={"client_id": made["client_id"], "redirect_uris": [uri]})
        assert own.json()["error"] == "invalid_redirect_uri"
        people = await there.call("system", "PUT", "/v1/clients/mine", json=WEB | {"redirect_uris": [uri]})
        assert people.status_code == 400


INSIDE = [
    "https://127.0.0.1:{port}/good",
    "https://[::1]:{port}/good",
    "https://[::ffff:127.0.0.1]:{port}/good",
    "https://0.0.0.0:{port}/good",
    "https://0:{port}/good",
    "https://2130706433:{port}/good",
    "https://0x7f000001:{port}/good",
    "https://0177.0.0.1:{port}/good",
    "https://127.1:{port}/good",
    "https://localhost:{port}/good",
    "https://169.254.169.254/latest/meta-data",
    "https://user@127.0.0.1:{port}/good",
    "http://127.0.0.1:{port}/good",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/good",
]


async def test_o_19_a_sector_document_is_not_fetched_from_inside(
    tmp_path: Path, clock: FakeClock, inside: Listener
) -> None:
    async with registration_world(tmp_path, clock) as there:
        egress = Egress(EgressRules(ports=frozenset({80, 443, inside.port})))
        there.world.idp.clients.dynamic._sectors._fetcher = egress
        there.world.idp.clients.propose._sectors._fetcher = egress
        token = await there.permit()
        for address in INSIDE:
            document = {**WEB, "sector_identifier_uri": address.format(port=inside.port)}
            answer = await there.register(document, token)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata"), address
            assert (await there.call("system", "POST", "/v1/clients", json=document)).status_code == 400, address
        assert inside.connections == 0
        there.world.idp.clients.dynamic._sectors._fetcher = there.pages
        there.pages.documents["https://sector.example.test/s"] = json.dumps([CB]).encode()
        twin = await there.register({**WEB, "sector_identifier_uri": "https://sector.example.test/s"}, token)
        assert twin.status_code == 201


async def test_o_19_nothing_else_that_is_registered_is_fetched(there: RegistrationWorld) -> None:
    everything = {
        "jwks_uri": "https://new.example.test/jwks",
        "logo_uri": "https://new.example.test/logo",
        "client_uri": "https://new.example.test/",
        "policy_uri": "https://new.example.test/policy",
        "tos_uri": "https://new.example.test/tos",
        "request_uris": ["https://new.example.test/request"],
        "initiate_login_uri": "https://new.example.test/start",
        "backchannel_logout_uri": "https://new.example.test/out",
    }
    made = (await there.register(**everything)).json()
    path, token = f"/register/{made['client_id']}", made["registration_access_token"]
    assert (await there.call(token, "PUT", path, json={**WEB, **everything, "client_id": made["client_id"]})).is_success
    assert (await there.call("system", "POST", "/v1/clients", json={**WEB, **everything})).status_code == 201
    assert there.pages.asked == []


async def test_o_44_registration_is_off_unless_the_operator_has_it_on(tmp_path: Path, clock: FakeClock) -> None:
    from api.settings import Settings

    assert Settings().registration == "off"
    assert any("REGISTRATION" in fault for fault in Settings(registration="open").unsafe_in_production())
    async with registration_world(tmp_path, clock, registration="off") as there:
        token = await there.permit()
        for method, path in (("POST", "/register"), ("GET", "/register/portal-a"), ("DELETE", "/register/portal-a")):
            assert (await there.call(token, method, path, json=WEB)).status_code == 404


OVERREACHING = {
    "trusted": True,
    "skip_consent": True,
    "tenant": "other",
    "status": "active",
    "client_id": "portal-a",
    "client_secret": "x" * 43,
    "realname_approved": True,
    "sector": "a.example.test",
    "organisation": "11410199DEMA000011",
    "resources": ["https://rs.example.test"],
    "exchange_audiences": ["portal-a"],
    "scope": "openid realname admin:security licence:read",
    "require_pkce": False,
    "subject_type": "public",
}


async def test_o_44_nobody_gives_oneself_rights(there: RegistrationWorld) -> None:
    token = await there.permit()
    made = (await there.register({**WEB, **OVERREACHING}, token)).json()
    assert made["client_id"] != "portal-a"
    assert made["client_secret"] != "x" * 43
    path, access = f"/register/{made['client_id']}", made["registration_access_token"]
    again = await there.call(
        access,
        "PUT",
        path,
        json={**WEB, **OVERREACHING, "client_id": made["client_id"], "client_secret": made["client_secret"]},
    )
    assert again.status_code == 200
    client = await there.world.idp.registry.active(made["client_id"])
    assert client is not None
    assert client.scopes == {"openid"}
    assert (client.realname_approved, client.organisation, client.sector) == (False, None, "new.example.test")
    assert client.metadata.resources == ()
    assert client.metadata.require_pkce
    assert client.metadata.subject_type == "pairwise"
    shown = again.json()
    assert not {"trusted", "skip_consent", "tenant", "status", "realname_approved", "sector"} & shown.keys()


async def test_o_44_what_people_gave_survives_the_clients_own_update(there: RegistrationWorld) -> None:
    made = (await there.register()).json()
    given = {**WEB, "realname_approved": True, "scope": "openid realname", "organisation": there.world.organisation}
    waiting = (await there.call("system", "PUT", f"/v1/clients/{made['client_id']}", json=given)).json()
    await there.call("security", "POST", f"/v1/client-proposals/{waiting['proposal']['id']}/approve")
    path, access = f"/register/{made['client_id']}", made["registration_access_token"]
    body = {**WEB, "client_id": made["client_id"], "tos_uri": "https://new.example.test/tos"}
    assert (await there.call(access, "PUT", path, json=body)).is_success
    client = await there.world.idp.registry.active(made["client_id"])
    assert client is not None
    assert client.realname_approved
    assert "realname" in client.scopes
    assert client.organisation == there.world.organisation


async def test_o_44_a_token_lets_in_as_many_as_it_says_however_many_come_at_once(there: RegistrationWorld) -> None:
    token = await there.permit(uses=3)
    answers = await asyncio.gather(*(there.register(token=token) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [401] * 9
    first = next(answer.json() for answer in answers if answer.status_code == 201)
    gone = await there.call(first["registration_access_token"], "DELETE", f"/register/{first['client_id']}")
    assert gone.status_code == 204
    assert (await there.register(token=token)).status_code == 401, "a use is not given back"


async def test_o_44_a_token_ends_in_time(there: RegistrationWorld) -> None:
    token = await there.permit()
    assert (await there.register(token=token)).status_code == 201
    there.world.clock.advance(3601)
    assert (await there.register(token=token)).status_code == 401


async def test_o_44_ten_thousand_clients_by_statements_or_by_an_open_door(
    there: RegistrationWorld, tmp_path: Path
) -> None:
    key = SigningKey()
    await there.world.idp.clients.permits.statement_issuer(
        "https://registry.example.test",
        key.jwks(),
        RegistrationPolicy(review=False),
        there.people["security"],
        note="registry",
        most_clients=2,
    )
    said = {"software_statement": key.sign({"iss": "https://registry.example.test", "redirect_uris": [CB]})}
    answers = await asyncio.gather(*(there.call(None, "POST", "/register", json=said) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [400] * 4
    first = next(answer.json() for answer in answers if answer.status_code == 201)
    await there.call(first["registration_access_token"], "DELETE", f"/register/{first['client_id']}")
    assert (await there.call(None, "POST", "/register", json=said)).status_code == 201, "there is room again"


async def test_o_44_registration_access_tokens_are_of_one_client_and_one_time(there: RegistrationWorld) -> None:
    token = await there.permit()
    one, other = (await there.register(token=token)).json(), (await there.register(token=token)).json()
    mine = one["registration_access_token"]
    for method in ("GET", "PUT", "DELETE"):
        body = {**WEB, "client_id": other["client_id"]}
        foreign = await there.call(mine, method, f"/register/{other['client_id']}", json=body)
        assert foreign.status_code == 401
        initial = await there.call(token, method, f"/register/{one['client_id']}", json=body)
        assert initial.status_code == 401, "what lets in is no key to what is inside"
        assert (await there.call(None, method, f"/register/{one['client_id']}", json=body)).status_code == 401
    unknown = await there.call(mine, "GET", "/register/cli_unknown")
    assert unknown.status_code == 401, "whether it exists is not told"
    body = {**WEB, "client_id": one["client_id"]}
    path = f"/register/{one['client_id']}"
    updates = await asyncio.gather(*(there.call(mine, "PUT", path, json=body) for _ in range(6)))
    assert sorted(answer.status_code for answer in updates) == [200] + [401] * 5
    assert (await there.call(one["client_secret"], "GET", path)).status_code == 401


async def test_o_44_tokens_are_digests_at_rest(there: RegistrationWorld) -> None:
    from sqlalchemy import select

    from idp.stores.registration_tables import client_registration, registration_permit

    token = await there.permit()
    made = (await there.register(token=token)).json()
    async with there.world.ground.database.read() as tx:
        rows = [
            *(await tx.connection.execute(select(registration_permit))).all(),
            *(await tx.connection.execute(select(client_registration))).all(),
        ]
    text = str(rows)
    assert token not in text
    assert made["registration_access_token"] not in text
    assert made["client_secret"] not in text


async def refusals(world: IdpWorld) -> int:
    return sum(row.content["outcome"] == "refused" for row in await world.audit())


async def test_o_68_another_organisations_client_does_not_exist(there: RegistrationWorld) -> None:
    made = await there.approved(WEB | {"client_id": "mine"}, "manager")
    waiting = (await there.call("manager", "PUT", "/v1/clients/mine", json=WEB | {"redirect_uris": [CB + "2"]})).json()
    proposal = f"/v1/client-proposals/{waiting['proposal']['id']}"
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/v1/clients/mine", None),
        ("PUT", "/v1/clients/mine", WEB),
        ("POST", "/v1/clients/mine/status", {"status": "disabled"}),
        ("POST", "/v1/clients/mine/secrets", {}),
        ("DELETE", "/v1/clients/mine/secrets/earlier", None),
        ("GET", "/v1/clients/mine/errors", None),
        ("GET", proposal, None),
        ("POST", f"{proposal}/withdraw", None),
        ("POST", f"{proposal}/approve", None),
    ]
    for method, path, body in calls:
        before = await refusals(there.world)
        theirs = await there.call("stranger", method, path, json=body)
        unknown = await there.call("stranger", method, path.replace("mine", "none").replace("cpr_", "cpr_0"), json=body)
        assert (theirs.status_code, unknown.status_code) == (404, 404), path
        assert theirs.json()["type"] == unknown.json()["type"], path
        assert await refusals(there.world) == before + 1, path
    assert (await there.call("manager", "GET", "/v1/clients/mine")).status_code == 200, "the twin"
    assert made["client_secret"] not in (await there.call("manager", "GET", "/v1/clients/mine")).text


async def test_o_68_nobody_without_the_duty_gets_in(there: RegistrationWorld) -> None:
    await there.approved(WEB | {"client_id": "mine"}, "manager")
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/v1/clients", None),
        ("POST", "/v1/clients", WEB),
        ("GET", "/v1/clients/mine", None),
        ("PUT", "/v1/clients/mine", WEB),
        ("POST", "/v1/clients/mine/status", {"status": "disabled"}),
        ("POST", "/v1/clients/mine/secrets", {}),
        ("GET", "/v1/clients/mine/errors", None),
        ("GET", "/v1/client-proposals", None),
        ("POST", "/v1/initial-access-tokens", {"note": "x"}),
        ("GET", "/v1/initial-access-tokens", None),
        ("GET", "/v1/statement-issuers", None),
    ]
    for method, path, body in calls:
        for who in ("clerk", "citizen"):
            assert (await there.call(who, method, path, json=body)).status_code == 403, (who, path)
        assert (await there.call(None, method, path, json=body)).status_code == 401, path
    managers = [
        ("POST", "/v1/initial-access-tokens"),
        ("GET", "/v1/initial-access-tokens"),
        ("GET", "/v1/statement-issuers"),
    ]
    for method, path in managers:
        for who in ("manager", "system"):
            answer = await there.call(who, method, path, json={"note": "x"} if method == "POST" else None)
            assert answer.status_code == 403, (who, path)


async def test_o_68_a_manager_moves_no_client_to_or_from_another_organisation(there: RegistrationWorld) -> None:
    other = there.people["stranger"].organisation
    foreign = await there.call("manager", "POST", "/v1/clients", json=WEB | {"organisation": other})
    assert foreign.status_code == 404
    await there.approved(WEB | {"client_id": "mine"}, "manager")
    moved = await there.call("manager", "PUT", "/v1/clients/mine", json=WEB | {"organisation": other})
    assert moved.status_code == 404
    taken = await there.call("stranger", "POST", "/v1/clients", json=WEB | {"client_id": "mine"})
    assert taken.status_code == 409, "a name is taken for all"
    client = (await there.call("manager", "GET", "/v1/clients/mine")).json()
    assert (client["status"], client["organisation"]) == (ClientStatus.ACTIVE, there.world.organisation)


async def test_o_68_security_administrators_change_nothing_themselves(there: RegistrationWorld) -> None:
    await there.approved(WEB | {"client_id": "mine"}, "manager")
    for method, path, body in (
        ("POST", "/v1/clients", WEB),
        ("PUT", "/v1/clients/mine", WEB | {"tos_uri": "https://new.example.test/tos"}),
        ("POST", "/v1/clients/mine/secrets", {}),
    ):
        assert (await there.call("security", method, path, json=body)).status_code == 403, path
    disabled = await there.call("security", "POST", "/v1/clients/mine/status", json={"status": "disabled"})
    assert disabled.status_code == 204, "but they stop what is dangerous"


async def test_o_68_tokens_carry_the_duty_of_their_role_and_organisation(there: RegistrationWorld) -> None:
    """By the real way: a portal manager's own token, and a system's; the role is gone when it is taken away."""
    world = there.world
    await there.approved(WEB | {"client_id": "theirs", "organisation": there.people["stranger"].organisation})
    await there.approved(WEB | {"client_id": "ours"}, "manager")
    await there.approved(
        WEB
        | {
            "client_id": "tool",
            "scope": "openid client:manage",
            "grant_types": ["authorization_code", "client_credentials"],
        },
        "manager",
    )
    secret = (await there.call("manager", "POST", "/v1/clients/tool/secrets")).json()["client_secret"]
    tool = Portal("tool", CB, secret, scope="openid client:manage")

    async def seen(token: str) -> list[int]:
        return [(await there.call(token, "GET", f"/v1/clients/{name}")).status_code for name in ("ours", "theirs")]

    system = (await BackEnd(world, tool).client_credentials(scope="client:manage")).json()["access_token"]
    assert await seen(system) == [200, 404]
    role = StaffRole(world.clerk.account_id, world.organisation, "portal-manager")
    await world.idp.assign_staff_role(role, SYSTEM)
    entered = await Browser(world).enter(tool, world.clerk)
    person = (await BackEnd(world, tool).tokens(entered))["access_token"]
    assert await seen(person) == [200, 404]
    citizen = (await BackEnd(world, tool).tokens(await Browser(world).enter(tool, world.lin)))["access_token"]
    assert await seen(citizen) == [403, 403], "a portal lends nobody its own rights"
    await world.idp.remove_staff_role(role, SYSTEM)
    assert await seen(person) == [403, 403]
