"""Response modes: query, fragment, form_post and the signed ones (Form Post Response Mode; JARM; reference §5.2)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from idp.protocol.response_types import RESPONSE_TYPES
from keys.jose.jwe_content import ContentEncryption
from keys.jose.jwe_keys import KeyManagement
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Entered, form_of, response_of
from tests.support.idp_front import client_key, front_portal, opened, public_jwks, verified
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world

JWT_MODES = ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]
MODES = ["query", "fragment", "form_post", *JWT_MODES]
GIVEN = {"code": "code", "id_token": "id_token", "access_token": "token"}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def front(world: IdpWorld) -> Portal:
    return await front_portal(world)


def carrier(mode: str | None, response_type: str) -> str:
    """What the specifications say about where an answer is."""
    default = "query" if response_type == "code" else "fragment"
    name = (mode or default).removesuffix(".jwt")
    return default if name == "jwt" else name


def where(answer: httpx.Response) -> str:
    if answer.status_code == 200:
        return "form_post"
    return "fragment" if "#" in answer.headers["location"] else "query"


async def said(world: IdpWorld, answer: httpx.Response, portal: Portal) -> dict[str, Any]:
    """The parameters of an answer, out of its token if they are in one."""
    params: dict[str, Any] = dict(response_of(answer))
    if "response" not in params:
        return params
    assert params.keys() == {"response"}  # JARM §2.3: nothing beside it
    claims = await verified(world, params["response"])
    assert claims.pop("aud") == portal.client_id
    assert 0 < claims.pop("exp") - world.clock.now().timestamp() <= 600  # JARM §2.1
    return claims


def allowed(mode: str, response_type: str) -> bool:
    return response_type == "code" or mode not in ("query", "query.jwt")


@pytest.mark.parametrize("response_type", RESPONSE_TYPES)
@pytest.mark.parametrize("mode", MODES)
async def test_every_mode_for_every_type(world: IdpWorld, front: Portal, response_type: str, mode: str) -> None:
    browser = Browser(world)
    await browser.enter(front, world.lin)
    answer = await browser.authorize(front, response_type=response_type, response_mode=mode)
    params = await said(world, answer, front)
    assert params["state"] == "s-123"
    assert params["iss"] == ISSUER
    if not allowed(mode, response_type):  # tokens in a query: never, unless encrypted
        assert where(answer) == "fragment"
        assert params["error"] == "invalid_request"
        assert not params.keys() & GIVEN.keys()
        return
    assert where(answer) == carrier(mode, response_type)
    assert {GIVEN[name] for name in params.keys() & GIVEN.keys()} == set(response_type.split())
    if "id_token" in params:
        assert (await verified(world, params["id_token"]))["nonce"] == "n-456"


@pytest.mark.parametrize("response_type", RESPONSE_TYPES)
@pytest.mark.parametrize("mode", MODES)
async def test_errors_come_in_the_mode_that_was_asked_for(
    world: IdpWorld, front: Portal, response_type: str, mode: str
) -> None:
    answer = await Browser(world).authorize(front, response_type=response_type, response_mode=mode, prompt="none")
    params = await said(world, answer, front)
    if allowed(mode, response_type):
        assert where(answer) == carrier(mode, response_type)
        assert params["error"] == "login_required"
        assert ("error_description" in params, params["state"], params["iss"]) == (True, "s-123", ISSUER)


@pytest.mark.parametrize("mode", [*MODES, None])
async def test_errors_after_a_page_come_in_that_mode_too(world: IdpWorld, mode: str | None) -> None:
    scopes = frozenset({"openid", "realname"})
    portal = await front_portal(world, "asks", realname_approved=True, scopes=scopes)
    browser = Browser(world)
    answer = await browser.authorize(portal, scope="openid realname", response_mode=mode)
    answer = await browser.log_in(world.lin, answer.headers["location"])
    answer = await browser.http.get(answer.headers["location"])
    answer = await browser.http.post(answer.headers["location"], data={"decision": "refuse"})
    answer = await browser.http.get(answer.headers["location"])
    assert where(answer) == carrier(mode, "code")
    assert (await said(world, answer, portal))["error"] == "access_denied"


async def test_a_form_post_page_is_strict_and_is_never_kept(world: IdpWorld, front: Portal) -> None:
    browser = Browser(world)
    await browser.enter(front, world.lin)
    answer = await browser.authorize(front, response_mode="form_post")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    form = form_of(answer)
    assert form.action == front.redirect_uri
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    script = re.search(r"<script>(.*?)</script>", answer.text)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "https:",
    }
    assert answer.text.count("<script") == 1
    assert '<button class="btn go big" type="submit">' in answer.text  # for whoever has no script


async def test_a_form_post_answer_works_at_the_token_endpoint(world: IdpWorld, front: Portal) -> None:
    entered = await Browser(world).enter(front, world.lin, response_mode="form_post")
    assert (await BackEnd(world, front).redeem(entered)).status_code == 200


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_a_client_chooses_how_its_answers_are_signed(world: IdpWorld, algorithm: str) -> None:
    portal = await front_portal(world, "signed", authorization_signed_response_alg=algorithm)
    entered = await Browser(world).enter(portal, world.lin, response_mode="jwt")
    header = base64.urlsafe_b64decode(entered.params["response"].split(".")[0] + "==")
    assert f'"alg":"{algorithm}"'.encode() in header.replace(b" ", b"")
    code = (await verified(world, entered.params["response"]))["code"]
    inside = Entered({"code": code}, entered.verifier, entered.redirect_uri, entered.location)
    assert (await BackEnd(world, portal).redeem(inside)).status_code == 200


@pytest.mark.parametrize("management", list(KeyManagement))
@pytest.mark.parametrize("encryption", list(ContentEncryption))
async def test_encrypted_answers_open_with_the_client_s_key_only(
    world: IdpWorld, management: KeyManagement, encryption: ContentEncryption
) -> None:
    keys = {kind: client_key(kind) for kind in ("RSA", "EC")}
    key = keys["EC" if management.agrees else "RSA"]
    portal = await front_portal(
        world,
        "sealed",
        jwks=public_jwks(*keys.values()),
        authorization_signed_response_alg="ES256",
        authorization_encrypted_response_alg=str(management),
        authorization_encrypted_response_enc=str(encryption),
    )
    entered = await Browser(world).enter(portal, world.lin, response_mode="query.jwt")
    inside, header = opened(entered.params["response"], key, str(management), str(encryption))
    assert header["cty"] == "JWT"
    assert header["kid"] == key.as_dict()["kid"]
    assert "code" in await verified(world, inside)


async def test_tokens_may_be_in_a_query_when_they_are_encrypted(world: IdpWorld) -> None:
    """JARM §2.3.1."""
    key = client_key("EC")
    portal = await front_portal(
        world,
        "sealed",
        jwks=public_jwks(key),
        authorization_signed_response_alg="ES256",
        authorization_encrypted_response_alg="ECDH-ES",
    )
    browser = Browser(world)
    entered = await browser.enter(portal, world.lin, response_type="code id_token", response_mode="query.jwt")
    assert "#" not in entered.location
    inside, _ = opened(entered.params["response"], key, "ECDH-ES", "A128CBC-HS256")
    assert "id_token" in await verified(world, inside)
    plain = await browser.authorize(portal, response_type="code id_token", response_mode="query")
    assert "?" not in plain.headers["location"]


async def test_an_answer_that_cannot_be_encrypted_is_not_sent_in_the_clear(world: IdpWorld) -> None:
    portal = await front_portal(
        world,
        "sealed",
        jwks_uri="https://nobody.example.test/jwks",
        authorization_signed_response_alg="ES256",
        authorization_encrypted_response_alg="ECDH-ES",
    )
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    for changes in ({}, {"prompt": "none"}, {"scope": "openid licence:issue"}):
        answer = await browser.authorize(portal, response_mode="jwt", **changes)
        assert answer.status_code == 400, changes
        assert "location" not in answer.headers
