"""O-30, O-31, O-34, O-39 at the doors where clients log in with signed assertions. Each attack beside its twin."""

from __future__ import annotations

import asyncio
import base64
import functools
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.egress.port import Fetched
from core.principal import SYSTEM
from core.text import Text
from idp.client_metadata import ClientMetadata
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, GrantType
from keys.backends.software import SoftwareSigner
from keys.primitives.registry import primitive
from keys.spec import SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, basic
from tests.support.idp_proofs import SigningKey, assertion, by_assertion
from tests.support.idp_world import ISSUER, IdpWorld, Portal, another_worker, cluster_world, embedded_world
from tests.support.servers import PostgresServer, RedisServer
from tests.unit.keys.forge import encoded, part, token

DOORS = ("/token", "/introspect", "/revoke", "/par", "/device-authorization", "/backchannel-authentication")
FORM = {"grant_type": "client_credentials", "token": "unknown", "response_type": "code"}
REFUSED = (401, "invalid_client")
RECOGNISED = ((200, ""), (400, "unauthorized_client"), (400, "invalid_request"))  # let in, whatever it may do there
PARALLEL = 20
KEY, STRANGER = SigningKey(), SigningKey()
Forge = Callable[[FakeClock], str]


@pytest.fixture(params=["embedded", "cluster"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    if request.param == "embedded":
        async with embedded_world(tmp_path, clock, fetcher=Nobody()) as made:
            yield made
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    redis: RedisServer = request.getfixturevalue("redis_server")
    async with cluster_world(postgres, redis, tmp_path, clock, fetcher=Nobody()) as made:
        yield made


class Nobody:
    """Implements `core.egress.port.Fetcher`: whoever is sent out is counted, and meets nobody."""

    asked: list[str] = []  # noqa: RUF012 - one list for the module: nobody is ever to be in it

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


async def system(world: IdpWorld, name: str = "system", key: SigningKey = KEY) -> Portal:
    new = NewClient(
        Text("系统", "System"),
        name,
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({"licence:read"}),
        metadata=ClientMetadata(jwks=key.jwks()),
    )
    await world.idp.register_client(new, SYSTEM)
    return Portal(name, assertion=functools.partial(assertion, key, name, world.clock))


async def shown(world: IdpWorld, text: str, door: str = "/token", **more: str) -> tuple[int, str]:
    answer = await BackEnd(world, world.department).http.post(door, data=FORM | by_assertion(text) | more)
    return answer.status_code, answer.json().get("error", "") if answer.content else ""


def _parts(clock: FakeClock, **header: Any) -> tuple[str, str]:
    """Header and claims of a good assertion, to be signed by hand."""
    _, claims, _ = assertion(KEY, "system", clock).split(".")
    return part({"alg": "ES256", "kid": KEY.kid, **header}), claims


def _unsigned(alg: str, signature: str = "") -> Forge:
    return lambda clock: ".".join((*_parts(clock, alg=alg), signature))


def _resigned(key: SigningKey = KEY, **header: Any) -> Forge:
    return lambda clock: assertion(key, "system", clock, header=header)


def _claims(**changes: Any) -> Forge:
    return lambda clock: assertion(KEY, "system", clock, **changes)


def _by_public_key(form: bytes) -> Forge:
    """Signed by HMAC with what everybody knows (CVE-2024-33663)."""

    def forge(clock: FakeClock) -> str:
        signing_input = ".".join(_parts(clock, alg="HS256"))
        return f"{signing_input}.{encoded(hmac.digest(form, signing_input.encode(), 'sha256'))}"

    return forge


def _written(claims: str) -> Forge:
    """Truly signed, over claims that no library would write."""
    return lambda clock: token(
        {"alg": "ES256", "kid": KEY.kid}, claims.replace("NOW", str(int(clock.now().timestamp()))), _signer()
    )


def _with_header(**members: Any) -> Forge:
    """Truly signed, under a header that no library would write."""

    def forge(clock: FakeClock) -> str:
        claims = json.loads(decoded(_parts(clock)[1]))
        return token({"alg": "ES256", "kid": KEY.kid, **members}, claims, _signer())

    return forge


@functools.cache
def _signer() -> SoftwareSigner:
    private = primitive(SignatureAlgorithm.ES256).load_private(KEY.key.as_der(private=True))
    return SoftwareSigner(private, SignatureAlgorithm.ES256)


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


GOOD = '{"iss":"system","sub":"system","aud":"%s","jti":"j","exp":%s}'
PEM = KEY.key.as_pem(private=False)
O_30: dict[str, Forge] = {
    **{f"none-{alg}": _unsigned(alg) for alg in ("none", "None", "NONE", "nOnE")},
    "none-signed": _unsigned("none", "AAAA"),
    "no-signature": _unsigned("ES256"),
    "zero": _unsigned("ES256", encoded(b"\0" * 64)),
    "r=s=1": _unsigned("ES256", encoded((b"\0" * 31 + b"\1") * 2)),
    "der": _unsigned("ES256", encoded(bytes.fromhex("3006020101020101"))),
    "short": _unsigned("ES256", encoded(b"\1" * 63)),
    "long": _unsigned("ES256", encoded(b"\1" * 65)),
    "hmac-empty": _unsigned("HS256", encoded(b"\0" * 32)),
    "hmac-of-pem": _by_public_key(PEM),
    "hmac-of-stripped-pem": _by_public_key(PEM.strip()),
    "hmac-of-der": _by_public_key(KEY.key.as_der(private=False)),
    "hmac-of-jwk": _by_public_key(json.dumps(KEY.jwk()).encode()),
    "hmac-of-sorted-jwk": _by_public_key(json.dumps(KEY.jwk(), sort_keys=True, separators=(",", ":")).encode()),
    "hmac-of-x": _by_public_key(KEY.jwk()["x"].encode()),
    "stranger": _resigned(STRANGER),
    "stranger-named-alike": _resigned(SigningKey("ES256", KEY.kid, STRANGER.key)),
    "other-curve": _resigned(SigningKey("ES384", KEY.kid)),
    "other-family-rs": _resigned(SigningKey("RS256", KEY.kid)),
    "other-family-ps": _resigned(SigningKey("PS256", KEY.kid)),
    "other-family-ed": _resigned(SigningKey("EdDSA", KEY.kid)),
    "alg-es384": _with_header(alg="ES384"),
    "alg-es256k": _with_header(alg="ES256K"),
    "alg-lower": _with_header(alg="es256"),
    "alg-list": _with_header(alg=["ES256"]),
    "alg-absent": _with_header(alg=None),
}
O_31: dict[str, Forge] = {
    "jwk": _with_header(jwk=STRANGER.jwk()),
    "own-jwk": _with_header(jwk=KEY.jwk()),
    "jku": _with_header(jku="https://evil.example/jwks"),
    "x5u": _with_header(x5u="https://evil.example/x"),
    "x5c": _with_header(x5c=["AAAA"]),
    "crit": _with_header(crit=["exp"], exp=1),
    "kid-path": _with_header(kid="../../dev/null"),
    "kid-null": _with_header(kid="/dev/null"),
    "kid-sql": _with_header(kid="k1' OR '1'='1"),
    "kid-url": _with_header(kid="https://evil.example/k"),
    "kid-number": _with_header(kid=1),
    "kid-long": _with_header(kid="k" * 5_000),
}
O_34: dict[str, Forge] = {
    "iss-other": _claims(iss="department"),
    "iss-absent": _claims(iss=None),
    "sub-other": _claims(sub="department"),
    "sub-absent": _claims(sub=None),
    "sub-list": _written(GOOD.replace('"sub":"system"', '"sub":["system"]') % (ISSUER, "NOW")),
    "sub-twice": _written(GOOD.replace('"sub":"system"', '"sub":"department","sub":"system"') % (ISSUER, "NOW")),
    "aud-absent": _claims(aud=None),
    "aud-object": _claims(aud={"0": ISSUER}),
    "aud-prefix": _claims(aud=ISSUER + ".evil.example"),
    "jti-absent": _claims(jti=None),
    "jti-empty": _claims(jti=""),
    "jti-number": _claims(jti=7),
    "jti-long": _claims(jti="j" * 513),
    "exp-absent": _claims(exp=None),
    "exp-text": _claims(exp="4102444800"),
    "exp-true": _claims(exp=True),
    "exp-negative": _claims(exp=-1),
    "exp-past": lambda clock: assertion(KEY, "system", clock, exp=int(clock.now().timestamp()) - 61),
    "exp-infinite": _written(GOOD % (ISSUER, "1e400")),
    "exp-huge": _written(GOOD % (ISSUER, "1" + "0" * 400)),
    "exp-nan": _written(GOOD % (ISSUER, "NaN")),
    "nbf-later": lambda clock: assertion(KEY, "system", clock, nbf=int(clock.now().timestamp()) + 120),
    "typ-of-access-token": _resigned(typ="at+jwt"),
    "typ-of-proof": _resigned(typ="dpop+jwt"),
    "typ-of-request-object": _resigned(typ="oauth-authz-req+jwt"),
    "claims-a-list": _written("[]"),
    "not-a-token": lambda _clock: "a.b",
    "five-parts": lambda clock: assertion(KEY, "system", clock) + ".x.y",
}


@pytest.mark.parametrize("door", DOORS)
async def test_o30_o31_o34_a_forged_assertion_is_refused(world: IdpWorld, door: str) -> None:
    await system(world)
    rows = {**O_30, **O_31, **O_34}
    assert len(O_30) >= 25
    for name, forge in rows.items():
        assert await shown(world, forge(world.clock), door, client_id="system") == REFUSED, name
        assert await shown(world, forge(world.clock), door) == REFUSED, name
    for twin in (assertion(KEY, "system", world.clock), _with_header()(world.clock)):
        assert await shown(world, twin, door) in RECOGNISED
    assert Nobody.asked == [], "no header sends us anywhere"


ODD = ("\\u0000", "\\ud800", "system\\u0000", "\\u202esystem", "s" * 1_500, "\\ud83d\\ude00", "", " ", "'; --")


async def test_o38_no_name_of_a_client_is_too_odd(world: IdpWorld) -> None:
    """In an assertion that nobody signed, in the form, and in the header: refused, and no error of ours."""
    await system(world)
    for odd in ODD:
        text = f'{{"iss":"{odd}","sub":"{odd}","aud":"{ISSUER}","jti":"j","exp":4102444800}}'
        assert await shown(world, _written(text)(world.clock)) == REFUSED, odd
        name = json.loads(f'"{odd}"').encode("utf-8", "replace").decode()
        http = BackEnd(world, world.department).http
        for answer in (
            await http.post("/token", data=FORM | {"client_id": name, "client_secret": "x"}),
            await http.post("/token", data=FORM, headers={"Authorization": basic(name, "x")}),
        ):
            assert (answer.status_code, answer.json()["error"]) == REFUSED, odd
    assert (await shown(world, assertion(KEY, "system", world.clock)))[0] == 200


async def test_o39_an_assertion_counts_once_at_all_doors_together(world: IdpWorld) -> None:
    await system(world)
    for door in DOORS:
        text = assertion(KEY, "system", world.clock)
        assert await shown(world, text, door) in RECOGNISED
        for again in DOORS:
            assert await shown(world, text, again) == REFUSED
    text = assertion(KEY, "system", world.clock, exp=int(world.clock.now().timestamp()) + 600)
    assert (await shown(world, text))[0] == 200
    if world.ground.settings.kv.url.startswith("sqlite"):  # time stands still in Redis
        world.clock.advance(599 + 59)
        assert await shown(world, text) == REFUSED


async def test_o39_of_many_at_once_one_counts(world: IdpWorld) -> None:
    await system(world)
    for _ in range(3):
        text = assertion(KEY, "system", world.clock)
        answers = await asyncio.gather(*(shown(world, text) for _ in range(PARALLEL)))
        assert sorted(status for status, _ in answers) == [200] + [401] * (PARALLEL - 1)


async def test_o39_two_workers_take_an_assertion_once_between_them(world: IdpWorld) -> None:
    await system(world)
    workers = [world, another_worker(world)]
    for _ in range(3):
        text = assertion(KEY, "system", world.clock)
        answers = await asyncio.gather(*(shown(workers[number % 2], text) for number in range(PARALLEL)))
        assert sorted(status for status, _ in answers) == [200] + [401] * (PARALLEL - 1)


async def test_o39_the_same_id_of_two_clients_is_two_ids(world: IdpWorld) -> None:
    await system(world)
    await system(world, "second", STRANGER)
    assert (await shown(world, assertion(KEY, "system", world.clock, jti="same")))[0] == 200
    assert (await shown(world, assertion(STRANGER, "second", world.clock, jti="same")))[0] == 200
    assert await shown(world, assertion(KEY, "system", world.clock, jti="same")) == REFUSED


async def test_o39_a_refused_assertion_spends_no_id(world: IdpWorld) -> None:
    """Nobody without the key can use up a client's ids, or fill the store."""
    await system(world)
    await system(world, "second", STRANGER)
    for forged in (
        assertion(STRANGER, "system", world.clock, jti="mine"),
        assertion(KEY, "system", world.clock, jti="mine", aud="https://other.example"),
        assertion(KEY, "second", world.clock, jti="mine"),
    ):
        assert await shown(world, forged) == REFUSED
    assert (await shown(world, assertion(KEY, "system", world.clock, jti="mine")))[0] == 200


@pytest.mark.parametrize("audience", ["https://other.example", "https://id.example.test.evil.example", "/token"])
async def test_o39_an_assertion_for_another_server_is_refused(world: IdpWorld, audience: str) -> None:
    await system(world)
    assert await shown(world, assertion(KEY, "system", world.clock, aud=audience)) == REFUSED
    far = int(world.clock.now().timestamp()) + 10 * 365 * 86_400
    assert await shown(world, assertion(KEY, "system", world.clock, exp=far)) == REFUSED
    assert (await shown(world, assertion(KEY, "system", world.clock)))[0] == 200


async def test_o39_what_is_remembered_ends_with_the_assertion(tmp_path: Path, clock: FakeClock) -> None:
    """The replay store is bounded: an id is kept until its assertion is refused for its age, and swept then."""
    async with embedded_world(tmp_path, clock) as world:
        await system(world)
        for _ in range(5):
            assert (await shown(world, assertion(KEY, "system", clock)))[0] == 200
        clock.advance(60 + 60 + 4)
        assert await world.ground.kv.sweep() == 0
        clock.advance(2)
        assert await world.ground.kv.sweep() == 5


async def test_o30_no_key_counts_for_a_client_of_another_method(world: IdpWorld) -> None:
    """A secret's client proves nothing by a signature, nor a key's client by the digest of something public."""
    for client_id in ("department", "phone-app"):
        assert await shown(world, assertion(KEY, client_id, world.clock)) == REFUSED
        secret = SigningKey.of_secret(world.department.secret or "")
        assert await shown(world, assertion(secret, client_id, world.clock)) == REFUSED
    assert (await BackEnd(world, world.department).client_credentials()).status_code == 200
