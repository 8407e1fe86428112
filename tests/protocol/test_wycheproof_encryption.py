"""Project Wycheproof: the ciphers beneath what we encrypt, through `keys.jose`, and AES-GCM as our envelopes use it."""

from __future__ import annotations

from collections import Counter

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.jose.jwe_content import ContentEncryption, ContentRefused, Encrypted, decrypt
from keys.jose.jwe_keys import KeyManagement, derive, receive_key
from keys.primitives import base64url
from tests.support.wycheproof import vectors


@pytest.mark.parametrize(("bits", "encryption"), [(128, ContentEncryption.A128GCM), (256, ContentEncryption.A256GCM)])
def test_aes_gcm(bits: int, encryption: ContentEncryption) -> None:
    """Nonces of another length than 96 bits are valid GCM, but not JWE (RFC 7518 §5.3)."""
    seen: Counter[bool] = Counter()
    for vector in vectors("Cipher", "aes_gcm_test"):
        if vector.group["keySize"] != bits:
            continue
        good = vector.valid and vector.group["ivSize"] == 96
        content = Encrypted(vector.octets("iv"), vector.octets("ct"), vector.octets("tag"))
        try:
            plain = decrypt(encryption, vector.octets("key"), content, vector.octets("aad"))
        except ContentRefused:
            assert not good, vector
        else:
            assert good, vector
            assert plain == vector.octets("msg"), vector
        seen[good] += 1
    assert seen[True] >= 30
    assert seen[False] >= 20


def test_aes_gcm_as_envelopes_use_it() -> None:
    """`keys.key_wrap` and `keys.secrets` hand 256-bit keys and 96-bit nonces to this cipher: here it is the one."""
    seen: Counter[bool] = Counter()
    for vector in vectors("Cipher", "aes_gcm_test"):
        if (vector.group["keySize"], vector.group["ivSize"]) != (256, 96):
            continue
        cipher, nonce, aad = AESGCM(vector.octets("key")), vector.octets("iv"), vector.octets("aad")
        sealed = vector.octets("ct") + vector.octets("tag")
        if vector.valid:
            assert cipher.decrypt(nonce, sealed, aad) == vector.octets("msg"), vector
            assert cipher.encrypt(nonce, vector.octets("msg"), aad) == sealed, vector
        else:
            with pytest.raises(InvalidTag):
                cipher.decrypt(nonce, sealed, aad)
        seen[vector.valid] += 1
    assert seen[True] >= 30
    assert seen[False] >= 20


@pytest.mark.parametrize(
    ("file", "curve"),
    [("ecdh_secp256r1_webcrypto_test", ec.SECP256R1()), ("ecdh_secp384r1_webcrypto_test", ec.SECP384R1())],
)
def test_key_agreement(file: str, curve: ec.EllipticCurve) -> None:
    """Points on other curves, beside the curve or in odd encodings must not be computed with."""
    seen: Counter[bool] = Counter()
    for vector in vectors("Protocol", file):
        private = int.from_bytes(base64url.decode(vector.test["private"]["d"]), "big")
        own = ec.derive_private_key(private, curve)
        header = {"epk": vector.test["public"]}
        try:
            key = receive_key(KeyManagement.ECDH_ES, ContentEncryption.A256GCM, own, header, b"")
        except ValueError:
            assert not vector.valid, vector
        else:
            assert vector.valid, vector
            assert key == derive(vector.octets("shared"), "A256GCM", 32), vector
        seen[vector.valid] += 1
    assert seen[True] >= 200
    assert seen[False] >= 3


def test_key_wrapping() -> None:
    """AES key wrap as ECDH-ES+A256KW uses it (RFC 3394)."""
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

    seen: Counter[bool] = Counter()
    for vector in vectors("Cipher", "aes_wrap_test"):
        if vector.group["keySize"] != 256:
            continue
        if vector.valid:
            assert aes_key_unwrap(vector.octets("key"), vector.octets("ct")) == vector.octets("msg"), vector
            assert aes_key_wrap(vector.octets("key"), vector.octets("msg")) == vector.octets("ct"), vector
        else:
            with pytest.raises(InvalidUnwrap):
                aes_key_unwrap(vector.octets("key"), vector.octets("ct"))
        seen[vector.valid] += 1
    assert seen[True] >= 5
    assert seen[False] >= 20
