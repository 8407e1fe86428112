"""JSON Web Keys: RFC 7638's own example, agreement with another library, and that only public members show."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from keys.errors import KeyRefused
from keys.jose.jwk import public_jwk, public_jwks, thumbprint
from keys.ports import VerificationKey
from keys.spec import KeyState, SignatureAlgorithm
from keys.verification import load_verification_key
from tests.unit.keys.rings import fixed_signer, our_keys

_RFC_7638_KEY = {
    "kty": "RSA",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
        "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
        "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
        "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    ),
    "e": "AQAB",
}


def _der(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def test_thumbprint_of_the_example_in_rfc_7638() -> None:
    public = RSAKey.import_key(_RFC_7638_KEY).public_key  # type: ignore[arg-type]  # a plain dictionary
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert thumbprint(der, SignatureAlgorithm.RS256) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("algorithm", [one for one in SignatureAlgorithm if one != "SGD_SM3_SM2"])
def test_the_jwk_is_what_another_library_reads(algorithm: SignatureAlgorithm) -> None:
    signer = fixed_signer(algorithm)
    jwk = public_jwk(VerificationKey(signer.key_id, algorithm, KeyState.ACTIVE, signer.public_key))
    read = import_key(jwk)
    assert isinstance(read, (ECKey, OKPKey, RSAKey))
    assert read.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == signer.public_key
    assert read.thumbprint() == jwk["kid"] == signer.key_id
    assert (jwk["alg"], jwk["use"]) == (algorithm, "sig")


def test_coordinates_have_their_full_length() -> None:
    # RFC 7518 §6.2.1.2: 32 octets, also where the number begins with zeros
    for secret in range(1, 400):
        point = ec.derive_private_key(secret, ec.SECP256R1())
        jwk = public_jwk(VerificationKey("k", SignatureAlgorithm.ES256, KeyState.ACTIVE, _der(point)))
        assert (len(jwk["x"]), len(jwk["y"])) == (43, 43)


def test_the_set_has_public_members_only() -> None:
    keys = public_jwks(our_keys())["keys"]
    assert [key["alg"] for key in keys] == ["ES256", "RS256"]
    allowed = {"alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"}
    assert all(key.keys() <= allowed for key in keys)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (_der(ec.derive_private_key(7, ec.SECP384R1())), SignatureAlgorithm.ES256),
        (_der(ec.derive_private_key(7, ec.SECP256K1())), SignatureAlgorithm.ES256),
        (_der(rsa.generate_private_key(65537, 1024)), SignatureAlgorithm.RS256),
        (_der(ed25519.Ed25519PrivateKey.generate()), SignatureAlgorithm.ES256),
        (fixed_signer(SignatureAlgorithm.ES256).public_key, SignatureAlgorithm.RS256),
        (fixed_signer(SignatureAlgorithm.RS256).public_key, SignatureAlgorithm.ES256),
        (b"", SignatureAlgorithm.ES256),
        (b"\x30\x00", SignatureAlgorithm.RS256),
    ],
    ids=["p384", "secp256k1", "rsa1024", "ed25519", "ec-as-rsa", "rsa-as-ec", "empty", "empty-sequence"],
)
def test_a_key_that_does_not_fit_is_refused(key: bytes, algorithm: SignatureAlgorithm) -> None:
    with pytest.raises(KeyRefused):
        load_verification_key(key, algorithm)
    with pytest.raises(KeyRefused):
        thumbprint(key, algorithm)
