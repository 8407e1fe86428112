"""People propose, a second person decides; secrets overlap; lists have pages; permits are handed out and end."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict
from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, ClientStatus, GrantType
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_proofs import SigningKey, assertion, by_assertion
from tests.support.idp_world import Portal
from tests.support.registration_http import CB, WEB, RegistrationWorld, registration_world

MINE: dict[str, Any] = {**WEB, "client_id": "mine", "client_name#zh-CN": "我的门户"}


@pytest.fixture
async def there(tmp_path: Path, clock: FakeClock) -> AsyncIterator[RegistrationWorld]:
    async with registration_world(tmp_path, clock) as world:
        yield world


async def usable(there: RegistrationWorld, portal: Portal) -> bool:
    return (await Browser(there.world).authorize(portal)).status_code == 303


async def test_a_portal_is_registered_reviewed_and_works(there: RegistrationWorld) -> None:
    made = await there.proposed(MINE, "manager")
    assert made["status"] == ClientStatus.PENDING
    assert made["organisation"] == there.world.organisation, "their own, though they said nothing"
    portal = Portal("mine", CB, made["client_secret"])
    assert not await usable(there, portal)
    (waiting,) = (await there.call("security", "GET", "/v1/client-proposals")).json()["items"]
    shown = (await there.call("security", "GET", f"/v1/client-proposals/{waiting['id']}")).json()
    assert shown["description"]["redirect_uris"] == [CB]
    decided = await there.call(
        "security", "POST", f"/v1/client-proposals/{waiting['id']}/approve", json={"note": "welcome"}
    )
    assert (decided.status_code, decided.json()["state"], decided.json()["note"]) == (200, "approved", "welcome")
    assert await usable(there, portal)
    tokens = await BackEnd(there.world, portal).tokens(await Browser(there.world).enter(portal, there.world.lin))
    assert tokens["id_token"]
    again = await there.call("security", "POST", f"/v1/client-proposals/{waiting['id']}/approve")
    assert (again.status_code, again.json()["type"].endswith("proposal-decided")) == (409, True)
    actions = [row.content["action"] for row in await there.world.audit() if row.content["subject"] == "mine"]
    assert actions == ["client.propose", "client.approve"]


async def test_a_repeated_registration_is_one(there: RegistrationWorld) -> None:
    once = {"Idempotency-Key": "k-1"}

    async def post(who: str, body: dict[str, Any]) -> Any:
        return await there.call(who, "POST", "/v1/clients", json=body, headers=once)

    answers = await asyncio.gather(*(post("system", WEB) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["client_id"] for answer in answers}) == 1
    assert sum("client_secret" in answer.json() for answer in answers) == 1, "shown once"
    assert all(answer.json()["proposal"]["state"] == "open" for answer in answers)
    other = await post("system", WEB | {"tos_uri": "https://new.example.test/tos"})
    assert other.json()["type"].endswith("idempotency-key-reused")
    mine = await post("manager", WEB)
    assert mine.json()["client_id"] != answers[0].json()["client_id"], "somebody else's key is another one"
    odd = await there.call("system", "POST", "/v1/clients", json=WEB, headers={"Idempotency-Key": "k" * 129})
    assert odd.json()["type"].endswith("idempotency-key-invalid")


async def test_a_decision_is_heard_everywhere_within_seconds(there: RegistrationWorld) -> None:
    from idp.clients.registry import ClientRegistry
    from idp.stores.clients import SqlClientStore

    world = there.world
    elsewhere = ClientRegistry(
        world.ground.database, SqlClientStore(), world.clock, lifetime=world.idp.settings.client_cache
    )
    assert world.idp.settings.client_cache <= 5
    await there.approved(MINE)
    assert await elsewhere.active("mine") is not None
    await there.call("security", "POST", "/v1/clients/mine/status", json={"status": "disabled"})
    assert await world.idp.registry.active("mine") is None, "here at once"
    world.clock.advance(world.idp.settings.client_cache)
    assert await elsewhere.active("mine") is None


async def test_a_refused_registration_is_gone(there: RegistrationWorld) -> None:
    made = await there.proposed(MINE, "manager")
    path = f"/v1/client-proposals/{made['proposal']['id']}"
    assert (await there.call("security", "POST", f"{path}/refuse", json={"note": "no contract"})).status_code == 200
    assert not await usable(there, Portal("mine", CB))
    assert (await there.call("system", "GET", "/v1/clients/mine")).status_code == 404
    assert (await there.call("security", "POST", f"{path}/approve")).status_code == 409


async def test_whoever_proposed_it_may_withdraw_it_and_nobody_else(there: RegistrationWorld) -> None:
    made = await there.proposed(MINE, "manager")
    path = f"/v1/client-proposals/{made['proposal']['id']}/withdraw"
    assert (await there.call("system", "POST", path)).status_code == 403
    assert (await there.call("manager", "POST", path)).status_code == 200
    assert (await there.call("manager", "POST", path)).status_code == 409


SENSITIVE: list[dict[str, Any]] = [
    {"redirect_uris": [CB, CB + "2"]},
    {"scope": "openid realname", "realname_approved": True},
    {"jwks_uri": "https://new.example.test/jwks"},
    {"token_endpoint_auth_method": "client_secret_post"},
    {"profile": "fapi2", "jwks_uri": "https://new.example.test/jwks"},
    {"client_name": "Somebody else"},
    {"post_logout_redirect_uris": ["https://new.example.test/bye"]},
    {"sector": "another.example.test"},
]


@pytest.mark.parametrize("changes", SENSITIVE, ids=lambda changes: next(iter(changes)))
async def test_what_decides_who_gets_what_is_reviewed_again(there: RegistrationWorld, changes: dict[str, Any]) -> None:
    await there.approved(WEB | {"client_id": "mine"}, "manager")
    before = (await there.call("manager", "GET", "/v1/clients/mine")).json()
    answer = await there.call("manager", "PUT", "/v1/clients/mine", json=WEB | changes)
    assert answer.status_code == 200, answer.text
    waiting = answer.json()["proposal"]
    assert set(changes) <= {*waiting["changed"], "client_name"}
    client = await there.world.idp.registry.active("mine")
    assert client is not None
    assert client.redirect_uris == (CB,)
    assert (await there.call("manager", "GET", "/v1/clients/mine")).json()["scope"] == before["scope"]
    second = await there.call("manager", "PUT", "/v1/clients/mine", json=WEB | changes)
    assert second.json()["type"].endswith("proposal-open")
    await there.call("security", "POST", f"/v1/client-proposals/{waiting['id']}/approve")
    after = (await there.call("manager", "GET", "/v1/clients/mine")).json()
    assert all(after[name] == value for name, value in changes.items() if name != "client_name")
    assert after["registration"]["revision"] == before["registration"]["revision"] + 1


async def test_a_harmless_change_works_at_once(there: RegistrationWorld) -> None:
    await there.approved(WEB | {"client_id": "mine"}, "manager")
    answer = await there.call(
        "manager", "PUT", "/v1/clients/mine", json=WEB | {"contacts": ["dev@new.example.test"], "default_max_age": 60}
    )
    assert answer.json()["proposal"] is None
    client = await there.world.idp.registry.active("mine")
    assert client is not None
    assert client.metadata.default_max_age == 60
    same = await there.call("manager", "PUT", "/v1/clients/mine", json=answer.json() | {"proposal": None})
    assert (same.json()["revision"], same.json()["proposal"]) == (2, None), "what is read may be written"


async def test_a_change_meets_what_was_read(there: RegistrationWorld) -> None:
    await there.approved(WEB | {"client_id": "mine"})
    tag = (await there.call("system", "GET", "/v1/clients/mine")).headers["etag"]
    first = WEB | {"tos_uri": "https://new.example.test/1"}
    assert (await there.call("system", "PUT", "/v1/clients/mine", json=first, headers={"If-Match": tag})).is_success
    stale = await there.call("system", "PUT", "/v1/clients/mine", json=WEB, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["type"].endswith("client-moved-on")) == (409, True)


async def test_a_proposal_that_was_overtaken_is_not_put_into_force(there: RegistrationWorld) -> None:
    await there.approved(WEB | {"client_id": "mine"})
    waiting = (await there.call("system", "PUT", "/v1/clients/mine", json=WEB | {"redirect_uris": [CB + "2"]})).json()
    harmless = WEB | {"tos_uri": "https://new.example.test/1"}
    assert (await there.call("manager", "PUT", "/v1/clients/mine", json=harmless)).status_code == 404
    assert (await there.call("system", "PUT", "/v1/clients/mine", json=harmless)).is_success
    path = f"/v1/client-proposals/{waiting['proposal']['id']}"
    late = await there.call("security", "POST", f"{path}/approve")
    assert late.json()["type"].endswith("client-moved-on")
    client = await there.world.idp.registry.active("mine")
    assert client is not None
    assert client.redirect_uris == (CB,)
    assert (await there.call("security", "POST", f"{path}/refuse")).is_success, "it can still be refused"


async def test_of_many_decisions_at_once_one_counts(there: RegistrationWorld) -> None:
    made = await there.proposed(MINE)
    path = f"/v1/client-proposals/{made['proposal']['id']}"
    answers = await asyncio.gather(
        *(
            there.call(who, "POST", f"{path}/{verb}")
            for who in ("security", "second")
            for verb in ("approve", "refuse") * 3
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 11


async def test_the_same_person_never_decides_over_the_own_proposal(there: RegistrationWorld) -> None:
    made = await there.proposed(MINE, "both")
    path = f"/v1/client-proposals/{made['proposal']['id']}"
    for verb in ("approve", "refuse"):
        answer = await there.call("both", "POST", f"{path}/{verb}")
        assert (answer.status_code, answer.json()["type"].endswith("second-person-needed")) == (403, True)
    refused = await there.world.audit("client.approve")
    assert [row.content["outcome"] for row in refused] == ["refused"]
    assert (await there.call("security", "POST", f"{path}/approve")).is_success, "somebody else may"


async def test_a_disabled_client_works_nowhere_and_a_removed_one_never_again(there: RegistrationWorld) -> None:
    made = await there.approved(MINE, "manager")
    portal = Portal("mine", CB, made["client_secret"])
    entered = await Browser(there.world).enter(portal, there.world.lin)
    back_end = BackEnd(there.world, portal)
    tokens = await back_end.tokens(entered)

    async def to(status: str, who: str) -> int:
        return (await there.call(who, "POST", "/v1/clients/mine/status", json={"status": status})).status_code

    assert await to("disabled", "manager") == 204
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401
    assert not await usable(there, portal)
    assert await to("active", "manager") == 403, "a security administrator decides"
    assert await to("pending", "security") == 409
    assert await to("active", "security") == 204
    assert await usable(there, portal)
    assert await to("removed", "system") == 204
    assert await to("active", "security") == 404
    assert (await there.call("security", "GET", "/v1/clients/mine")).status_code == 404


async def test_two_secrets_count_until_the_earlier_one_ends(there: RegistrationWorld) -> None:
    made = await there.approved(MINE, "manager")
    first = made["client_secret"]

    async def counts(secret: str) -> bool:
        answer = await BackEnd(there.world, Portal("mine", CB, secret)).post(
            "/token", {"grant_type": "authorization_code", "code": "x", "redirect_uri": CB, "code_verifier": "v" * 43}
        )
        return bool(answer.json()["error"] == "invalid_grant")

    answer = await there.call("manager", "POST", "/v1/clients/mine/secrets", json={"overlap": 3600})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    second = answer.json()["client_secret"]
    assert (await counts(first), await counts(second)) == (True, True)
    third = await there.call("manager", "POST", "/v1/clients/mine/secrets")
    assert third.json()["type"].endswith("two-secrets"), "never more than two"
    there.world.clock.advance(3601)
    assert (await counts(first), await counts(second)) == (False, True)
    answer = await there.call("manager", "POST", "/v1/clients/mine/secrets")
    third_secret = answer.json()["client_secret"]
    assert (await counts(second), await counts(third_secret)) == (True, True)
    assert (await there.call("manager", "DELETE", "/v1/clients/mine/secrets/earlier")).status_code == 204
    assert (await counts(second), await counts(third_secret)) == (False, True)
    assert (await there.call("manager", "DELETE", "/v1/clients/mine/secrets/earlier")).status_code == 404
    at_once = await there.call("manager", "POST", "/v1/clients/mine/secrets", json={"overlap": 0})
    assert at_once.json()["earlier_ends_at"] is None
    assert (await counts(third_secret), await counts(at_once.json()["client_secret"])) == (False, True)
    shown = (await there.call("manager", "GET", "/v1/clients/mine")).text
    assert all(secret not in shown for secret in (first, second, third_secret))


async def test_of_many_new_secrets_at_once_one_is_made(there: RegistrationWorld) -> None:
    await there.approved(MINE)
    answers = await asyncio.gather(*(there.call("system", "POST", "/v1/clients/mine/secrets") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_a_client_with_keys_has_no_secret(there: RegistrationWorld) -> None:
    made = await there.approved(MINE | {"token_endpoint_auth_method": "private_key_jwt", "jwks": SigningKey().jwks()})
    assert "client_secret" not in made
    answer = await there.call("system", "POST", "/v1/clients/mine/secrets")
    assert answer.json()["type"].endswith("client-has-no-secret")


async def test_a_method_that_was_approved_needs_a_secret_of_its_own(there: RegistrationWorld) -> None:
    """Nobody would see one that the approval made."""
    made = await there.approved(MINE, "manager")
    body = MINE | {"token_endpoint_auth_method": "client_secret_jwt"}
    waiting = (await there.call("manager", "PUT", "/v1/clients/mine", json=body)).json()["proposal"]
    await there.call("security", "POST", f"/v1/client-proposals/{waiting['id']}/approve")
    assert (await there.call("manager", "GET", "/v1/clients/mine")).json()["secrets"]["current"] is False
    added = (await there.call("manager", "POST", "/v1/clients/mine/secrets")).json()
    assert added["earlier_ends_at"] is None
    for secret, error in ((made["client_secret"], "invalid_client"), (added["client_secret"], "invalid_grant")):
        proof = by_assertion(assertion(SigningKey.of_secret(secret), "mine", there.world.clock))
        form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CB, "code_verifier": "v" * 43}
        assert (await there.http.post("/token", data=form | proof)).json()["error"] == error


async def test_secrets_to_sign_with_are_opened_while_they_count(there: RegistrationWorld) -> None:
    made = await there.approved(MINE | {"token_endpoint_auth_method": "client_secret_jwt"})
    answer = await there.call("system", "POST", "/v1/clients/mine/secrets", json={"overlap": 60})
    from idp.clients.secrets import ClientSecrets

    secrets = ClientSecrets(there.world.keys.secrets.tokens, there.world.keys.secrets.fields.people)
    client = await there.world.idp.registry.active("mine")
    assert client is not None
    now = there.world.clock.now()
    assert secrets.opened(client, now) == (answer.json()["client_secret"], made["client_secret"])
    assert secrets.opened(client, now + dt.timedelta(seconds=61)) == (answer.json()["client_secret"],)


async def test_lists_have_pages_and_are_searched(there: RegistrationWorld) -> None:
    for number in range(7):
        await there.approved(WEB | {"client_id": f"tax-{number}", "client_name": f"Tax {number}"}, "manager")
    found: list[str] = []
    cursor = ""
    for _ in range(10):
        page = (
            await there.call("system", "GET", "/v1/clients", params={"q": "tax", "limit": 3, "cursor": cursor})
        ).json()
        found += [one["client_id"] for one in page["items"]]
        cursor = page["next_cursor"] or ""
        if not cursor:
            break
    assert found == [f"tax-{number}" for number in range(7)]

    async def ids(who: str, **params: Any) -> list[str]:
        answer = await there.call(who, "GET", "/v1/clients", params={"limit": 100, **params})
        return [one["client_id"] for one in answer.json()["items"]]

    assert "portal-a" in await ids("security")
    assert await ids("security", status="pending") == []
    assert "portal-a" not in await ids("manager"), "no organisation of theirs"
    assert set(found) <= set(await ids("manager"))
    assert await ids("stranger") == []
    assert await ids("manager", organisation="11410199DEMA000028") == []
    assert await ids("system", q="%") == []
    assert await ids("system", q="\x00") == []
    assert (await there.call("system", "GET", "/v1/clients", params={"cursor": "x"})).status_code == 400


async def test_the_operator_registers_at_once(there: RegistrationWorld) -> None:
    made = await there.world.idp.clients.register.from_document(
        {
            "client_id": "machine",
            "client_name": "Machine",
            "grant_types": ["client_credentials"],
            "scope": "licence:read",
        },
        SYSTEM,
    )
    assert made.client.grants == {GrantType.CLIENT_CREDENTIALS}
    assert made.client.metadata.response_types == frozenset()
    answer = await BackEnd(there.world, Portal("machine", secret=made.secret)).client_credentials()
    assert answer.status_code == 200
    with pytest.raises(Conflict):
        await there.world.idp.register_client(
            NewClient(
                Text("又", "Again"), "machine", ("https://a.example.test/cb",), auth_method=ClientAuthMethod.NONE
            ),
            SYSTEM,
        )


async def test_permits_are_handed_out_listed_and_ended(there: RegistrationWorld) -> None:
    body = {"note": "supplier X", "clients": 2, "lifetime": 3600, "policy": {"redirect_hosts": [".example.test"]}}
    made = await there.call("security", "POST", "/v1/initial-access-tokens", json=body)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    token = made.json()["initial_access_token"]
    listed = (await there.call("security", "GET", "/v1/initial-access-tokens")).json()["items"]
    assert [one["note"] for one in listed] == ["supplier X"]
    assert "initial_access_token" not in listed[0]
    assert (await there.register(token=token)).status_code == 201
    path = f"/v1/initial-access-tokens/{made.json()['id']}"
    assert (await there.call("security", "DELETE", path)).status_code == 204
    assert (await there.call("security", "DELETE", path)).status_code == 404
    assert (await there.register(token=token)).status_code == 401


@pytest.mark.parametrize(
    "policy",
    [
        {"scopes": ["openid", "realname"]},
        {"scopes": ["admin:security"]},
        {"scopes": ["nothing:known"]},
        {"grant_types": []},
    ],
    ids=str,
)
async def test_permits_that_would_give_too_much_are_not_made(there: RegistrationWorld, policy: dict[str, Any]) -> None:
    body = {"note": "x", "policy": policy}
    answer = await there.call("security", "POST", "/v1/initial-access-tokens", json=body)
    assert (answer.status_code, answer.json()["type"].endswith("permit-invalid")) == (400, True)


async def test_trust_in_an_issuer_is_given_once_and_taken_back(there: RegistrationWorld) -> None:
    key = SigningKey()
    body = {"issuer": "https://registry.example.test", "jwks": key.jwks(), "note": "the province's registry"}
    body["policy"] = {"review": False}
    made = await there.call("security", "POST", "/v1/statement-issuers", json=body)
    assert made.status_code == 201, made.text
    assert (await there.call("security", "POST", "/v1/statement-issuers", json=body)).status_code == 409
    bad = body | {"issuer": "https://b.example.test", "jwks": {"keys": [{"kty": "oct", "k": "AA"}]}}
    assert (await there.call("security", "POST", "/v1/statement-issuers", json=bad)).status_code == 400
    said = {"software_statement": key.sign({"iss": body["issuer"], "redirect_uris": [CB]})}
    assert (await there.call(None, "POST", "/register", json=said)).status_code == 201
    assert (await there.call("security", "DELETE", f"/v1/statement-issuers/{made.json()['id']}")).status_code == 204
    refused = await there.call(None, "POST", "/register", json=said)
    assert refused.json()["error"] == "unapproved_software_statement"
    listed = (await there.call("second", "GET", "/v1/statement-issuers")).json()["items"]
    assert [one["clients"] for one in listed] == [1]


async def test_sweeping_takes_what_is_over_and_nothing_else(there: RegistrationWorld) -> None:
    for name in ("stays", "goes"):
        await there.approved(WEB | {"client_id": name})
    await there.call("system", "POST", "/v1/clients/goes/status", json={"status": "removed"})
    there.world.idp.clients.errors_log.note("stays", "token", Conflict("x", Text("x", "x")))
    await there.world.idp.clients.errors_log.write()
    there.world.clock.advance(29 * 86400)
    await there.world.idp.sweep()
    assert len((await there.world.idp.clients.errors("stays", SYSTEM)).items) == 1
    there.world.clock.advance(2 * 86400)
    await there.world.idp.sweep()
    assert (await there.world.idp.clients.errors("stays", SYSTEM)).items == []
    async with there.world.ground.database.read() as tx:
        from idp.stores.clients import SqlClientStore

        assert await SqlClientStore().get(tx, "goes") is None
        assert await SqlClientStore().get(tx, "stays") is not None
