"""Project Wycheproof: everything that verifies signatures, through `keys.verification` and `keys.jose`.

Whole files run as one test each, and each must have judged enough in both directions: an empty file proves nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from keys.errors import KeyRefused, SignatureRefused
from keys.jose.jws import VerifyingKey
from keys.primitives.ports import PublicKey
from keys.primitives.registry import primitive
from keys.spec import SignatureAlgorithm, Use
from keys.verification import check_signature, load_verification_key
from tests.support.wycheproof import Vector, vectors

ES256, ES384 = SignatureAlgorithm.ES256, SignatureAlgorithm.ES384
RS256, RS384, RS512 = SignatureAlgorithm.RS256, SignatureAlgorithm.RS384, SignatureAlgorithm.RS512
PS256, EDDSA = SignatureAlgorithm.PS256, SignatureAlgorithm.EDDSA

FILES = [
    ("ecdsa_secp256r1_sha256_test", ES256),
    ("ecdsa_secp384r1_sha384_test", ES384),
    ("rsa_signature_2048_sha256_test", RS256),
    ("rsa_signature_3072_sha256_test", RS256),
    ("rsa_signature_4096_sha256_test", RS256),
    ("rsa_signature_2048_sha384_test", RS384),
    ("rsa_signature_3072_sha384_test", RS384),
    ("rsa_signature_4096_sha384_test", RS384),
    ("rsa_signature_2048_sha512_test", RS512),
    ("rsa_signature_3072_sha512_test", RS512),
    ("rsa_pss_2048_sha256_mgf1_32_test", PS256),
    ("rsa_pss_3072_sha256_mgf1_32_test", PS256),
    ("rsa_pss_4096_sha256_mgf1_32_test", PS256),
    ("ed25519_test", EDDSA),
]
_GENERATED = ("rsa_pkcs1_2048_sig_gen_test", "rsa_pkcs1_3072_sig_gen_test", "rsa_pkcs1_4096_sig_gen_test")


def judge(vector: Vector, algorithm: SignatureAlgorithm) -> bool:
    """Whether key and signature are accepted."""
    return check(bytes.fromhex(vector.group["publicKeyDer"]), vector, algorithm)


def check(public_key: bytes, vector: Vector, algorithm: SignatureAlgorithm) -> bool:
    signature, message = vector.octets("sig"), vector.octets("msg")
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    try:
        check_signature(public_key, algorithm, signature, message, use=Use.TOKEN, at=moment)
    except SignatureRefused:
        return False
    return True


def key_of(vector: Vector, algorithm: SignatureAlgorithm) -> PublicKey:
    return load_verification_key(bytes.fromhex(vector.group["publicKeyDer"]), algorithm)


@pytest.mark.parametrize(("file", "algorithm"), FILES, ids=lambda value: str(value))
def test_signatures(file: str, algorithm: SignatureAlgorithm) -> None:
    seen: Counter[bool] = Counter()
    for vector in vectors("Signature", file):
        assert judge(vector, algorithm) is vector.valid, vector
        seen[vector.valid] += 1
    assert seen[True] >= 5
    assert seen[False] >= 40


@pytest.mark.parametrize(
    ("file", "algorithm"),
    [("ecdsa_secp256r1_sha256_p1363_test", ES256), ("ecdsa_secp384r1_sha384_p1363_test", ES384)],
)
def test_signatures_in_the_form_of_jose(file: str, algorithm: SignatureAlgorithm) -> None:
    seen: Counter[bool] = Counter()
    for vector in vectors("Signature", file):
        key = VerifyingKey(key_of(vector, algorithm), algorithm)
        assert key.verify(vector.octets("msg"), vector.octets("sig")) is vector.valid, vector
        seen[vector.valid] += 1
    assert seen[True] >= 100
    assert seen[False] >= 40


@pytest.mark.parametrize("file", _GENERATED)
def test_signatures_that_others_generated(file: str) -> None:
    """PKCS #1 of every digest of the table; the rest is refused because the table does not have it."""
    algorithms = {"SHA-256": RS256, "SHA-384": RS384, "SHA-512": RS512}
    seen: Counter[SignatureAlgorithm] = Counter()
    for vector in vectors("Signature", file):
        algorithm = algorithms.get(vector.group["sha"])
        if algorithm is None:
            continue
        private = load_der_private_key(bytes.fromhex(vector.group["privateKeyPkcs8"]), password=None)
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert check(public, vector, algorithm), vector  # also with small exponents, which are `acceptable`
        ours = primitive(algorithm).load_private(bytes.fromhex(vector.group["privateKeyPkcs8"]))
        assert ours.sign(vector.octets("msg")) == vector.octets("sig"), vector
        seen[algorithm] += 1
    assert set(seen) == set(algorithms.values())


def test_the_keys_of_the_files_as_jwk() -> None:
    """The same keys and signatures, handed over as JWK members."""
    count = 0
    for file, algorithm in FILES:
        for vector in vectors("Signature", file):
            members = vector.group.get("publicKeyJwk") or vector.group.get("keyJwk")
            if members is None:
                break
            key = primitive(algorithm).of_members(members)
            assert key.encoded == bytes.fromhex(vector.group["publicKeyDer"])
            assert key.members() == {name: members[name] for name in key.members()}
            count += 1
    assert count >= 500


@pytest.mark.parametrize(
    ("file", "algorithm"),
    [
        ("rsa_pss_2048_sha256_mgf1_0_test", PS256),  # no salt
        ("rsa_pss_2048_sha256_mgf1sha1_20_test", PS256),  # another mask
        ("rsa_pss_2048_sha384_mgf1_48_test", PS256),  # another digest
        ("rsa_pss_2048_sha256_mgf1_32_test", RS256),  # another padding
        ("rsa_signature_2048_sha256_test", PS256),
        ("rsa_signature_2048_sha512_test", RS256),
        ("ecdsa_secp256r1_sha512_test", ES256),
    ],
)
def test_right_signatures_of_another_kind_are_refused(file: str, algorithm: SignatureAlgorithm) -> None:
    count = 0
    for vector in vectors("Signature", file):
        if vector.valid:
            assert not judge(vector, algorithm), vector
            count += 1
    assert count >= 5


@pytest.mark.parametrize(
    "file", ["ecdsa_secp256k1_sha256_test", "ecdsa_secp521r1_sha512_test", "ecdsa_secp224r1_sha256_test", "ed448_test"]
)
def test_keys_that_the_table_does_not_have_are_refused(file: str) -> None:
    vector = next(vectors("Signature", file))
    for algorithm in SignatureAlgorithm:
        with pytest.raises(KeyRefused):
            key_of(vector, algorithm)
