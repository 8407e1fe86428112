"""O-30: forged signatures. Every forgery stands next to the good token that it differs from."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

from keys.backends.software import SoftwareBackend
from keys.errors import TokenRejected
from keys.jose.jwk import public_jwk
from keys.jose.tokens import TokenVerifier
from keys.spec import SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.unit.keys.forge import encoded, header_for, part, raw_signature, token, token_with
from tests.unit.keys.rings import CLIENT, ISSUER, FixedKeys, fixed_signer, id_token_claims

ES = fixed_signer(SignatureAlgorithm.ES256)
RSA_KEY = rsa.generate_private_key(65537, 2048)
RS = SoftwareBackend().open(
    "software:rsa",
    SignatureAlgorithm.RS256,
    RSA_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    RSA_KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
)
KEYS = FixedKeys({"oidc.es256": ES, "oidc.rs256": RS})
STRANGER = fixed_signer(SignatureAlgorithm.ES256, "stranger")
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Forge = Callable[[dict[str, Any]], str]


def _verified(text: str, clock: FakeClock) -> dict[str, Any]:
    return TokenVerifier(KEYS, clock).verify(text, typ="JWT", issuer=ISSUER, audience=CLIENT)


def _hmac(key: bytes, digest: str = "sha256", signer: Any = ES) -> Forge:
    def forge(claims: dict[str, Any]) -> str:
        signing_input = f"{part(header_for(signer, alg=f'HS{digest[3:]}'))}.{part(claims)}"
        return f"{signing_input}.{encoded(hmac.digest(key, signing_input.encode(), digest))}"

    return forge


def _pem(signer: Any) -> bytes:
    return load_der_public_key(signer.public_key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _jwk(signer: Any) -> bytes:
    return json.dumps(public_jwk(KEYS.verification_keys(f"oidc.{signer.algorithm.lower()}")[0])).encode()


def _unsigned(alg: Any) -> Forge:
    return lambda claims: f"{part(header_for(ES, alg=alg))}.{part(claims)}."


def _claimed(alg: Any, signer: Any = ES) -> Forge:
    """A true signature under another name."""
    return lambda claims: token(header_for(signer, alg=alg), claims, signer)


def _fixed_signature(signature: bytes, signer: Any = ES) -> Forge:
    return lambda claims: token_with(header_for(signer), claims, signature)


def _rsa_as(alg: str, pad: Any, digest: Any) -> Forge:
    """Signed with our own RSA key, but by an algorithm that is not on the list."""

    def forge(claims: dict[str, Any]) -> str:
        signing_input = f"{part(header_for(RS, alg=alg))}.{part(claims)}"
        return f"{signing_input}.{encoded(RSA_KEY.sign(signing_input.encode(), pad, digest))}"

    return forge


def _other_curve(curve: Any, digest: Any, alg: str) -> Forge:
    def forge(claims: dict[str, Any]) -> str:
        private = ec.generate_private_key(curve)
        signing_input = f"{part(header_for(ES, alg=alg))}.{part(claims)}"
        size = (private.key_size + 7) // 8
        pair = decode_dss_signature(private.sign(signing_input.encode(), ec.ECDSA(digest)))
        return f"{signing_input}.{encoded(b''.join(number.to_bytes(size, 'big') for number in pair))}"

    return forge


def _as_der(claims: dict[str, Any]) -> str:
    signing_input = f"{part(header_for(ES))}.{part(claims)}"
    return f"{signing_input}.{encoded(ES.sign(signing_input.encode()))}"


def _good(claims: dict[str, Any]) -> str:
    return token(header_for(ES), claims, ES)


def _other_payload(claims: dict[str, Any]) -> str:
    header, _, signature = _good(claims).split(".")
    return f"{header}.{part(claims | {'sub': 'p-2'})}.{signature}"


def _other_header(claims: dict[str, Any]) -> str:
    _, payload, signature = _good(claims).split(".")
    return f"{part(json.dumps(header_for(ES)) + ' ')}.{payload}.{signature}"


def _flipped(position: int) -> Forge:
    def forge(claims: dict[str, Any]) -> str:
        signing_input = f"{part(header_for(ES))}.{part(claims)}"
        signature = bytearray(raw_signature(ES, signing_input.encode()))
        signature[position] ^= 1
        return f"{signing_input}.{encoded(bytes(signature))}"

    return forge


def _spelled(change: Callable[[str], str]) -> Forge:
    return lambda claims: change(_good(claims))


def _zero_before_s(claims: dict[str, Any]) -> str:
    """The same two numbers in 65 bytes."""
    signing_input = f"{part(header_for(ES))}.{part(claims)}"
    signature = raw_signature(ES, signing_input.encode())
    return f"{signing_input}.{encoded(signature[:32] + bytes(1) + signature[32:])}"


def _last_bits(text: str) -> str:
    """Another spelling of the same bytes: the unused bits of the last character are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]


FORGERIES: dict[str, Forge] = {
    "none": _unsigned("none"),
    "None": _unsigned("None"),
    "NONE": _unsigned("NONE"),
    "nOnE": _unsigned("nOnE"),
    "none-with-signature": _claimed("none"),
    "empty-signature": _unsigned("ES256"),
    "no-third-part": lambda claims: _good(claims).rpartition(".")[0],
    "alg-absent": _claimed(None),
    "alg-empty": _claimed(""),
    "alg-lower-case": _claimed("es256"),
    "alg-number": _claimed(256),
    "alg-list": _claimed(["ES256"]),
    "alg-EdDSA": _claimed("EdDSA"),
    "alg-ES256K": _claimed("ES256K"),
    "hs256-pem": _hmac(_pem(ES)),
    "hs256-der": _hmac(ES.public_key),
    "hs256-jwk": _hmac(_jwk(ES)),
    "hs256-empty-key": _hmac(b""),
    "hs256-kid": _hmac(ES.key_id.encode()),
    "hs256-rsa-pem": _hmac(_pem(RS), signer=RS),
    "hs256-rsa-der": _hmac(RS.public_key, signer=RS),
    "hs256-rsa-jwk": _hmac(_jwk(RS), signer=RS),
    "hs384-pem": _hmac(_pem(ES), "sha384"),
    "hs512-pem": _hmac(_pem(ES), "sha512"),
    "hmac-named-es256": lambda claims: token_with(
        header_for(ES), claims, hmac.digest(_pem(ES), b"x", "sha256") + hashlib.sha256(b"x").digest()
    ),
    "p384-named-es384": _other_curve(ec.SECP384R1(), SHA384(), "ES384"),
    "p521-named-es512": _other_curve(ec.SECP521R1(), SHA512(), "ES512"),
    "p384-named-es256": _other_curve(ec.SECP384R1(), SHA256(), "ES256"),
    "secp256k1-named-es256": _other_curve(ec.SECP256K1(), SHA256(), "ES256"),
    "ps256-by-our-key": _rsa_as("PS256", padding.PSS(padding.MGF1(SHA256()), 32), SHA256()),
    "pss-named-rs256": _rsa_as("RS256", padding.PSS(padding.MGF1(SHA256()), 32), SHA256()),
    "rs384-by-our-key": _rsa_as("RS384", padding.PKCS1v15(), SHA384()),
    "rs512-by-our-key": _rsa_as("RS512", padding.PKCS1v15(), SHA512()),
    "sha512-named-rs256": _rsa_as("RS256", padding.PKCS1v15(), SHA512()),
    "es256-kid-with-rs256": _claimed("RS256", ES),
    "rs256-kid-with-es256": _claimed("ES256", RS),
    "rs256-kid-signed-by-es256": lambda claims: token(header_for(ES, kid=RS.key_id), claims, ES),
    "r0-s0": _fixed_signature(bytes(64)),
    "r0-s1": _fixed_signature(bytes(63) + b"\x01"),
    "r-order-s-order": _fixed_signature(_ORDER.to_bytes(32, "big") * 2),
    "rn-s0": _fixed_signature(_ORDER.to_bytes(32, "big") + bytes(32)),
    "all-ones": _fixed_signature(b"\xff" * 64),
    "der-instead-of-raw": _as_der,
    "63-bytes": _fixed_signature(b"\x01" * 63),
    "zero-before-s": _zero_before_s,
    "rsa-zero": _fixed_signature(bytes(256), RS),
    "rsa-one": _fixed_signature(bytes(255) + b"\x01", RS),
    "rsa-short": _fixed_signature(b"\x01", RS),
    "stranger": lambda claims: token(header_for(STRANGER), claims, STRANGER),
    "stranger-with-our-kid": lambda claims: token(header_for(STRANGER, kid=ES.key_id), claims, STRANGER),
    "signature-of-another-token": _other_payload,
    "changed-header": _other_header,
    "first-bit-of-r": _flipped(0),
    "last-bit-of-s": _flipped(-1),
    "padding-added": _spelled(lambda text: text + "=="),
    "last-bits": _spelled(_last_bits),
    "newline-added": _spelled(lambda text: text + "\n"),
    "space-before": _spelled(lambda text: " " + text),
    "plain-base64": _spelled(lambda text: text.replace("-", "+").replace("_", "/") + "+"),
    "not-ascii": _spelled(lambda text: text + "é"),
    "surrogate": _spelled(lambda text: text + "\ud800"),
    "empty": lambda _claims: "",
    "dots": lambda _claims: "..",
    "json-serialisation": lambda claims: json.dumps(
        dict(zip(("protected", "payload", "signature"), _good(claims).split("."), strict=True))
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_o30_forged_signature_is_refused(name: str, clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(FORGERIES[name](id_token_claims(clock)), clock)


@pytest.mark.parametrize("signer", [ES, RS], ids=["ES256", "RS256"])
def test_o30_twin_the_true_token_is_accepted(signer: Any, clock: FakeClock) -> None:
    claims = id_token_claims(clock)
    assert _verified(token(header_for(signer), claims, signer), clock) == claims


def test_o30_there_are_enough_variants() -> None:
    assert len(FORGERIES) >= 25
