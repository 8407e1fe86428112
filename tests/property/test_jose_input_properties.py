"""Whatever bytes a stranger sends as a token or a key set: they are refused, and nothing else comes of them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.errors import KeyRefused, TokenRejected
from keys.jose.foreign_tokens import ForeignProfile, verify_foreign
from keys.jose.jwe import decrypt, encrypt
from keys.jose.jwe_content import ContentEncryption
from keys.jose.jwe_keys import KeyManagement
from keys.jose.jwk import public_jwks
from keys.jose.jwk_set import JwkSet, read_jwk, read_jwk_set
from keys.jose.tokens import TokenVerifier
from keys.primitives import base64url
from keys.spec import SignatureAlgorithm, Use
from tests.support.clock import FakeClock
from tests.unit.keys.forge import header_for, part, token
from tests.unit.keys.rings import CLIENT, ISSUER, fixed_signer, id_token_claims, keys_of_every_algorithm

CLOCK = FakeClock()
KEYS, PURPOSES = keys_of_every_algorithm()
OURS = ec.derive_private_key(7, ec.SECP256R1())
_ALPHABET = st.sampled_from('ABCxyz019-_.=+/ \n{}"é\ud800')
_PARTS = st.lists(st.binary(max_size=40).map(base64url.encode) | st.text(_ALPHABET, max_size=12), max_size=6)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_MEMBERS = st.sampled_from(["alg", "kid", "typ", "enc", "epk", "zip", "crit", "apu", "cty", "jwk", "p2c", "iss", "exp"])


@cache
def theirs() -> JwkSet:
    return read_jwk_set(public_jwks(KEYS, PURPOSES.values()))


@cache
def good(algorithm: SignatureAlgorithm) -> str:
    signer = fixed_signer(algorithm)
    return token(header_for(signer), id_token_claims(CLOCK), signer)


@cache
def sealed() -> str:
    members = {"kty": "EC", "crv": "P-256", "kid": "ours"} | {
        name: base64url.encode_number(value, 32)
        for name, value in zip("xy", (lambda n: (n.x, n.y))(OURS.public_key().public_numbers()), strict=True)
    }
    return encrypt(b"law", read_jwk(members), management=KeyManagement.ECDH_ES, encryption=ContentEncryption.A256GCM)


def refused_everywhere(text: str) -> None:
    profile = ForeignProfile(frozenset(SignatureAlgorithm), frozenset({None, "JWT"}), Use.TOKEN)
    with pytest.raises(TokenRejected):
        TokenVerifier(KEYS, CLOCK, PURPOSES).verify(text, typ="JWT", issuer=ISSUER, audience=CLIENT)
    with pytest.raises(TokenRejected):
        verify_foreign(text, theirs(), profile, issuer=ISSUER, audiences=frozenset({CLIENT}), clock=CLOCK)
    with pytest.raises(TokenRejected):
        decrypt(text, {"ours": OURS})


@given(_PARTS)
def test_noise(parts: list[str]) -> None:
    refused_everywhere(".".join(parts))


@settings(deadline=None)  # RSA takes its time
@given(st.sampled_from(list(SignatureAlgorithm)), st.integers(0, 10_000), st.text(_ALPHABET, max_size=3))
def test_a_good_token_with_something_changed(algorithm: SignatureAlgorithm, place: int, inserted: str) -> None:
    text = good(algorithm)
    place %= len(text)
    for changed in (text[:place] + inserted + text[place + 1 :], text[:place] + inserted + text[place:]):
        if changed != text:
            refused_everywhere(changed)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.text(_ALPHABET, max_size=3))
def test_a_good_jwe_with_something_changed(place: int, inserted: str) -> None:
    text = sealed()
    assert decrypt(text, {"ours": OURS}).content == b"law"
    place %= len(text)
    changed = text[:place] + inserted + text[place + 1 :]
    if changed != text:
        refused_everywhere(changed)


@settings(deadline=None)
@given(st.dictionaries(_MEMBERS, _VALUES, max_size=4), st.dictionaries(_MEMBERS, _VALUES, max_size=4))
def test_odd_headers_and_claims(header: dict[str, Any], claims: dict[str, Any]) -> None:
    signer = fixed_signer(SignatureAlgorithm.ES256)
    members = header_for(signer) | header
    if members != header_for(signer):
        refused_everywhere(token(members, id_token_claims(CLOCK), signer))
    refused_everywhere(_with(claims))
    jwe = sealed().split(".")
    read = json.loads(base64url.decode(jwe[0]))
    if read | header != read:
        refused_everywhere(".".join((part(read | header), *jwe[1:])))


def _with(claims: dict[str, Any]) -> str:
    """Good claims under a signature that was made over others."""
    head, _, signature = good(SignatureAlgorithm.ES256).split(".")
    return ".".join((head, part(id_token_claims(CLOCK) | claims | {"sub": "p-2"}), signature))


@given(st.binary(max_size=60) | _VALUES.map(lambda value: json.dumps({"keys": value}).encode()))
def test_a_key_set_is_read_or_refused(content: bytes) -> None:
    try:
        found = read_jwk_set(content)
    except KeyRefused:
        return
    assert found.keys == ()


@pytest.mark.parametrize("algorithm", list(SignatureAlgorithm))
def test_twin_the_good_ones(algorithm: SignatureAlgorithm) -> None:
    verifier = TokenVerifier(KEYS, CLOCK, PURPOSES)
    assert verifier.verify(good(algorithm), typ="JWT", issuer=ISSUER, audience=CLIENT)
