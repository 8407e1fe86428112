"""O-19, O-30, O-31, O-34 at the doors that take request objects. Each attack beside its twin."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.egress.fetch import Egress
from core.egress.port import Fetched
from core.egress.rules import EgressRules, HostList
from keys.backends.software import SoftwareSigner
from keys.primitives.registry import primitive
from keys.spec import SignatureAlgorithm
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.fapi import request_object
from tests.support.idp_browser import BackEnd, Browser, Pkce, query_of
from tests.support.idp_proofs import SigningKey, assertion
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world
from tests.support.listener import Listener, listening, response
from tests.unit.keys.forge import encoded, part, token

KEY, STRANGER = SigningKey("ES256", "k1"), SigningKey("ES256", "stranger")
Forge = Callable[[IdpWorld], str]


class Nobody:
    """Implements `core.egress.port.Fetcher`: whoever is sent out is counted, and brings a stranger's keys."""

    def __init__(self) -> None:
        self.asked: list[str] = []

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
        return Fetched(200, "application/json", json.dumps(STRANGER.jwks()).encode())


@pytest.fixture
def nobody() -> Nobody:
    return Nobody()


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock, nobody: Nobody) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock, fetcher=nobody) as made:
        await change_client(made, "portal-a", jwks=KEY.jwks())
        yield made


def _good(world: IdpWorld, header: dict[str, Any] | None = None, **changes: Any) -> str:
    return request_object(KEY, world.portal_a, world, Pkce(), header, **changes)


def _parts(world: IdpWorld, **header: Any) -> tuple[str, str]:
    """Header and claims of a good object, to be signed by hand."""
    _, claims, _ = _good(world).split(".")
    return part({"alg": "ES256", "kid": "k1", "typ": "oauth-authz-req+jwt", **header}), claims


def _unsigned(alg: str, signature: str = "") -> Forge:
    return lambda world: ".".join((*_parts(world, alg=alg), signature))


def _by_hmac(key: bytes) -> Forge:
    """Signed with what everybody knows (CVE-2024-33663)."""

    def forge(world: IdpWorld) -> str:
        signing_input = ".".join(_parts(world, alg="HS256"))
        return f"{signing_input}.{encoded(hmac.digest(key, signing_input.encode(), 'sha256'))}"

    return forge


def _signer(key: SigningKey) -> SoftwareSigner:
    private = primitive(SignatureAlgorithm.ES256).load_private(key.key.as_der(private=True))
    return SoftwareSigner(private, SignatureAlgorithm.ES256)


def _with_header(key: SigningKey = KEY, **members: Any) -> Forge:
    """Truly signed, under a header that no library would write."""

    def forge(world: IdpWorld) -> str:
        claims = json.loads(_decoded(_good(world).split(".")[1]))
        return token({"alg": "ES256", "kid": "k1", **members}, claims, _signer(key))

    return forge


def _written(text: str) -> Forge:
    """Truly signed by the client, over claims that no library would write; `GOOD` stands for good ones."""

    def forge(world: IdpWorld) -> str:
        good = _decoded(_good(world).split(".")[1]).decode()
        return token({"alg": "ES256", "kid": "k1"}, text.replace("GOOD", good[1:-1]), _signer(KEY))

    return forge


def _claims(**changes: Any) -> Forge:
    return lambda world: _good(world, **changes)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


STRANGERS_JWK = STRANGER.jwk()
FORGED: dict[str, Forge] = {
    # O-30
    "none": _unsigned("none"),
    "None": _unsigned("None"),
    "nOnE": _unsigned("nOnE", "AAAA"),
    "empty-signature": _unsigned("ES256"),
    "zero-signature": _unsigned("ES256", encoded(bytes(64))),
    "der-signature": _unsigned("ES256", encoded(bytes.fromhex("3006020101020101"))),
    "hmac-with-pem": _by_hmac(KEY.key.as_pem(private=False)),
    "hmac-with-der": _by_hmac(KEY.key.as_der(private=False)),
    "hmac-with-jwk": _by_hmac(json.dumps(KEY.jwk()).encode()),
    "hmac-with-nothing": _by_hmac(b""),
    "other-family": lambda world: request_object(SigningKey("RS256", "k1"), world.portal_a, world),
    "other-curve": lambda world: request_object(SigningKey("ES384", "k1"), world.portal_a, world),
    "stranger": lambda world: request_object(STRANGER, world.portal_a, world, header={"kid": "k1"}),
    # O-31
    "jwk": _with_header(STRANGER, jwk=STRANGERS_JWK),
    "jwk-and-kid": _with_header(STRANGER, jwk=STRANGERS_JWK, kid="stranger"),
    "jku": _with_header(STRANGER, jku="https://evil.test/jwks"),
    "x5u": _with_header(STRANGER, x5u="https://evil.test/chain"),
    "x5c": _with_header(STRANGER, x5c=["AAAA"]),
    "crit": _with_header(crit=["exp"]),
    "kid-path": _with_header(STRANGER, kid="../../../../dev/null"),
    "kid-sql": _with_header(STRANGER, kid="' OR 1=1 --"),
    "kid-address": _with_header(STRANGER, kid="https://evil.test/key"),
    "kid-number": _with_header(kid=1),
    "typ-access-token": _with_header(typ="at+jwt"),
    "typ-logout": _with_header(typ="logout+jwt"),
    "typ-proof": _with_header(typ="dpop+jwt"),
    # O-34
    "iss": _claims(iss="portal-b"),
    "iss-list": _claims(iss=["portal-a"]),
    "aud": _claims(aud="https://other.example.test"),
    "aud-object": _claims(aud={"0": ISSUER}),
    "exp-past": _claims(exp=1),
    "exp-text": _claims(exp="9999999999"),
    "exp-true": _claims(exp=True),
    "exp-negative": _claims(exp=-1),
    "exp-endless": _written('{GOOD, "x": 1, "nbf": 1e400}'),
    "exp-of-many-digits": _written('{GOOD, "x": ' + "9" * 4_400 + "}"),
    "nbf-later": lambda world: _good(world, nbf=int(world.clock.now().timestamp()) + 600),
    "iat-later": lambda world: _good(world, iat=int(world.clock.now().timestamp()) + 600),
    "twice": _written('{GOOD, "state": "a", "state": "b"}'),
    "list": _written("[1]"),
    "nan": _written('{GOOD, "x": NaN}'),
    "deep": _written('{GOOD, "x": ' + "[" * 2_000 + "]" * 2_000 + "}"),
    "client-id": _claims(client_id="portal-b"),
    "client-id-list": _claims(client_id=["portal-a"]),
    "request-inside": _claims(request="x"),
    "request-uri-inside": _claims(request_uri="urn:ietf:params:oauth:request_uri:x"),
    "client-assertion": lambda world: assertion(KEY, "portal-a", world.clock),
    "state-half-a-character": _written('{GOOD, "x": "\\ud800"}'),
    "state-true": _written('{GOOD, "x": true}'),
    "state-number": _written('{GOOD, "x": 1.5}'),
    "resource-number": _claims(resource=[1]),
    "too-many": _claims(**{f"x{number}": "1" for number in range(80)}),
    "not-a-token": lambda world: "a.b",
    "five-parts": lambda world: "a.b.c.d.e",
    "nothing": lambda world: "...",
}


@pytest.mark.filterwarnings("ignore")  # joserfc dislikes some of these too
@pytest.mark.parametrize("name", FORGED)
async def test_o_30_31_34_a_forged_request_object_is_refused_everywhere(
    world: IdpWorld, nobody: Nobody, name: str
) -> None:
    text, error = FORGED[name](world), "request_not_supported" if name == "none" else "invalid_request_object"
    browser, back_end = Browser(world), BackEnd(world, world.portal_a)
    beside = {"client_id": "portal-a", "redirect_uri": world.portal_a.redirect_uri}
    for method, place in (("GET", "params"), ("POST", "data")):
        step = await browser.http.request(method, "/authorize", **{place: {**beside, "request": text}})  # type: ignore[arg-type]  # one of two
        assert step.status_code == 303, step.text
        assert query_of(step.headers["location"])["error"] == error
    pushed = await back_end.post("/par", {"request": text})
    assert (pushed.status_code, pushed.json()["error"]) == (400, error)
    assert nobody.asked == []
    # the twin
    assert (
        (await browser.http.get("/authorize", params={**beside, "request": _good(world)}))
        .headers["location"]
        .startswith("/login")
    )
    assert (await back_end.post("/par", {"request": _good(world)})).status_code == 201


async def test_o_05_parameters_twice_beside_and_inside(world: IdpWorld) -> None:
    """In a query a name twice is refused; inside an object JSON with a name twice is (above)."""
    good = _good(world)
    for twice in ("request", "client_id", "redirect_uri"):
        query = f"client_id=portal-a&request={good}&redirect_uri=x&{twice}=again"
        answer = await Browser(world).http.get(f"/authorize?{query}")
        assert answer.status_code == 400
        assert "location" not in answer.headers
    pushed = await BackEnd(world, world.portal_a).http.post(
        "/par",
        content=f"client_id=portal-a&request={good}&request={good}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (pushed.status_code, pushed.json()["error"]) == (400, "invalid_request")


@pytest.fixture
async def inside() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


INSIDE = [
    "http://127.0.0.1:{port}/r",
    "https://127.0.0.1:{port}/r",
    "http://localhost:{port}/r",
    "http://[::1]:{port}/r",
    "http://[::ffff:127.0.0.1]:{port}/r",
    "http://0.0.0.0:{port}/r",
    "http://2130706433:{port}/r",
    "http://0177.0.0.1:{port}/r",
    "http://0x7f.1:{port}/r",
    "http://127.1:{port}/r",
    "http://a@127.0.0.1:{port}/r",
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/r",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/r",
    "ftp://127.0.0.1:{port}/r",
]


def _way_out(listener: Listener) -> Egress:
    """As strict as in service, but for the listener's own port and scheme, which are not the point here."""
    rules = EgressRules(schemes=frozenset({"http", "https"}), ports=frozenset({80, 443, listener.port}), seconds=1.0)
    return Egress(rules)


@pytest.mark.parametrize("address", INSIDE)
async def test_o_19_a_registered_request_uri_leads_nowhere_inside(
    tmp_path: Path, clock: FakeClock, inside: Listener, address: str
) -> None:
    """Even where somebody got such an address registered."""
    uri = address.format(port=inside.port)
    async with embedded_world(tmp_path, clock, fetcher=_way_out(inside)) as world:
        await change_client(world, "portal-a", jwks=KEY.jwks(), request_uris=(uri,))
        inside.answers["/r"] = response(_good(world).encode())
        params = {"client_id": "portal-a", "redirect_uri": world.portal_a.redirect_uri, "request_uri": uri}
        step = await Browser(world).http.get("/authorize", params=params)
    assert query_of(step.headers["location"])["error"] == "invalid_request_uri"
    assert inside.connections == 0


async def test_o_19_twin_and_a_redirect_that_is_not_followed(
    tmp_path: Path, clock: FakeClock, inside: Listener
) -> None:
    rules = EgressRules(
        schemes=frozenset({"http"}), ports=frozenset({inside.port}), inside=HostList.of(["127.0.0.0/8"]), seconds=1.0
    )
    away, good, large = (inside.url(path) for path in ("/away", "/good", "/large"))
    async with embedded_world(tmp_path, clock, fetcher=Egress(rules)) as world:
        await change_client(world, "portal-a", jwks=KEY.jwks(), request_uris=(away, good, large))
        inside.answers["/good"] = response(_good(world).encode())
        inside.answers["/away"] = response(b"", f"Location: {good}", status="302 Found")
        inside.answers["/large"] = response(b"x" * 2_000_000)
        beside = {"client_id": "portal-a", "redirect_uri": world.portal_a.redirect_uri}
        steps = [
            await Browser(world).http.get("/authorize", params={**beside, "request_uri": uri})
            for uri in (good, away, large)
        ]
    assert steps[0].headers["location"].startswith("/login")
    for refused in steps[1:]:
        assert query_of(refused.headers["location"])["error"] == "invalid_request_uri"
    assert inside.connections == 3
