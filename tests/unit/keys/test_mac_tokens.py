"""Tokens signed with a client's secret: length, algorithm, and never a public key (RFC 7518 §3.2; attacks O-30)."""

from __future__ import annotations

import hmac

import pytest

from keys.errors import TokenRejected
from keys.jose.foreign_tokens import ForeignProfile
from keys.jose.jws import parse_compact
from keys.jose.mac_tokens import MacAlgorithm, verify_mac_token
from keys.spec import Use
from tests.support.clock import FakeClock
from tests.support.idp_proofs import SigningKey, assertion
from tests.support.idp_world import ISSUER
from tests.unit.keys.forge import encoded

PROFILE = ForeignProfile(
    frozenset(), frozenset({None, "JWT"}), Use.LOGIN, required=frozenset({"sub", "jti"}), longest_life=300
)
SECRET = "s" * 64


def verify(text: str, clock: FakeClock, *secrets: str, algorithms: frozenset[MacAlgorithm] | None = None) -> None:
    verify_mac_token(
        parse_compact(text),
        secrets,
        frozenset(MacAlgorithm) if algorithms is None else algorithms,
        PROFILE,
        issuer="system",
        audiences=frozenset({ISSUER}),
        clock=clock,
    )


@pytest.mark.parametrize("alg", list(MacAlgorithm))
def test_a_secret_verifies_what_it_signed(clock: FakeClock, alg: MacAlgorithm) -> None:
    text = assertion(SigningKey.of_secret(SECRET, alg), "system", clock)
    verify(text, clock, SECRET)
    verify(text, clock, "o" * 64, SECRET)
    for secrets in ((), ("o" * 64,), (SECRET + "x",), (SECRET.upper(),)):
        with pytest.raises(TokenRejected, match="signature"):
            verify(text, clock, *secrets)
    with pytest.raises(TokenRejected, match="alg"):
        verify(text, clock, SECRET, algorithms=frozenset(MacAlgorithm) - {alg})


@pytest.mark.parametrize(("alg", "octets"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_that_is_shorter_than_its_digest_signs_nothing(clock: FakeClock, alg: str, octets: int) -> None:
    enough, short = "s" * octets, "s" * (octets - 1)
    verify(assertion(SigningKey.of_secret(enough, alg), "system", clock), clock, enough)
    with pytest.raises(TokenRejected, match="signature"):
        verify(assertion(SigningKey.of_secret(short, alg), "system", clock), clock, short)


def test_o30_a_secret_that_looks_like_a_public_key_signs_nothing(clock: FakeClock) -> None:
    pem = SigningKey().key.as_pem(private=False).decode()
    head, claims, _ = assertion(SigningKey.of_secret(SECRET), "system", clock).split(".")
    forged = f"{head}.{claims}.{encoded(hmac.digest(pem.encode(), f'{head}.{claims}'.encode(), 'sha256'))}"
    with pytest.raises(TokenRejected, match=r"secret|signature"):
        verify(forged, clock, pem)


def test_claims_are_checked_as_of_any_foreign_token(clock: FakeClock) -> None:
    key = SigningKey.of_secret(SECRET)
    for changes, reason in (
        ({"iss": "other"}, "iss"),
        ({"aud": "https://other.test"}, "aud"),
        ({"exp": 1}, "exp"),
        ({"exp": 4_000_000_000}, "exp"),
        ({"jti": None}, "claim missing"),
        ({"sub": 1}, "string"),
    ):
        with pytest.raises(TokenRejected, match=reason):
            verify(assertion(key, "system", clock, **changes), clock, SECRET)
    with pytest.raises(TokenRejected, match="typ"):
        verify(assertion(key, "system", clock, {"typ": "at+jwt"}), clock, SECRET)
