"""Attacks with tokens and client credentials at our endpoints (rows O-16, O-23, O-30, O-34, O-38)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.errors import NotAuthenticated
from keys.secrets.sealed_tokens import AeadSealedTokens
from tests.support.access_tokens import claims_in, sealed, signed_jwt
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, basic, query_of
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world
from tests.support.secrets import MemorySecrets


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    pieces = [base64.urlsafe_b64decode(piece + "==") for piece in token.split(".")]
    return json.loads(pieces[0]), json.loads(pieces[1]), pieces[2]


def assembled(header: Any, claims: Any, signature: bytes) -> str:
    return ".".join((b64(json.dumps(header).encode()), b64(json.dumps(claims).encode()), b64(signature)))


async def good_token(world: IdpWorld) -> str:
    tokens = await BackEnd(world, world.portal_a).tokens(await Browser(world).enter(world.portal_a, world.lin))
    return str(tokens["access_token"])


async def refused_everywhere(world: IdpWorld, token: str) -> bool:
    """At userinfo, introspection and the API at once, and twice by header and body at userinfo."""
    back_end = BackEnd(world, world.portal_a)
    answers = [
        await back_end.http.get("/userinfo", headers={"Authorization": b"Bearer " + token.encode()}),
        await back_end.http.post("/userinfo", data={"access_token": token}),
    ]
    with pytest.raises(NotAuthenticated):
        await world.idp.authenticate(token, world.facts)
    inactive = await back_end.introspect(token) == {"active": False}
    return inactive and {answer.status_code for answer in answers} == {401}


async def forgeries(world: IdpWorld, token: str) -> dict[str, str]:
    header, claims, signature = parts(token)
    jwk = next(key for key in (await Browser(world).http.get("/jwks")).json()["keys"] if key["kid"] == header["kid"])
    made = {f"alg {name}": assembled({**header, "alg": name}, claims, b"") for name in ("none", "None", "NONE", "nOnE")}
    for name, secret in {"JWK": json.dumps(jwk).encode(), "x": jwk["x"].encode(), "empty": b""}.items():
        unsigned = assembled({**header, "alg": "HS256"}, claims, b"")[:-1].rstrip(".")
        mac = hmac.digest(secret, unsigned.encode(), hashlib.sha256)
        made[f"HS256 with {name}"] = f"{unsigned}.{b64(mac)}"
    changed = {**claims, "scope": "openid admin:system"}
    made |= {
        "changed claims": assembled(header, changed, signature),
        "empty signature": assembled(header, claims, b""),
        "r=s=0": assembled(header, claims, bytes(64)),
        "short signature": assembled(header, claims, signature[:-1]),
        "other alg": assembled({**header, "alg": "RS256"}, claims, signature),
        "other kid": assembled({**header, "kid": "other"}, claims, signature),
        "no kid": assembled({k: v for k, v in header.items() if k != "kid"}, claims, signature),
        "embedded jwk": assembled({**header, "jwk": jwk}, claims, signature),
        "jku": assembled({**header, "jku": "https://evil.test/jwks"}, claims, signature),
        "padding": token + "=",
        "white space": token[:-2] + " " + token[-2:],
        "two parts": token.rpartition(".")[0],
        "five parts": token + ".x.y",
        "nothing": ".",
        "not ascii": "令牌",
    }
    return made


async def test_o_30_forged_access_tokens(world: IdpWorld) -> None:
    token = await signed(world, {})
    passed = [
        name for name, forged in (await forgeries(world, token)).items() if not await refused_everywhere(world, forged)
    ]
    assert passed == []
    twin = await BackEnd(world, world.portal_a).userinfo(token)
    assert twin.status_code == 200


async def signed(world: IdpWorld, changes: dict[str, Any], *, drop: str | None = None, typ: str = "at+jwt") -> str:
    """A token by our own key with other claims: what a bug elsewhere could let an attacker have."""
    claims = claims_in(world, await good_token(world)) | changes
    return signed_jwt(world, {name: value for name, value in claims.items() if name != drop}, typ)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.test"},
        {"exp": 1},
        {"iat": 4102444800},
        {"nbf": 4102444800},
        {"client_id": "portal-b"},  # not whose family it is
        {"sub": "somebody-else"},
        {"client_id": "no-such"},
        {"client_id": 7},
        {"scope": ["openid"]},
        {"fam": "fam_00000000000000000000000000"},
        {"fam": 7},
    ],
    ids=str,
)
async def test_o_34_claims_that_do_not_hold(world: IdpWorld, changes: dict[str, Any]) -> None:
    token = await signed(world, changes)
    assert await refused_everywhere(world, token)
    assert await refused_everywhere(world, sealed(world, claims_in(world, await good_token(world)) | changes))


@pytest.mark.parametrize("aud", ["portal-a", [ISSUER, "portal-a"], "https://other.test"])
async def test_o_34_a_token_for_others_opens_nothing_here(world: IdpWorld, aud: str | list[str]) -> None:
    """Its own client may learn by introspection that it is good, and for whom (RFC 7662 §2.2); here it is refused."""
    back_end = BackEnd(world, world.portal_a)
    sealed_one = sealed(world, claims_in(world, await good_token(world)) | {"aud": aud})
    for token in (await signed(world, {"aud": aud}), sealed_one):
        assert (await back_end.userinfo(token)).status_code == 401
        assert (await back_end.http.post("/userinfo", data={"access_token": token})).status_code == 401
        with pytest.raises(NotAuthenticated):
            await world.idp.authenticate(token, world.facts)
        assert (await back_end.introspect(token))["aud"] == aud
        assert await BackEnd(world, world.portal_b).introspect(token) == {"active": False}  # neither its own nor meant


async def test_o_34_twin_the_same_way_of_making_one(world: IdpWorld) -> None:
    back_end = BackEnd(world, world.portal_a)
    assert (await back_end.userinfo(await signed(world, {}))).status_code == 200
    assert (await back_end.userinfo(sealed(world, claims_in(world, await good_token(world))))).status_code == 200


async def test_o_30_forged_opaque_tokens(world: IdpWorld) -> None:
    """Every octet of one is under the seal, also its prefix and the name of its key."""
    token = await good_token(world)
    head, body = token[:19], token[19:]
    other = world.keys.secrets.access.open(token)
    forged = {
        "another prefix": "yx_" + token[3:],
        "another key": token[:3] + "A" * 16 + body,
        "key of another purpose": token[:3] + world.keys.ring.secrets("secret.tokens")[0].key_id + body,
        "claims in the clear": head + base64.urlsafe_b64encode(msgspec.msgpack.encode(other)).decode().rstrip("="),
        "nothing sealed": head,
        "only an id": head + body[:22],
        "padding": token + "=",
        "white space": token[:30] + " " + token[30:],
        "twice": token + token,
        "endless": token + "A" * 7_000,
        "not ascii": "yz_令牌",
        "sealed by another ring": AeadSealedTokens(MemorySecrets("oidc.access"), "oidc.access", "yz_").seal(other),
        "sealed for another use": AeadSealedTokens(world.keys.ring, "secret.tokens", "yz_").seal(other),
    }
    for place in range(19, len(token), 7):
        changed = "A" if token[place] != "A" else "B"
        forged[f"character {place}"] = token[:place] + changed + token[place + 1 :]
    passed = [name for name, one in forged.items() if not await refused_everywhere(world, one)]
    assert passed == []
    assert (await BackEnd(world, world.portal_a).userinfo(token)).status_code == 200


async def test_o_34_one_kind_of_token_never_passes_for_another(world: IdpWorld) -> None:
    browser, back_end = Browser(world), BackEnd(world, world.portal_a)
    tokens = await back_end.tokens(await browser.enter(world.portal_a, world.lin))
    assert await refused_everywhere(world, tokens["id_token"])
    answer = await browser.authorize(world.portal_a, prompt="none", id_token_hint=tokens["access_token"])
    assert query_of(answer.headers["location"])["error"] == "invalid_request"
    await browser.http.post("/logout")
    (_uri, logout_token) = world.messenger.sent[0]
    assert await refused_everywhere(world, logout_token)
    twin = await Browser(world).authorize(world.portal_a, prompt="none", id_token_hint=tokens["id_token"])
    assert query_of(twin.headers["location"])["error"] == "login_required"
    hint = await browser.http.get("/end-session", params={"id_token_hint": logout_token})
    assert hint.headers["location"] in {"/logout", "/logged-out"}


@pytest.mark.parametrize("scope", ["openid realname", "openid licence:issue", "openid admin:system"])
async def test_o_16_scopes_that_the_client_was_not_given(world: IdpWorld, scope: str) -> None:
    answer = await Browser(world).authorize(world.portal_a, scope=scope)
    assert query_of(answer.headers["location"])["error"] == "invalid_scope"
    machine = await BackEnd(world, world.department).client_credentials(scope=scope)
    assert machine.json()["error"] == "invalid_scope"


async def test_o_16_claims_about_somebody_else(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_b, world.lin)
    claims = json.dumps({"userinfo": {"sub": {"value": "somebody-else"}}})
    answer = await browser.authorize(world.portal_b, prompt="none", claims=claims)
    assert query_of(answer.headers["location"])["error"] == "login_required"


async def test_o_16_real_name_claims_without_approval_are_left_out(world: IdpWorld) -> None:
    claims = json.dumps({"userinfo": {"id_number": {"essential": True}}, "id_token": {"name": None}})
    back_end = BackEnd(world, world.portal_a)
    tokens = await back_end.tokens(await Browser(world).enter(world.portal_a, world.lin, claims=claims))
    answer = (await back_end.userinfo(tokens["access_token"])).json()
    assert answer.keys() == {"sub", "real_name_level"}
    assert "name" not in parts(tokens["id_token"])[1]
    assert not await world.audit("identity.read")


FORM = {"grant_type": "client_credentials"}


def attempts(portal: Portal) -> dict[str, tuple[dict[str, str], dict[str, str], str]]:
    """What is tried: form fields, headers, query."""
    secret = portal.secret or ""
    return {
        "nobody": ({}, {}, ""),
        "empty secret": ({}, {"Authorization": basic(portal.client_id, "")}, ""),
        "wrong secret": ({}, {"Authorization": basic(portal.client_id, secret[:-1] + "~")}, ""),
        "prefix": ({}, {"Authorization": basic(portal.client_id, secret[:-1])}, ""),
        "longer": ({}, {"Authorization": basic(portal.client_id, secret + "x")}, ""),
        "not ascii": ({}, {"Authorization": basic(portal.client_id, "密码")}, ""),
        "not utf-8": ({}, {"Authorization": "Basic " + base64.b64encode(b"x:\xff").decode()}, ""),
        "surrogate": ({}, {"Authorization": basic("department", "").rstrip("=") + "JUVEJUEwJTgw"}, ""),
        "not base64": ({}, {"Authorization": "Basic ***"}, ""),
        "no colon": ({}, {"Authorization": "Basic " + base64.b64encode(b"department").decode()}, ""),
        "bearer": ({}, {"Authorization": f"Bearer {secret}"}, ""),
        "huge": ({}, {"Authorization": "Basic " + "A" * 10_000}, ""),
        "unknown": ({}, {"Authorization": basic("no-such", secret)}, ""),
        "nul": ({}, {"Authorization": basic("a\x00b", secret)}, ""),
        "other method": ({"client_id": portal.client_id, "client_secret": secret}, {}, ""),
        "public": ({"client_id": portal.client_id}, {}, ""),
        "in the query": ({}, {}, f"?client_id={portal.client_id}&client_secret={secret}"),
        "assertion": ({"client_id": portal.client_id, "client_assertion": "x"}, {}, ""),
        "another client's": ({}, {"Authorization": basic("portal-a", secret)}, ""),
    }


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
async def test_o_38_client_authentication(world: IdpWorld, path: str) -> None:
    http = Browser(world).http
    passed = []
    for name, (form, headers, query) in attempts(world.department).items():
        answer = await http.post(path + query, data={**FORM, "token": "x", **form}, headers=headers)
        if (answer.status_code, answer.json().get("error")) != (401, "invalid_client"):
            passed.append((name, answer.status_code))
        assert "www-authenticate" in answer.headers
    assert passed == []
    headers = {"Authorization": basic("department", world.department.secret or "")}
    twin = await http.post(path, data={**FORM, "token": "x"}, headers=headers)
    assert twin.status_code == 200


async def test_o_38_a_public_client_does_not_get_in_with_a_secret(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.phone_app, world.lin)
    with_secret = Portal("phone-app", entered.redirect_uri, "x" * 43)
    answer = await BackEnd(world, with_secret).redeem(entered)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert (await BackEnd(world, world.phone_app).redeem(entered)).status_code == 200


async def test_o_23_log_out_from_another_site_only_asks(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    evil = {"post_logout_redirect_uri": "https://evil.test/", "client_id": "portal-a"}
    for answer in (
        await browser.http.get("/end-session", params=evil),
        await browser.http.post("/end-session", data=evil),
        await browser.http.post("/end-session", json=evil),
    ):
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/logout")
        assert "evil" not in answer.headers["location"]
    assert "code=" in (await browser.authorize(world.portal_a, prompt="none")).headers["location"]
