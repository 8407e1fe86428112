"""O-30, O-31, O-34, O-40: proofs of possession that prove nothing. Each attack beside its twin."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from idp.settings import DpopNonce, IdpSettings
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, credentials
from tests.support.idp_proofs import Prover, SigningKey, digest_of, signed_by_hand
from tests.support.idp_world import ISSUER, IdpWorld, another_worker, cluster_world, embedded_world
from tests.support.servers import PostgresServer, RedisServer
from tests.unit.keys.forge import encoded, part

CC = {"grant_type": "client_credentials"}
PARALLEL = 20


@pytest.fixture(params=["embedded", "cluster"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    if request.param == "embedded":
        async with embedded_world(tmp_path, clock) as made:
            yield made
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    redis: RedisServer = request.getfixturevalue("redis_server")
    async with cluster_world(postgres, redis, tmp_path, clock) as made:
        yield made


@pytest.fixture
async def one(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def token_request(world: IdpWorld, proof: str) -> tuple[int, str]:
    answer = await BackEnd(world, world.department).post("/token", CC, headers={"DPoP": proof})
    return answer.status_code, answer.json().get("error", "")


async def userinfo(world: IdpWorld, headers: dict[str, str]) -> httpx.Response:
    return await BackEnd(world, world.phone_app).http.get("/userinfo", headers=headers)


async def bound_token(world: IdpWorld, prover: Prover) -> str:
    entered = await Browser(world).enter(world.phone_app, world.lin)
    form = {
        "grant_type": "authorization_code",
        "code": entered.code,
        "redirect_uri": entered.redirect_uri,
        "code_verifier": entered.verifier,
    }
    answer = await BackEnd(world, world.phone_app).post("/token", form, headers={"DPoP": prover.proof()})
    return str(answer.json()["access_token"])


Forge = Callable[[Prover], str]
STRANGER, OTHER = SigningKey("ES256", None), SigningKey("RS256", None)


def _resigned(**header: Any) -> Forge:
    return lambda prover: prover.proof(header=header)


def _claims(**changes: Any) -> Forge:
    return lambda prover: prover.proof(**changes)


def _swapped_key(prover: Prover) -> str:
    """The thief names the victim's key and signs with his own."""
    return Prover(prover.clock, STRANGER).proof(header={"jwk": prover.key.jwk()})


def _unsigned(alg: str, signature: str = "") -> Forge:
    def forge(prover: Prover) -> str:
        _, claims, _ = prover.proof().split(".")
        return f"{part({'typ': 'dpop+jwt', 'alg': alg, 'jwk': prover.key.jwk()})}.{claims}.{signature}"

    return forge


def _by_secret(jwk: dict[str, Any]) -> Forge:
    def forge(prover: Prover) -> str:
        _, claims, _ = prover.proof().split(".")
        signing_input = f"{part({'typ': 'dpop+jwt', 'alg': 'HS256', 'jwk': jwk})}.{claims}"
        return f"{signing_input}.{encoded(hmac.digest(b'k' * 32, signing_input.encode(), 'sha256'))}"

    return forge


def _private(prover: Prover) -> str:
    return prover.proof(header={"jwk": dict(prover.key.key.as_dict(private=True))})


def _now(prover: Prover) -> int:
    return int(prover.clock.now().timestamp())


FORGED: dict[str, Forge] = {
    **{f"none-{alg}": _unsigned(alg) for alg in ("none", "None", "NONE", "nOnE")},
    "no-signature": _unsigned("ES256"),
    "zero": _unsigned("ES256", encoded(b"\0" * 64)),
    "der": _unsigned("ES256", encoded(bytes.fromhex("3006020101020101"))),
    "symmetric": _by_secret({"kty": "oct", "k": encoded(b"k" * 32)}),
    "symmetric-with-public-key": _by_secret(STRANGER.jwk()),
    "key-of-somebody-else": _swapped_key,
    "private-key-inside": _private,
    "rs256": lambda prover: Prover(prover.clock, OTHER).proof(),
    "alg-of-another-curve": _unsigned("ES384", encoded(b"\1" * 96)),
    "typ-absent": _resigned(typ=None),
    "typ-jwt": _resigned(typ="JWT"),
    "typ-upper": _resigned(typ="DPOP+JWT"),
    "typ-of-access-token": _resigned(typ="at+jwt"),
    "jwk-absent": _resigned(jwk=None),
    "jwk-text": lambda prover: _with_member(prover, "jwk", "x"),
    "jwk-list": lambda prover: _with_member(prover, "jwk", [prover.key.jwk()]),
    "jwk-for-encryption": lambda prover: prover.proof(header={"jwk": prover.key.jwk(use="enc")}),
    "jwk-of-another-alg": lambda prover: prover.proof(header={"jwk": prover.key.jwk(alg="ES384")}),
    "jku-beside": lambda prover: _with_member(prover, "jku", "https://evil.example/jwks"),
    "x5c-beside": lambda prover: _with_member(prover, "x5c", ["AAAA"]),
    "crit": lambda prover: _with_member(prover, "crit", ["exp"]),
    "jti-absent": _claims(jti=None),
    "jti-empty": _claims(jti=""),
    "jti-number": _claims(jti=5),
    "jti-long": _claims(jti="j" * 513),
    "htm-absent": _claims(htm=None),
    "htm-other": _claims(htm="GET"),
    "htm-lower": _claims(htm="post"),
    "htu-absent": _claims(htu=None),
    "htu-other-path": _claims(htu=f"{ISSUER}/userinfo"),
    "htu-other-host": _claims(htu="https://evil.example/token"),
    "htu-host-prefix": _claims(htu=f"{ISSUER}.evil.example/token"),
    "htu-user": _claims(htu=f"https://x@{ISSUER.removeprefix('https://')}/token"),
    "htu-http": _claims(htu=ISSUER.replace("https", "http") + "/token"),
    "htu-port": _claims(htu=f"{ISSUER}:8443/token"),
    "htu-slash": _claims(htu=f"{ISSUER}/token/"),
    "htu-case": _claims(htu=f"{ISSUER}/TOKEN"),
    "htu-dots": _claims(htu=f"{ISSUER}/x/../token"),
    "htu-path-only": _claims(htu="/token"),
    "htu-list": _claims(htu=[f"{ISSUER}/token"]),
    "iat-absent": _claims(iat=None),
    "iat-text": lambda prover: prover.proof(iat=str(_now(prover))),
    "iat-true": _claims(iat=True),
    "iat-old": lambda prover: prover.proof(iat=_now(prover) - 61),
    "iat-ahead": lambda prover: prover.proof(iat=_now(prover) + 61),
    "iat-huge": _claims(iat=10**300),
    "not-a-token": lambda _prover: "proof",
    "two-tokens": lambda prover: f"{prover.proof()}.{prover.proof()}",
    "too-long": _claims(padding="x" * 8_000),
}


def _with_member(prover: Prover, name: str, value: Any) -> str:
    """Signed truly by the key inside, under a header that no library would write."""
    _, claims, _ = prover.proof().split(".")
    return signed_by_hand(prover.key, {"typ": "dpop+jwt", "alg": "ES256", "jwk": prover.key.jwk(), name: value}, claims)


async def test_o40_a_proof_that_fails_a_check_is_refused(one: IdpWorld, clock: FakeClock) -> None:
    prover = Prover(clock)
    for name, forge in FORGED.items():
        answer = await token_request(one, forge(prover))
        assert answer == (400, "invalid_dpop_proof"), name
    assert await token_request(one, prover.proof()) == (200, "")
    assert await token_request(one, _with_member(prover, "kid", "any")) == (200, ""), "the twin of what is hand-made"


async def test_o40_two_proofs_are_none(one: IdpWorld, clock: FakeClock) -> None:
    prover, http = Prover(clock), BackEnd(one, one.department)
    headers = [
        *http_credentials(one),
        ("DPoP", prover.proof()),
        ("DPoP", prover.proof()),
    ]
    answer = await http.http.post("/token", data=CC, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
    assert (await http.http.post("/token", data=CC, headers=headers[:-1])).status_code == 200


async def test_o40_a_proof_counts_once(world: IdpWorld) -> None:
    prover = Prover(world.clock)
    proof = prover.proof()
    assert await token_request(world, proof) == (200, "")
    assert await token_request(world, proof) == (400, "invalid_dpop_proof")
    assert await token_request(world, prover.proof()) == (200, "")
    jti = "the same for two keys"
    assert await token_request(world, prover.proof(jti=jti)) == (200, "")
    assert await token_request(world, Prover(world.clock).proof(jti=jti)) == (200, "")
    assert await token_request(world, prover.proof(jti=jti)) == (400, "invalid_dpop_proof")


async def test_o40_of_many_at_once_one_counts(world: IdpWorld) -> None:
    prover = Prover(world.clock)
    token = await bound_token(world, prover)
    for _ in range(3):
        headers = prover.headers("GET", "/userinfo", token)
        answers = await asyncio.gather(*(userinfo(world, headers) for _ in range(PARALLEL)))
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * (PARALLEL - 1)


async def test_o40_two_workers_take_a_proof_once_between_them(world: IdpWorld) -> None:
    workers, prover = [world, another_worker(world)], Prover(world.clock)
    for _ in range(3):
        proof = prover.proof()
        answers = await asyncio.gather(*(token_request(workers[number % 2], proof) for number in range(PARALLEL)))
        assert sorted(answers) == [(200, "")] + [(400, "invalid_dpop_proof")] * (PARALLEL - 1)


async def test_o40_a_refused_proof_spends_no_id(one: IdpWorld, clock: FakeClock) -> None:
    prover = Prover(clock)
    assert await token_request(one, prover.proof(jti="mine", htm="GET")) == (400, "invalid_dpop_proof")
    assert await token_request(one, prover.proof(jti="mine")) == (200, "")


async def test_o40_what_is_remembered_ends_with_the_proof(one: IdpWorld, clock: FakeClock) -> None:
    prover = Prover(clock)
    for _ in range(5):
        assert await token_request(one, prover.proof()) == (200, "")
    clock.advance(60 + 4)
    assert await one.ground.kv.sweep() == 0
    clock.advance(2)
    assert await one.ground.kv.sweep() == 5


async def test_o40_a_bound_token_needs_its_proof_at_resources(one: IdpWorld, clock: FakeClock) -> None:
    prover, thief = Prover(clock), Prover(clock)
    token = await bound_token(one, prover)
    other = await bound_token(one, prover)
    without = {"Authorization": f"DPoP {token}"}
    rows: dict[str, tuple[dict[str, str], str]] = {
        "as-bearer": ({"Authorization": f"Bearer {token}"}, "invalid_token"),
        "as-bearer-with-proof": (
            prover.headers("GET", "/userinfo", token) | {"Authorization": f"Bearer {token}"},
            "invalid_token",
        ),
        "no-proof": (without, "invalid_dpop_proof"),
        "key-of-the-thief": (thief.headers("GET", "/userinfo", token), "invalid_token"),
        "no-ath": (without | {"DPoP": prover.proof("GET", "/userinfo")}, "invalid_dpop_proof"),
        "ath-of-another-token": (
            without | {"DPoP": prover.proof("GET", "/userinfo", token=other)},
            "invalid_dpop_proof",
        ),
        "ath-padded": (
            without | {"DPoP": prover.proof("GET", "/userinfo", ath=digest_of(token) + "=")},
            "invalid_dpop_proof",
        ),
        "ath-number": (without | {"DPoP": prover.proof("GET", "/userinfo", ath=1)}, "invalid_dpop_proof"),
        "proof-of-the-token-endpoint": (without | {"DPoP": prover.proof(token=token)}, "invalid_dpop_proof"),
        "proof-of-another-method": (
            without | {"DPoP": prover.proof("POST", "/userinfo", token=token)},
            "invalid_dpop_proof",
        ),
    }
    for name, (headers, error) in rows.items():
        answer = await userinfo(one, headers)
        assert answer.status_code == 401, name
        assert f'error="{error}"' in answer.headers["www-authenticate"], name
    in_body = await BackEnd(one, one.phone_app).http.post(
        "/userinfo", data={"access_token": token}, headers={"DPoP": prover.proof("POST", "/userinfo", token=token)}
    )
    assert in_body.status_code == 401
    assert (await userinfo(one, prover.headers("GET", "/userinfo", token))).status_code == 200


async def test_o40_a_bearer_token_is_no_dpop_token(one: IdpWorld, clock: FakeClock) -> None:
    """RFC 9449 §7.1: the scheme DPoP is for tokens that are bound to the key."""
    tokens = await BackEnd(one, one.phone_app).tokens(await Browser(one).enter(one.phone_app, one.lin))
    token = tokens["access_token"]
    assert (await userinfo(one, Prover(clock).headers("GET", "/userinfo", token))).status_code == 401
    assert (await userinfo(one, {"Authorization": f"Bearer {token}"})).status_code == 200


async def test_o40_nonces_that_are_not_ours(tmp_path: Path, clock: FakeClock) -> None:
    async with embedded_world(
        tmp_path, clock, settings=IdpSettings(issuer=ISSUER, even_answers=0, dpop_nonce=DpopNonce.ALL)
    ) as world:
        prover = Prover(clock)
        back_end = BackEnd(world, world.department)
        nonce = (await back_end.post("/token", CC, headers={"DPoP": prover.proof()})).headers["dpop-nonce"]
        period = int(clock.now().timestamp()) // 60
        wrong = ("", "x", nonce[:-1], nonce + "A", nonce.swapcase(), str(period), f"{nonce.split('.')[0]}.{'A' * 43}")
        for one_wrong in (None, 5, [nonce], *wrong):
            answer = await token_request(world, prover.proof(nonce=one_wrong))  # type: ignore[arg-type]
            assert answer == (400, "use_dpop_nonce"), one_wrong
        assert await token_request(world, prover.proof(nonce=nonce)) == (200, "")
        clock.advance(120)
        assert await token_request(world, prover.proof(nonce=nonce)) == (400, "use_dpop_nonce")


async def test_o40_a_stolen_refresh_token_without_its_key(world: IdpWorld) -> None:
    """The thief gets nothing, and his tries do not end what the owner has."""
    prover, thief = Prover(world.clock), Prover(world.clock)
    entered = await Browser(world).enter(world.phone_app, world.lin, scope="openid offline_access", prompt="consent")
    form = {
        "grant_type": "authorization_code",
        "code": entered.code,
        "redirect_uri": entered.redirect_uri,
        "code_verifier": entered.verifier,
    }
    back_end = BackEnd(world, world.phone_app)
    tokens = (await back_end.post("/token", form, headers={"DPoP": prover.proof()})).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for headers in ({}, {"DPoP": thief.proof()}, {"DPoP": _swapped_key(prover)}):
        answer = await back_end.post("/token", form, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["error"] in ("invalid_grant", "invalid_dpop_proof")
    assert (await back_end.post("/token", form, headers={"DPoP": prover.proof()})).status_code == 200


async def test_o40_a_foreign_host_header_moves_no_proof_here(one: IdpWorld, clock: FakeClock) -> None:
    """A proof that was made for another server counts for nothing here, whatever Host the thief sends."""
    prover = Prover(clock)
    headers = {"DPoP": prover.proof(htu="https://other.example/token"), "Host": "other.example"}
    answer = await BackEnd(one, one.department).post("/token", CC, headers=headers)
    assert answer.json()["error"] == "invalid_dpop_proof"
    own = {"DPoP": prover.proof(), "Host": "other.example"}
    assert (await BackEnd(one, one.department).post("/token", CC, headers=own)).status_code == 200


def http_credentials(world: IdpWorld) -> list[tuple[str, str]]:
    return list(credentials(world.department)[1].items())
