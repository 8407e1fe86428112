"""Keys of strangers: what is read, what is left out, and that a bad key takes no good one with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk as their_jwk

from keys.errors import KeyRefused
from keys.jose.jwk_set import MAXIMUM_KEYS, MAXIMUM_SIZE, KeyUse, read_jwk, read_jwk_set
from keys.spec import SignatureAlgorithm

ES256, ES384, EDDSA = SignatureAlgorithm.ES256, SignatureAlgorithm.ES384, SignatureAlgorithm.EDDSA
RS256, PS256 = SignatureAlgorithm.RS256, SignatureAlgorithm.PS256
_KINDS: dict[str, tuple[str, Any]] = {
    "p256": ("EC", "P-256"),
    "p384": ("EC", "P-384"),
    "rsa": ("RSA", 2048),
    "ed25519": ("OKP", "Ed25519"),
}
KEYS = {name: their_jwk.generate_key(*kind) for name, kind in _KINDS.items()}


def public(name: str, **changes: Any) -> dict[str, Any]:
    """The JWK of a key; None takes a member away."""
    members = dict(KEYS[name].as_dict(private=False)) | {"kid": name} | changes
    return {member: value for member, value in members.items() if value is not None}


@pytest.mark.parametrize(
    ("name", "algorithms"),
    [
        ("p256", {ES256}),
        ("p384", {ES384}),
        ("rsa", {RS256, SignatureAlgorithm.RS384, SignatureAlgorithm.RS512, PS256}),
        ("ed25519", {EDDSA}),
    ],
)
def test_a_key_fits_what_its_kind_allows(name: str, algorithms: set[SignatureAlgorithm]) -> None:
    key = read_jwk(public(name))
    assert key.fits.keys() == algorithms
    assert key.key_id == name
    assert key.uses == {KeyUse.SIGNATURE, KeyUse.ENCRYPTION}
    for found in key.fits.values():
        assert found.encoded == KEYS[name].as_der(private=False)


BAD: dict[str, Any] = {
    "private-ec": lambda: KEYS["p256"].as_dict(private=True),
    "private-rsa": lambda: KEYS["rsa"].as_dict(private=True),
    "private-member-alone": lambda: public("rsa", d="AQAB"),
    "secret": lambda: {"kty": "oct", "k": "c2VjcmV0"},
    "no-object": lambda: "p256",
    "null": lambda: None,
    "list": list,
    "empty": dict,
    "no-kty": lambda: public("p256", kty=None),
    "kty-list": lambda: public("p256", kty=["EC"]),
    "other-kty": lambda: public("p256", kty="RSA"),
    "other-curve": lambda: public("p256", crv="P-384"),
    "p521": lambda: their_jwk.generate_key("EC", "P-521").as_dict(private=False),
    "secp256k1": lambda: public("p256", crv="secp256k1"),
    "x25519": lambda: their_jwk.generate_key("OKP", "X25519").as_dict(private=False),
    "ed448": lambda: their_jwk.generate_key("OKP", "Ed448").as_dict(private=False),
    "no-y": lambda: public("p256", y=None),
    "off-the-curve": lambda: public("p256", x=public("p256")["y"]),
    "number-for-text": lambda: public("p256", x=1),
    "not-base64url": lambda: public("p256", x="+" * 43),
    "e-1": lambda: public("rsa", e="AQ"),
    "e-even": lambda: public("rsa", e="AQAA"),
    "rsa-1024": lambda: public("rsa", n=public("rsa")["n"][:172]),
    "tiny": lambda: public("rsa", n="DQ"),
    "n-with-zeros": lambda: public("rsa", n="AA" + public("rsa")["n"]),
    "kid-number": lambda: public("p256", kid=5),
    "kid-long": lambda: public("p256", kid="k" * 300),
    "kid-empty": lambda: public("p256", kid=""),
    "alg-list": lambda: public("p256", alg=["ES256"]),
    "use-unknown": lambda: public("p256", use="tls"),
    "use-list": lambda: public("p256", use=["sig"]),
    "ops-text": lambda: public("p256", key_ops="verify"),
    "ops-numbers": lambda: public("p256", key_ops=[1]),
    "ops-twice": lambda: public("p256", key_ops=["verify", "verify"]),
    "ops-private": lambda: public("p256", key_ops=["sign"]),
    "ops-none": lambda: public("p256", key_ops=[]),
    "use-against-ops": lambda: public("p256", use="enc", key_ops=["verify"]),
}


@pytest.mark.filterwarnings("ignore")  # joserfc dislikes some of these too
@pytest.mark.parametrize("name", BAD)
def test_a_bad_key_is_refused_and_takes_no_other_with_it(name: str) -> None:
    bad = BAD[name]()
    with pytest.raises(KeyRefused):
        read_jwk(bad)
    for content in ([bad, public("p256")], [public("p256"), bad], [bad, public("p256"), bad]):
        found = read_jwk_set({"keys": content})
        assert [key.key_id for key in found.keys] == ["p256"]
        assert len(found.left_out) == len(content) - 1
        assert not any(value in " ".join(found.left_out) for value in ("c2VjcmV0", "AQAB"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": null}',
        b'{"keys": [], "keys": []}',
        b'{"keys": [',
        b"\xff",
        b'{"keys": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"keys": [NaN]}',
        b'{"keys": [], "x": "' + b"a" * MAXIMUM_SIZE + b'"}',
        json.dumps({"keys": [{}] * (MAXIMUM_KEYS + 1)}).encode(),
    ],
    ids=range(13),
)
def test_what_is_no_set_is_refused(content: bytes) -> None:
    with pytest.raises(KeyRefused):
        read_jwk_set(content)


def test_an_empty_set_has_no_keys() -> None:
    assert read_jwk_set(b'{"keys": []}').keys == ()


_NAMES = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "use", "alg", "key_ops", "d"])
_NOISE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=20,
)


@given(_NOISE)
def test_nothing_but_a_refusal_comes_of_noise(noise: Any) -> None:
    found = read_jwk_set({"keys": [noise, public("ed25519")]})
    assert [key.key_id for key in found.keys] == ["ed25519"]


def test_keys_are_found_by_name_algorithm_and_use() -> None:
    found = read_jwk_set(
        json.dumps(
            {
                "keys": [
                    public("p256", use="sig"),
                    public("rsa", alg="PS256"),
                    public("p384", use="enc", alg="ECDH-ES"),
                    public("ed25519", key_ops=["verify"], kid=None),
                    public("rsa", kid="for-all"),
                ]
            }
        ).encode()
    )
    assert len(found.verifying(ES256, "p256")) == 1
    assert not found.verifying(ES256, "other")
    assert not found.verifying(ES384, "p384")  # for encryption only
    assert not found.verifying(RS256, "rsa")  # says that it is for PS256
    assert len(found.verifying(PS256, "rsa")) == 1
    assert len(found.verifying(PS256, None)) == 2
    assert len(found.verifying(RS256, None)) == 1
    assert len(found.verifying(EDDSA, None)) == 1
    assert [key.key_id for key in found.encrypting("ECDH-ES")] == ["p384", "for-all"]
    assert [key.key_id for key in found.encrypting("ECDH-ES+A256KW")] == ["for-all"]
    assert [key.key_id for key in found.encrypting("RSA-OAEP-256", "for-all")] == ["for-all"]
