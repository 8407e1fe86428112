"""Tokens by SM2: one algorithm passed for another, other user IDs, other forms of a signature, each beside its twin."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from keys.errors import KeyRefused, TokenRejected
from keys.jose.foreign_tokens import ForeignProfile, verify_foreign
from keys.jose.jwk_set import JwkSet, read_jwk, read_jwk_set
from keys.jose.tokens import TokenSigner, TokenVerifier
from keys.spec import SignatureAlgorithm, Use
from tests.support.clock import FakeClock
from tests.support.sm2_clients import ALG, OCTETS, Sm2SigningKey
from tests.unit.keys.forge import encoded, part, token_with
from tests.unit.keys.rings import CLIENT, ISSUER, FixedKeys, fixed_signer, id_token_claims

ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
KEY = Sm2SigningKey()
P256 = ec.generate_private_key(ec.SECP256R1())
PROFILE = ForeignProfile(
    algorithms=frozenset({SignatureAlgorithm.ES256, SignatureAlgorithm.SM2_SM3}),
    types=frozenset({None}),
    use=Use.LOGIN,
    required=frozenset({"jti"}),
)


def claims(clock: FakeClock) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    return {"iss": CLIENT, "aud": ISSUER, "jti": "j", "iat": now, "exp": now + 60}


def read(text: str, clock: FakeClock, keys: JwkSet | None = None) -> dict[str, Any]:
    keys = keys or read_jwk_set(json.dumps(KEY.jwks()).encode())
    found = verify_foreign(text, keys, PROFILE, issuer=CLIENT, audiences=frozenset({ISSUER}), clock=clock)
    return dict(found.claims)


def p256_jwk(**changes: Any) -> dict[str, Any]:
    numbers = P256.public_key().public_numbers()
    x, y = (encoded(one.to_bytes(OCTETS, "big")) for one in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "p", **changes}


def by_p256(header: dict[str, Any], said: dict[str, Any]) -> str:
    r, s = decode_dss_signature(P256.sign(f"{part(header)}.{part(said)}".encode(), ec.ECDSA(hashes.SHA256())))
    return token_with(header, said, r.to_bytes(OCTETS, "big") + s.to_bytes(OCTETS, "big"))


def numbers(clock: FakeClock) -> tuple[dict[str, Any], dict[str, Any], int, int]:
    """A good token's header, claims, r and s."""
    header, said = {"alg": ALG, "kid": KEY.kid}, claims(clock)
    r, s = KEY.numbers(f"{part(header)}.{part(said)}".encode())
    return header, said, int.from_bytes(r, "big"), int.from_bytes(s, "big")


def test_twin_a_good_token_of_another_library_is_accepted(clock: FakeClock) -> None:
    assert read(KEY.sign(claims(clock)), clock) == claims(clock)
    keys = read_jwk_set(json.dumps({"keys": [p256_jwk()]}).encode())
    assert read(by_p256({"alg": "ES256", "kid": "p"}, claims(clock)), clock, keys) == claims(clock)


@pytest.mark.parametrize("alg", ["ES256", "SM2", "SM3withSM2", "sgd_sm3_sm2", "SGD_SM3_SM2 ", "ES256K", "none"])
def test_an_sm2_signature_under_another_name(alg: str, clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        read(KEY.sign(claims(clock), alg=alg), clock)


def test_an_es256_signature_called_sm2(clock: FakeClock) -> None:
    """The P-256 key is registered; neither its kid nor its curve makes it one for SM2."""
    keys = read_jwk_set(json.dumps({"keys": [p256_jwk()]}).encode())
    with pytest.raises(TokenRejected, match="kid"):
        read(by_p256({"alg": ALG, "kid": "p"}, claims(clock)), clock, keys)


def test_a_point_of_one_curve_said_to_be_on_the_other() -> None:
    assert read_jwk(p256_jwk()).fits.keys() == {SignatureAlgorithm.ES256}
    assert read_jwk(KEY.jwk()).fits.keys() == {SignatureAlgorithm.SM2_SM3}
    for crossed in (p256_jwk(crv="SM2-P-256"), KEY.jwk(crv="P-256"), KEY.jwk(crv="sm2p256v1"), KEY.jwk(kty="SM2")):
        with pytest.raises(KeyRefused):
            read_jwk(crossed)


@pytest.mark.parametrize("change", [{"alg": "ES256"}, {"use": "enc"}, {"key_ops": ["deriveKey"], "use": None}])
def test_a_key_that_says_it_is_for_something_else(change: dict[str, Any], clock: FakeClock) -> None:
    jwk = {name: value for name, value in KEY.jwk(**change).items() if value is not None}
    keys = read_jwk_set(json.dumps({"keys": [jwk]}).encode())
    with pytest.raises(TokenRejected, match="kid"):
        read(KEY.sign(claims(clock)), clock, keys)


@pytest.mark.parametrize("user_id", [b"1234567812345679", b"ALICE123@YAHOO.COM", b"1", CLIENT.encode()])
def test_a_signature_for_another_user_id(user_id: bytes, clock: FakeClock) -> None:
    other = Sm2SigningKey(KEY.kid, user_id, secret=KEY.secret, point=KEY.point)
    with pytest.raises(TokenRejected, match="signature"):
        read(other.sign(claims(clock)), clock)


def test_other_forms_of_a_good_signature(clock: FakeClock) -> None:
    header, said, r, s = numbers(clock)
    raw = r.to_bytes(OCTETS, "big") + s.to_bytes(OCTETS, "big")
    assert read(token_with(header, said, raw), clock) == said
    forms = {
        "der": encode_dss_signature(r, s),
        "behind a zero": b"\0" + raw,
        "with more behind": raw + b"\0",
        "cut": raw[:-1],
        "33 octets each": b"\0" + raw[:OCTETS] + b"\0" + raw[OCTETS:],
        "s before r": raw[OCTETS:] + raw[:OCTETS],
        "r alone": raw[:OCTETS],
        "little-endian": raw[:OCTETS][::-1] + raw[OCTETS:][::-1],
    }
    for name, form in forms.items():
        with pytest.raises(TokenRejected):
            read(token_with(header, said, form), clock)
            raise AssertionError(name)


def test_numbers_out_of_range(clock: FakeClock) -> None:
    """GB/T 32918.2 §7.1 B1, B2: 1 to n - 1; n + 1 and 1 are one number modulo n and two octet strings."""
    header, said, r, s = numbers(clock)
    top = (1 << 256) - 1
    for one, other in ((0, s), (r, 0), (ORDER, s), (r, ORDER), (top, s), (r, top), (0, 0), (r, ORDER - s)):
        signature = one.to_bytes(OCTETS, "big") + other.to_bytes(OCTETS, "big")
        with pytest.raises(TokenRejected, match="signature"):
            read(token_with(header, said, signature), clock)


def test_our_own_tokens_keep_their_algorithm(clock: FakeClock) -> None:
    """A token by our SM2 key is no ES256 token of ours, nor the reverse, whatever kid it names."""
    sm2, es256 = (fixed_signer(one) for one in (SignatureAlgorithm.SM2_SM3, SignatureAlgorithm.ES256))
    keys = FixedKeys({"oidc.sm2": sm2, "oidc.es256": es256})
    signer, verifier = TokenSigner(keys), TokenVerifier(keys, clock)
    good = {
        algorithm: signer.sign(id_token_claims(clock), typ="JWT", algorithm=algorithm)
        for algorithm in (SignatureAlgorithm.SM2_SM3, SignatureAlgorithm.ES256)
    }
    for text in good.values():
        assert verifier.verify(text, typ="JWT", issuer=ISSUER, audience=CLIENT)["iss"] == ISSUER
    for algorithm, kid in (("ES256", sm2.key_id), ("ES256", es256.key_id), (ALG, es256.key_id), (ALG, sm2.key_id)):
        for text in good.values():
            head = json.dumps({"alg": algorithm, "kid": kid, "typ": "JWT"})
            swapped = f"{part(head)}.{text.partition('.')[2]}"
            if swapped in good.values():
                continue
            with pytest.raises(TokenRejected):
                verifier.verify(swapped, typ="JWT", issuer=ISSUER, audience=CLIENT)
    without = TokenVerifier(FixedKeys({"oidc.es256": es256}), clock)  # a city that has no such key
    with pytest.raises(TokenRejected, match="kid"):
        without.verify(good[SignatureAlgorithm.SM2_SM3], typ="JWT", issuer=ISSUER, audience=CLIENT)
