"""O-31: keys named or carried by the token's own header, and hostile `kid`s. Nothing is fetched, nothing is read."""

from __future__ import annotations

import builtins
import io
import os
import socket
from typing import Any

import pytest

from keys.errors import TokenRejected
from keys.jose.jwk import public_jwk
from keys.jose.jws import MAXIMUM_SIZE
from keys.jose.tokens import TokenVerifier
from keys.ports import VerificationKey
from keys.spec import KeyState, SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.unit.keys.forge import header_for, token
from tests.unit.keys.rings import CLIENT, ISSUER, FixedKeys, fixed_signer, id_token_claims, our_keys

ES = fixed_signer(SignatureAlgorithm.ES256)
ATTACKER = fixed_signer(SignatureAlgorithm.ES256, "attacker")
SEAL = fixed_signer(SignatureAlgorithm.ES256, "seal")
ATTACKER_JWK = public_jwk(VerificationKey(ATTACKER.key_id, ATTACKER.algorithm, KeyState.ACTIVE, ATTACKER.public_key))
EVIL = "https://evil.example/keys"

CARRIED: dict[str, dict[str, Any]] = {
    "jwk": {"jwk": ATTACKER_JWK},
    "jwk-with-our-kid": {"jwk": ATTACKER_JWK, "kid": ES.key_id},
    "jwk-named-as-ours": {"jwk": ATTACKER_JWK | {"kid": ES.key_id}, "kid": ES.key_id},
    "jku": {"jku": EVIL},
    "jku-with-our-kid": {"jku": EVIL, "kid": ES.key_id},
    "x5u": {"x5u": EVIL},
    "x5c": {"x5c": ["MIIB"]},
    "x5t": {"x5t": "AAAA"},
    "x5t#S256": {"x5t#S256": "AAAA"},
    "crit-exp": {"crit": ["exp"], "exp": 1},
    "crit-empty": {"crit": []},
    "b64": {"b64": False, "crit": ["b64"]},
    "cty": {"cty": "JWT"},
    "zip": {"zip": "DEF"},
    "iss": {"iss": EVIL},
    "unknown": {"anything": True},
}

KIDS = {
    "path": "../../../../etc/passwd",
    "dev-null": "/dev/null",
    "sql": "x' UNION SELECT 'AAAA' --",
    "url": EVIL,
    "command": "$(touch /tmp/kid)|`id`",
    "nul": "\x00",
    "empty": "",
    "seal-key": SEAL.key_id,
    "other-case": ES.key_id.swapcase(),
    "prefix": ES.key_id[:-1],
    "with-space": ES.key_id + " ",
    "purpose": "oidc.es256",
    "surrogate": "\ud800",
    "number": 1,
    "list": [ES.key_id],
    "object": {"kid": ES.key_id},
    "null": "null",
}


@pytest.fixture
def cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on whoever opens a file or a connection breaks the test."""

    def refuse(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a token made us read a file or reach out")

    for place, name in ((builtins, "open"), (io, "open"), (os, "open"), (socket, "socket"), (socket, "getaddrinfo")):
        monkeypatch.setattr(place, name, refuse)


def _verifier(clock: FakeClock) -> TokenVerifier:
    keys = FixedKeys({"oidc.es256": ES, "seal/1": SEAL})
    return TokenVerifier(keys, clock)


def _verified(text: str, clock: FakeClock) -> dict[str, Any]:
    return _verifier(clock).verify(text, typ="JWT", issuer=ISSUER, audience=CLIENT)


@pytest.mark.usefixtures("cut_off")
@pytest.mark.parametrize("name", CARRIED)
def test_o31_key_from_the_header_is_refused(name: str, clock: FakeClock) -> None:
    forged = token(header_for(ATTACKER, **CARRIED[name]), id_token_claims(clock), ATTACKER)
    with pytest.raises(TokenRejected):
        _verified(forged, clock)


@pytest.mark.parametrize("name", CARRIED)
def test_o31_our_own_token_with_such_a_member_is_refused_too(name: str, clock: FakeClock) -> None:
    # Signed by us it can only come from a mistake of ours; no code path may come to rely on it.
    with pytest.raises(TokenRejected):
        _verified(token(header_for(ES, **CARRIED[name]), id_token_claims(clock), ES), clock)


@pytest.mark.usefixtures("cut_off")
@pytest.mark.parametrize("name", KIDS)
def test_o31_hostile_kid_is_refused(name: str, clock: FakeClock) -> None:
    for signer in (ATTACKER, ES):
        with pytest.raises(TokenRejected):
            _verified(token(header_for(signer, kid=KIDS[name]), id_token_claims(clock), signer), clock)


def test_o31_absent_kid_is_refused(clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(token(header_for(ES, kid=None), id_token_claims(clock), ES), clock)


def test_o31_key_of_another_purpose_signs_no_token(clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(token(header_for(SEAL), id_token_claims(clock), SEAL), clock)


def test_o31_kid_of_a_megabyte_is_refused_before_it_is_decoded(clock: FakeClock) -> None:
    with pytest.raises(TokenRejected, match="too long"):
        _verified(token(header_for(ES, kid="k" * 1_000_000), id_token_claims(clock), ES), clock)


def test_o31_twin_size_limit_leaves_room_for_real_tokens(clock: FakeClock) -> None:
    claims = id_token_claims(clock, note="n" * 8000)
    text = token(header_for(ES), claims, ES)
    assert len(text) < MAXIMUM_SIZE
    assert _verified(text, clock) == claims


def test_o31_twin_our_own_header_is_accepted(clock: FakeClock) -> None:
    claims = id_token_claims(clock)
    assert _verified(token(header_for(ES), claims, ES), clock) == claims


def test_k07_ten_thousand_unknown_kids_leave_nothing_behind(clock: FakeClock) -> None:
    verifier = _verifier(clock)
    claims = id_token_claims(clock)
    for number in range(10_000):
        with pytest.raises(TokenRejected):
            verifier.verify(f"{_header(number)}.e30.AAAA", typ="JWT", issuer=ISSUER, audience=CLIENT)
    assert len(verifier._parsed) <= len(our_keys().verification_keys("oidc.es256"))
    assert verifier.verify(token(header_for(ES), claims, ES), typ="JWT", issuer=ISSUER, audience=CLIENT) == claims


def _header(number: int) -> str:
    return token(header_for(ES, kid=f"kid-{number}"), {}, _Unsigned()).split(".")[0]


class _Unsigned:
    """Signs with nothing, for headers whose signature is never looked at."""

    key_id = ES.key_id
    algorithm = SignatureAlgorithm.RS256
    public_key = ES.public_key
    blocking = False

    def sign(self, message: bytes) -> bytes:
        return b""
