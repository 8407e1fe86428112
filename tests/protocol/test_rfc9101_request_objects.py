"""Request objects by value and by reference, signed and encrypted (OIDC Core §6; RFC 9101; reference A-14, R-9)."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import warnings
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from core.egress.port import Fetched, Fetcher
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.fapi import request_object
from tests.support.idp_browser import BackEnd, Browser, Pkce, authorization_params, query_of
from tests.support.idp_proofs import SigningKey
from tests.support.idp_world import IdpWorld, Portal, embedded_world
from tests.support.pushing import bring, push
from tests.unit.keys.forge import part

KEY = SigningKey("ES256", "portal-a-1")
ADDRESS = "https://a.example.test/requests/1"


class Shelf(Fetcher):
    """Addresses with what lies there."""

    def __init__(self) -> None:
        self.lies: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.status = 200

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        self.asked.append(url)
        return Fetched(self.status, "application/oauth-authz-req+jwt", self.lies.get(url, b""))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock, shelf: Shelf) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock, fetcher=shelf) as made:
        await change_client(made, "portal-a", jwks=KEY.jwks())
        yield made


def signed(world: IdpWorld, pkce: Pkce | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    return request_object(KEY, world.portal_a, world, pkce, header, **changes)


async def ask(browser: Browser, **params: str) -> httpx.Response:
    return await browser.http.get("/authorize", params={"client_id": "portal-a", **params})


def around(portal: Portal) -> dict[str, str]:
    """What OIDC Core §6.1 wants to stand beside an object."""
    return {"response_type": "code", "scope": "openid", "redirect_uri": portal.redirect_uri}


async def test_an_object_by_value_is_honoured(world: IdpWorld) -> None:
    pkce, browser = Pkce(), Browser(world)
    step = await ask(browser, request=signed(world, pkce, state="inside"))
    entered = await browser.follow(step, pkce, world.portal_a, world.lin)
    assert entered.params["state"] == "inside"
    assert (await BackEnd(world, world.portal_a).redeem(entered)).status_code == 200


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES384", "EdDSA"])
async def test_whatever_algorithm_we_offer(world: IdpWorld, alg: str) -> None:
    metadata = (await BackEnd(world, world.portal_a).http.get("/.well-known/openid-configuration")).json()
    assert alg in metadata["request_object_signing_alg_values_supported"]
    key = SigningKey(alg, "other")
    await change_client(world, "portal-a", jwks=key.jwks())
    step = await ask(Browser(world), request=request_object(key, world.portal_a, world))
    assert step.headers["location"].startswith("/login")


async def test_only_the_algorithm_that_the_client_registered(world: IdpWorld) -> None:
    await change_client(world, "portal-a", request_object_signing_alg="RS256")
    step = await ask(Browser(world), **around(world.portal_a), request=signed(world))
    assert query_of(step.headers["location"])["error"] == "invalid_request_object"
    await change_client(world, "portal-a", request_object_signing_alg="ES256")
    assert (await ask(Browser(world), request=signed(world))).headers["location"].startswith("/login")


async def test_a_plain_object_of_openid_connect_needs_no_times_and_no_audience(world: IdpWorld) -> None:
    """OIDC Core §6.1 only says SHOULD; what is there must be right."""
    bare = {"iss": None, "aud": None, "exp": None, "nbf": None, "iat": None, "client_id": None}
    step = await ask(Browser(world), **around(world.portal_a), request=signed(world, header={"typ": "JWT"}, **bare))
    assert step.headers["location"].startswith("/login")


async def test_openid_connect_lets_parameters_that_vary_stand_beside(world: IdpWorld) -> None:
    """§6.1: what is inside wins, what is only outside counts."""
    pkce, browser = Pkce(), Browser(world)
    fixed = signed(world, pkce, header={"typ": "JWT"}, state=None, nonce="inside")
    step = await ask(browser, **around(world.portal_a), request=fixed, state="outside", nonce="outside")
    entered = await browser.follow(step, pkce, world.portal_a, world.lin)
    assert entered.params["state"] == "outside"
    tokens = await BackEnd(world, world.portal_a).tokens(entered)
    claims = json.loads(base64.urlsafe_b64decode(tokens["id_token"].split(".")[1] + "=="))
    assert claims["nonce"] == "inside"


@pytest.mark.parametrize("strict", ["type", "registration", "nothing-beside"])
async def test_rfc_9101_lets_nothing_stand_beside(world: IdpWorld, strict: str) -> None:
    """§6.3: by the object's type, by registration, or because OIDC Core is not spoken at all."""
    pkce, browser = Pkce(), Browser(world)
    if strict == "registration":
        await change_client(world, "portal-a", require_signed_request_object=True)
    fixed = signed(world, pkce, header=None if strict == "type" else {"typ": "JWT"}, state=None)
    beside = {} if strict == "nothing-beside" else around(world.portal_a)
    step = await ask(browser, **beside, request=fixed, state="outside")
    entered = await browser.follow(step, pkce, world.portal_a, world.lin)
    assert "code" in entered.params
    assert "state" not in entered.params


async def test_a_14_the_redirect_uri_inside_wins(world: IdpWorld) -> None:
    pkce, browser = Pkce(), Browser(world)
    inside = "https://a.example.test/callback?kept=1"
    fixed = signed(world, pkce, header={"typ": "JWT"}, redirect_uri=inside)
    step = await ask(browser, **around(world.portal_a), request=fixed)
    entered = await browser.follow(step, pkce, world.portal_a, world.lin)
    assert entered.location.startswith(f"{inside}&code=")


async def test_an_address_inside_that_is_not_registered_is_a_page_of_ours(world: IdpWorld) -> None:
    step = await ask(Browser(world), **around(world.portal_a), request=signed(world, redirect_uri="https://evil.test/"))
    assert step.status_code == 400
    assert "location" not in step.headers


async def test_response_type_must_agree_inside_and_outside(world: IdpWorld) -> None:
    fixed = signed(world, header={"typ": "JWT"}, response_type="code id_token")
    step = await ask(Browser(world), **around(world.portal_a), request=fixed)
    assert query_of(step.headers["location"])["error"] == "invalid_request"


async def test_json_values_are_json_inside(world: IdpWorld) -> None:
    pkce, browser = Pkce(), Browser(world)
    fixed = signed(world, pkce, max_age=0, claims={"id_token": {"auth_time": {"essential": True}}})
    entered = await browser.follow(await ask(browser, request=fixed), pkce, world.portal_a, world.lin)
    assert "code" in entered.params


async def test_a_client_that_demands_signed_requests_of_itself(world: IdpWorld) -> None:
    await change_client(world, "portal-a", require_signed_request_object=True)
    answer = await Browser(world).authorize(world.portal_a)
    assert query_of(answer.headers["location"])["error"] == "invalid_request"  # RFC 9101 §10.5
    assert (await push(BackEnd(world, world.portal_a))).json()["error"] == "invalid_request"


async def test_an_object_may_be_pushed(world: IdpWorld) -> None:
    back_end, browser, pkce = BackEnd(world, world.portal_a), Browser(world), Pkce()
    answer = await back_end.post("/par", {"request": signed(world, pkce)})
    step = await bring(browser, world.portal_a, answer.json()["request_uri"])
    assert "code" in (await browser.follow(step, pkce, world.portal_a, world.lin)).params


async def encrypted(world: IdpWorld, text: str, **header: str) -> str:
    keys = (await BackEnd(world, world.portal_a).http.get("/jwks")).json()["keys"]
    ours = next(key for key in keys if key["use"] == "enc")
    members = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": ours["kid"], "cty": "JWT", **header}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jwe.encrypt_compact(members, text, ECKey.import_key(ours), algorithms=[members["alg"], members["enc"]])


@pytest.mark.parametrize(
    ("alg", "enc"), [("ECDH-ES", "A128GCM"), ("ECDH-ES", "A128CBC-HS256"), ("ECDH-ES+A256KW", "A256GCM")]
)
async def test_an_encrypted_object_is_opened(world: IdpWorld, alg: str, enc: str) -> None:
    metadata = (await BackEnd(world, world.portal_a).http.get("/.well-known/openid-configuration")).json()
    assert alg in metadata["request_object_encryption_alg_values_supported"]
    assert enc in metadata["request_object_encryption_enc_values_supported"]
    pkce, browser = Pkce(), Browser(world)
    hidden = await encrypted(world, signed(world, pkce, state="hidden"), alg=alg, enc=enc)
    entered = await browser.follow(await ask(browser, request=hidden), pkce, world.portal_a, world.lin)
    assert entered.params["state"] == "hidden"


async def test_an_encrypted_object_must_be_signed_inside(world: IdpWorld) -> None:
    inside = json.dumps({**authorization_params(world.portal_a, Pkce()), "iss": "portal-a"})
    for text in (inside, await encrypted(world, signed(world))):  # unsigned, and twice encrypted
        step = await ask(Browser(world), **around(world.portal_a), request=await encrypted(world, text))
        assert query_of(step.headers["location"])["error"] == "invalid_request_object"


async def test_an_object_by_reference_is_fetched(world: IdpWorld, shelf: Shelf) -> None:
    await change_client(world, "portal-a", request_uris=(ADDRESS,))
    pkce, browser = Pkce(), Browser(world)
    shelf.lies[ADDRESS] = signed(world, pkce, state="by-reference").encode()
    step = await ask(browser, request_uri=ADDRESS)
    entered = await browser.follow(step, pkce, world.portal_a, world.lin)
    assert entered.params["state"] == "by-reference"
    await ask(browser, request_uri=ADDRESS)
    assert shelf.asked == [ADDRESS, ADDRESS], "without a hash nothing is kept"


async def test_what_a_hash_names_is_fetched_once(world: IdpWorld, shelf: Shelf) -> None:
    await change_client(world, "portal-a", request_uris=(ADDRESS,))
    shelf.lies[ADDRESS] = signed(world).encode()
    named = f"{ADDRESS}#{hashed(shelf.lies[ADDRESS])}"
    for _ in range(3):
        assert (await ask(Browser(world), request_uri=named)).headers["location"].startswith("/login")
    assert shelf.asked == [ADDRESS], "and without the fragment"
    shelf.lies[ADDRESS] = signed(world, state="changed").encode()
    changed = f"{ADDRESS}#{hashed(shelf.lies[ADDRESS])}"
    assert (await ask(Browser(world), request_uri=changed)).headers["location"].startswith("/login")


def hashed(content: bytes) -> str:
    """OIDC Core §6.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


async def test_another_content_than_the_hash_says_is_refused(world: IdpWorld, shelf: Shelf) -> None:
    registered = f"{ADDRESS}#{hashed(b'something else')}"
    await change_client(world, "portal-a", request_uris=(registered,))
    shelf.lies[ADDRESS] = signed(world).encode()
    refused = functools.partial(ask, Browser(world), **around(world.portal_a))
    assert query_of((await refused(request_uri=registered)).headers["location"])["error"] == "invalid_request_uri"


@pytest.mark.parametrize(
    "uri",
    [
        "https://a.example.test/requests/2",
        f"{ADDRESS}?x=1",
        f"{ADDRESS}/",
        f"{ADDRESS}#not-a-hash",
        ADDRESS.upper(),
        "http://127.0.0.1/",
        "file:///etc/passwd",
        "urn:other",
        f"{ADDRESS}{'x' * 600}",
    ],
)
async def test_only_registered_addresses_are_fetched(world: IdpWorld, shelf: Shelf, uri: str) -> None:
    await change_client(world, "portal-a", request_uris=(ADDRESS,))
    step = await ask(Browser(world), **around(world.portal_a), request_uri=uri)
    assert query_of(step.headers["location"])["error"] == "invalid_request_uri"
    assert shelf.asked == []


@pytest.mark.parametrize("uri", [ADDRESS, f"{ADDRESS}#{hashed(b'x')}"])
async def test_one_registered_with_a_hash_is_called_with_that_hash_only(
    world: IdpWorld, shelf: Shelf, uri: str
) -> None:
    await change_client(world, "portal-a", request_uris=(f"{ADDRESS}#{hashed(b'y')}",))
    step = await ask(Browser(world), **around(world.portal_a), request_uri=uri)
    assert query_of(step.headers["location"])["error"] == "invalid_request_uri"
    assert shelf.asked == []


async def test_an_address_without_an_answer(world: IdpWorld, shelf: Shelf) -> None:
    await change_client(world, "portal-a", request_uris=(ADDRESS,))
    for status, body in ((404, b"x"), (302, b""), (200, b""), (200, b"\xff"), (200, b"x" * 20_000)):
        shelf.status, shelf.lies[ADDRESS] = status, body
        step = await ask(Browser(world), **around(world.portal_a), request_uri=ADDRESS)
        assert query_of(step.headers["location"])["error"] == "invalid_request_uri"


async def test_request_and_request_uri_exclude_each_other(world: IdpWorld) -> None:
    step = await ask(Browser(world), **around(world.portal_a), request=signed(world), request_uri=ADDRESS)
    assert query_of(step.headers["location"])["error"] == "invalid_request"


async def test_keys_that_the_client_has_changed_are_looked_up_again(world: IdpWorld, shelf: Shelf) -> None:
    uri, new = "https://a.example.test/jwks", SigningKey("ES256", "portal-a-2")
    await change_client(world, "portal-a", jwks=None, jwks_uri=uri)
    shelf.lies[uri] = json.dumps(KEY.jwks()).encode()
    assert (await ask(Browser(world), request=signed(world))).headers["location"].startswith("/login")
    shelf.lies[uri] = json.dumps({"keys": [KEY.jwk(), new.jwk()]}).encode()
    world.clock.advance(60)
    step = await ask(Browser(world), request=request_object(new, world.portal_a, world))
    assert step.headers["location"].startswith("/login")
    assert shelf.asked == [uri, uri]


async def test_without_an_address_beside_it_a_bad_object_is_told_on_a_page_of_ours(world: IdpWorld) -> None:
    step = await ask(Browser(world), request="not.an.object")
    assert step.status_code == 400
    assert step.json()["type"].endswith("/authorization-request-unusable")


async def test_r_9_an_unsigned_object_is_refused_as_such(world: IdpWorld, shelf: Shelf) -> None:
    """OIDC Core §6.1 knows them; we offer no `none`, and the right error says so (§3.1.2.6)."""
    await change_client(world, "portal-a", request_uris=(ADDRESS,))
    unsigned = f"{part({'alg': 'none'})}.{signed(world).split('.')[1]}."
    shelf.lies[ADDRESS] = unsigned.encode()
    for beside, error in (
        ({"request": unsigned}, "request_not_supported"),
        ({"request_uri": ADDRESS}, "request_uri_not_supported"),
    ):
        step = await ask(Browser(world), **around(world.portal_a), **beside)
        assert query_of(step.headers["location"])["error"] == error
    await change_client(world, "portal-a", require_signed_request_object=True)
    step = await ask(Browser(world), **around(world.portal_a), request=unsigned)
    assert query_of(step.headers["location"])["error"] == "invalid_request_object"
