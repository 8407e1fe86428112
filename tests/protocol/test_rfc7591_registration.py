"""Clients register and manage themselves (RFC 7591, RFC 7592, OpenID Connect Registration 1.0; rows R-1 to R-10)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.routes.pages import entrance
from idp.clients.policy import RegistrationPolicy
from idp.model import ClientStatus, GrantType
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Pkce, authorization_params, idp_app
from tests.support.idp_proofs import SigningKey, assertion, by_assertion
from tests.support.idp_world import ISSUER, Portal
from tests.support.registration_http import CB, WEB, RegistrationWorld, registration_world


@pytest.fixture
async def there(tmp_path: Path, clock: FakeClock) -> AsyncIterator[RegistrationWorld]:
    async with registration_world(tmp_path, clock) as world:
        yield world


async def test_a_client_registers_and_logs_somebody_in(there: RegistrationWorld) -> None:
    answer = await there.register(scope="openid offline_access", unknown_member="x")
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert made["client_secret_expires_at"] == 0
    assert made["client_id_issued_at"] > 0
    assert made["redirect_uris"] == [CB]
    assert made["grant_types"] == ["authorization_code", "refresh_token"]
    assert made["response_types"] == ["code"]
    assert made["token_endpoint_auth_method"] == "client_secret_basic"
    assert made["registration_client_uri"] == f"{ISSUER}/register/{made['client_id']}"
    assert "unknown_member" not in made
    portal = Portal(made["client_id"], CB, made["client_secret"])
    entered = await Browser(there.world).enter(portal, there.world.lin)
    tokens = await BackEnd(there.world, portal).tokens(entered)
    assert tokens["id_token"]


async def test_what_was_registered_is_read_back(there: RegistrationWorld) -> None:
    """R-10: among it the address for log-ins that a third party initiates."""
    said = {
        "client_name": "Tax",
        "client_name#zh-CN": "税务",
        "initiate_login_uri": "https://new.example.test/start",
        "logo_uri": "https://new.example.test/logo.png",
        "policy_uri": "https://new.example.test/policy",
        "tos_uri": "https://new.example.test/tos",
        "contacts": ["dev@new.example.test"],
        "default_max_age": 300,
        "software_id": "portal-kit",
    }
    made = (await there.register(**said)).json()
    token = made["registration_access_token"]
    read = await there.call(token, "GET", f"/register/{made['client_id']}")
    assert read.status_code == 200
    assert {name: read.json()[name] for name in said} | {"client_name": "Tax"} == said
    assert read.json()["registration_access_token"] == token
    assert "client_secret" not in read.json(), "shown once"
    refused = await there.register(initiate_login_uri="http://new.example.test/start")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")


async def test_an_update_replaces_everything_and_the_token(there: RegistrationWorld) -> None:
    made = (await there.register(tos_uri="https://new.example.test/tos")).json()
    path, token = f"/register/{made['client_id']}", made["registration_access_token"]
    body = {**WEB, "client_id": made["client_id"], "redirect_uris": [CB, CB + "2"]}
    changed = await there.call(token, "PUT", path, json=body)
    assert changed.status_code == 200
    assert changed.json()["redirect_uris"] == [CB, CB + "2"]
    assert "tos_uri" not in changed.json(), "left out is taken away"
    assert "client_secret" not in changed.json()
    next_token = changed.json()["registration_access_token"]
    assert next_token != token
    assert (await there.call(token, "GET", path)).status_code == 401
    assert (await there.call(next_token, "GET", path)).status_code == 200
    portal = Portal(made["client_id"], CB + "2", made["client_secret"])
    assert (await Browser(there.world).authorize(portal)).status_code == 303


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"client_id": None},
        {"registration_access_token": "x"},
        {"registration_client_uri": "x"},
        {"client_secret_expires_at": 0},
        {"client_id_issued_at": 0},
        {"client_secret": "wrong"},
        {"redirect_uris": []},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_an_update_that_says_too_much_is_refused_and_changes_nothing(
    there: RegistrationWorld, changes: dict[str, Any]
) -> None:
    """RFC 7592 §2.2."""
    made = (await there.register()).json()
    path, token = f"/register/{made['client_id']}", made["registration_access_token"]
    good = {**WEB, "client_id": made["client_id"], "client_secret": made["client_secret"]}
    refused = await there.call(token, "PUT", path, json=good | changes)
    assert (refused.status_code, "error" in refused.json()) == (400, True)
    assert (await there.call(token, "PUT", path, json=good)).status_code == 200, "the token counts still"


async def test_another_method_of_authentication_brings_another_secret(there: RegistrationWorld) -> None:
    made = (await there.register()).json()
    path, token = f"/register/{made['client_id']}", made["registration_access_token"]
    body = {**WEB, "client_id": made["client_id"]}
    public = (await there.call(token, "PUT", path, json=body | {"token_endpoint_auth_method": "none"})).json()
    client = await there.world.idp.registry.active(made["client_id"])
    assert client is not None
    assert client.secret_digest is None
    signing = (
        await there.call(
            public["registration_access_token"],
            "PUT",
            path,
            json=body | {"token_endpoint_auth_method": "client_secret_jwt"},
        )
    ).json()
    assert len(signing["client_secret"]) >= 64
    client = await there.world.idp.registry.active(made["client_id"])
    assert client is not None
    assert client.secret_sealed is not None
    assert signing["client_secret"].encode() not in client.secret_sealed


async def test_deletion_ends_the_client_and_everything_it_holds(there: RegistrationWorld) -> None:
    made = (await there.register(scope="openid offline_access")).json()
    portal = Portal(made["client_id"], CB, made["client_secret"])
    entered = await Browser(there.world).enter(portal, there.world.lin)
    back_end = BackEnd(there.world, portal)
    tokens = await back_end.tokens(entered)
    path, token = f"/register/{made['client_id']}", made["registration_access_token"]
    gone = await there.call(token, "DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await there.call(token, "GET", path)).status_code == 401
    assert (await there.call(token, "DELETE", path)).status_code == 401
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401
    assert (await back_end.refresh(tokens["refresh_token"])).status_code == 401
    assert (await Browser(there.world).authorize(portal)).status_code == 400


async def test_r_1_discovery_names_the_endpoint_only_where_it_works(
    there: RegistrationWorld, tmp_path: Path, clock: FakeClock
) -> None:
    async def named(world: RegistrationWorld) -> str | None:
        found = (await world.http.get("/.well-known/openid-configuration")).json().get("registration_endpoint")
        return None if found is None else str(found)

    assert await named(there) == f"{ISSUER}/register"
    (tmp_path / "off").mkdir()
    async with registration_world(tmp_path / "off", FakeClock(), registration="off") as closed:
        assert await named(closed) is None
        assert (await closed.call("x", "POST", "/register", json=WEB)).status_code == 404


async def test_r_3_two_redirect_uris_and_none_sent(there: RegistrationWorld) -> None:
    made = (await there.register(redirect_uris=[CB, CB + "2"])).json()
    portal = Portal(made["client_id"], CB, made["client_secret"])
    browser = Browser(there.world)
    assert (await browser.authorize(portal, redirect_uri=None)).status_code == 400
    assert (await browser.authorize(portal)).status_code == 303


async def test_r_4_a_query_belongs_to_the_redirect_uri(there: RegistrationWorld) -> None:
    made = (await there.register(redirect_uris=[CB + "?a=1"])).json()
    portal = Portal(made["client_id"], CB + "?a=1", made["client_secret"])
    browser = Browser(there.world)
    assert (await browser.authorize(portal)).status_code == 303
    for wrong in (CB, CB + "?a=2", CB + "?a=1&b=2"):
        assert (await browser.authorize(portal, redirect_uri=wrong)).status_code == 400
    refused = await there.register(redirect_uris=[CB + "#x"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_redirect_uri")


async def test_r_5_the_sites_own_words_are_a_link_away(there: RegistrationWorld) -> None:
    """On the log-in page and on the page that asks for consent; nothing of theirs is loaded there."""
    said = {
        "policy_uri": "https://new.example.test/policy?a=1&b=2",
        "tos_uri": "https://new.example.test/tos",
        "logo_uri": "https://new.example.test/logo.png",
    }
    made = (await there.register(**said)).json()
    portal = Portal(made["client_id"], CB, made["client_secret"], scope="openid offline_access")
    app = idp_app(there.world)
    app.router.routes[:0] = entrance.router.routes
    browser = Browser(there.world, app)
    step = await browser.authorize(portal)
    page = await browser.http.get(step.headers["location"])
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf is not None
    step = await browser.log_in(there.world.lin, step.headers["location"], csrf=csrf[1])
    step = await browser.http.get(step.headers["location"])
    assert step.headers["location"].startswith("/consent")
    asked = await browser.http.get(step.headers["location"])
    for shown in (page, asked):
        assert (
            'href="https://new.example.test/policy?a=1&amp;b=2" target="_blank" rel="noopener noreferrer"' in shown.text
        )
        assert 'href="https://new.example.test/tos"' in shown.text
        assert "logo.png" not in shown.text
        assert "img-src 'self'" in shown.headers["content-security-policy"]
    plain = await Browser(there.world, app).authorize(there.world.portal_a)
    assert "sitewords" not in (await browser.http.get(plain.headers["location"])).text


async def test_r_6_keys_at_an_address_that_change(there: RegistrationWorld) -> None:
    first, second = SigningKey(kid="k1"), SigningKey(kid="k2")
    address = "https://new.example.test/jwks"
    there.pages.documents[address] = json.dumps({"keys": [first.jwk()]}).encode()
    token = await there.permit(RegistrationPolicy(review=False, grants=frozenset(GrantType)))
    made = (
        await there.register(
            token=token,
            jwks_uri=address,
            token_endpoint_auth_method="private_key_jwt",
            grant_types=["authorization_code", "client_credentials"],
        )
    ).json()
    assert there.pages.asked == [], "registration fetches no keys"
    assert "client_secret" not in made

    async def authenticated(key: SigningKey) -> str:
        proof = by_assertion(assertion(key, made["client_id"], there.world.clock))
        form = {**proof, "grant_type": "authorization_code", "code": "x", "redirect_uri": CB, "code_verifier": "v" * 43}
        return str((await there.http.post("/token", data=form)).json()["error"])

    assert await authenticated(first) == "invalid_grant", "who it is was proved"
    there.pages.documents[address] = json.dumps({"keys": [second.jwk()]}).encode()
    there.world.clock.advance(60)
    assert await authenticated(second) == "invalid_grant"
    assert await authenticated(first) == "invalid_client"


async def test_r_7_a_sector_lists_every_redirect_uri(there: RegistrationWorld) -> None:
    sector, other = "https://sector.example.test/s.json", "https://other.example.test/cb"
    both = {**WEB, "redirect_uris": [CB, other], "sector_identifier_uri": sector}
    token = await there.permit()
    for document in (None, b"no json", b'{"a": 1}', json.dumps([CB]).encode(), json.dumps([CB, 7]).encode()):
        there.pages.documents = {} if document is None else {sector: document}
        refused = await there.register(both, token)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")
    there.pages.documents[sector] = json.dumps([CB, other, "https://third.example.test/cb"]).encode()
    made = await there.register(both, token)
    assert made.status_code == 201
    client = await there.world.idp.registry.active(made.json()["client_id"])
    assert client is not None
    assert client.sector == "sector.example.test"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_r_2_registered_algorithms_are_kept(there: RegistrationWorld, algorithm: str) -> None:
    made = (await there.register(id_token_signed_response_alg=algorithm, userinfo_signed_response_alg=algorithm)).json()
    assert made["id_token_signed_response_alg"] == algorithm
    portal = Portal(made["client_id"], CB, made["client_secret"])
    back_end = BackEnd(there.world, portal)
    tokens = await back_end.tokens(await Browser(there.world).enter(portal, there.world.lin))
    userinfo = await back_end.userinfo(tokens["access_token"])
    assert userinfo.headers["content-type"] == "application/jwt"
    for token in (tokens["id_token"], userinfo.text):
        assert header_of(token)["alg"] == algorithm


async def test_r_9_request_uris_are_bound_to_their_client(there: RegistrationWorld) -> None:
    at = "https://new.example.test/request#digest"
    made = (await there.register(request_uris=[at])).json()
    assert made["request_uris"] == [at]
    refused = await there.register(request_uris=["http://new.example.test/request"])
    assert refused.json()["error"] == "invalid_client_metadata"


async def test_what_is_sent_must_be_one_json_object(there: RegistrationWorld) -> None:
    token = await there.permit()
    json_type = {"Content-Type": "application/json"}
    bodies: list[tuple[bytes, dict[str, str]]] = [
        (b"", json_type),
        (b"[]", json_type),
        (b"{", json_type),
        (b'{"redirect_uris": [], "redirect_uris": []}', json_type),
        (b"{" + b" " * 70_000 + b"}", json_type),
        (json.dumps(WEB).encode(), {"Content-Type": "text/plain"}),
    ]
    for body, headers in bodies:
        answer = await there.call(token, "POST", "/register", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert (await there.register(token=token)).status_code == 201


async def test_without_a_token_there_is_a_challenge(there: RegistrationWorld) -> None:
    answer = await there.call(None, "POST", "/register", json=WEB)
    assert answer.status_code == 401
    assert "error" not in answer.headers["www-authenticate"], "RFC 6750 §3.1: nothing was shown"
    wrong = await there.call("wrong", "POST", "/register", json=WEB)
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]


async def test_an_open_instance_takes_conformance_tests(tmp_path: Path) -> None:
    async with registration_world(tmp_path, FakeClock(), registration="open") as there:
        answer = await there.call(
            None,
            "POST",
            "/register",
            json={
                **WEB,
                "redirect_uris": ["https://localhost.example.test/cb", "http://localhost:9000/cb"],
                "subject_type": "public",
                "response_types": ["code", "code id_token", "id_token token"],
                "grant_types": ["authorization_code", "implicit"],
            },
        )
        assert answer.status_code == 201, answer.text
        portal = Portal(answer.json()["client_id"], "http://localhost:9000/cb", answer.json()["client_secret"])
        client = await there.world.idp.registry.active(portal.client_id)
        assert client is not None
        assert not client.metadata.require_pkce
        asked = authorization_params(portal, Pkce(), code_challenge=None, code_challenge_method=None)
        step = await there.http.get("/authorize", params=asked)
        assert step.status_code == 303
        assert step.headers["location"].startswith("/login")


def statement(key: SigningKey, **claims: Any) -> str:
    return key.sign({"iss": "https://registry.example.test", **claims})


async def trusted(there: RegistrationWorld, key: SigningKey, **policy: Any) -> None:
    await there.world.idp.clients.permits.statement_issuer(
        "https://registry.example.test",
        {"keys": [key.jwk()]},
        RegistrationPolicy(review=False, **policy),
        there.people["security"],
        note="the province's registry",
        most_clients=10,
    )


async def test_a_statement_opens_the_door_and_wins_over_the_document(there: RegistrationWorld) -> None:
    key = SigningKey()
    await trusted(there, key)
    said = statement(key, software_id="kit", client_name="As stated", redirect_uris=[CB], trusted=True)
    document = {"software_statement": said, "redirect_uris": ["https://evil.example.test/cb"], "client_name": "Mine"}
    answer = await there.call(None, "POST", "/register", json=document)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["software_statement"] == said, "RFC 7591 §3.2.1: unmodified"
    assert (made["client_name"], made["redirect_uris"], made["software_id"]) == ("As stated", [CB], "kit")
    path, token = f"/register/{made['client_id']}", made["registration_access_token"]
    moved = {"client_id": made["client_id"], "redirect_uris": ["https://evil.example.test/cb"]}
    changed = await there.call(token, "PUT", path, json=moved)
    assert changed.json()["redirect_uris"] == [CB], "nor does an update win over it"


async def test_statements_that_do_not_count(there: RegistrationWorld) -> None:
    key, foreign = SigningKey(), SigningKey()
    await trusted(there, key)
    now = int(there.world.clock.now().timestamp())
    good = {"redirect_uris": [CB]}
    unapproved = key.sign({"iss": "https://else.example.test", **good})
    invalid = [
        statement(foreign, **good),
        statement(key, exp=now - 120, **good),
        statement(key, nbf=now + 120, **good),
        statement(key, aud="https://else.example.test", **good),
        statement(key, exp="soon", **good),
        key.sign(good),
        "x",
        7,
    ]

    async def error_of(said: object) -> str:
        answer = await there.call(None, "POST", "/register", json={**WEB, "software_statement": said})
        assert answer.status_code == 400
        return str(answer.json()["error"])

    assert await error_of(unapproved) == "unapproved_software_statement"
    assert {await error_of(said) for said in invalid} == {"invalid_software_statement"}
    twin = {"software_statement": statement(key, aud=[ISSUER], exp=now + 60, **good)}
    assert (await there.call(None, "POST", "/register", json=twin)).status_code == 201


async def test_a_client_waits_for_review_where_its_policy_says_so(there: RegistrationWorld) -> None:
    made = (await there.register(token=await there.permit(RegistrationPolicy()))).json()
    assert made["registration_status"] == ClientStatus.PENDING
    portal = Portal(made["client_id"], CB, made["client_secret"])
    assert (await Browser(there.world).authorize(portal)).status_code == 400
    path, token = f"/register/{made['client_id']}", made["registration_access_token"]
    assert (await there.call(token, "GET", path)).status_code == 200
    early = await there.call(token, "PUT", path, json={**WEB, "client_id": made["client_id"], "scope": "openid"})
    assert early.json()["error"] == "invalid_client_metadata"
    (waiting,) = (await there.call("second", "GET", "/v1/client-proposals")).json()["items"]
    own = await there.call("security", "POST", f"/v1/client-proposals/{waiting['id']}/approve")
    assert own.json()["type"].endswith("second-person-needed"), "whoever gave the token does not decide"
    assert (await there.call("second", "POST", f"/v1/client-proposals/{waiting['id']}/approve")).status_code == 200
    assert (await Browser(there.world).authorize(portal)).status_code == 303
    body = {**WEB, "client_id": made["client_id"], "tos_uri": "https://new.example.test/tos"}
    harmless = (await there.call(token, "PUT", path, json=body)).json()
    assert harmless["tos_uri"]
    body["redirect_uris"] = [CB, CB + "2"]
    waits = (await there.call(harmless["registration_access_token"], "PUT", path, json=body)).json()
    assert waits["redirect_uris"] == [CB], "the answer says what is registered now"
    again = await there.call(waits["registration_access_token"], "PUT", path, json=body)
    assert again.json()["error"] == "invalid_client_metadata", "one change at a time"


def header_of(token: str) -> dict[str, Any]:
    head = token.split(".")[0]
    return dict(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))))
