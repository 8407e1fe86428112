"""JSON Web Encryption: both directions with an independent library, and the examples of the standards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe as their_jwe
from joserfc import jwk as their_jwk
from joserfc.jwk import ECKey

from keys.errors import KeyMissing, KeyRefused, TokenRejected
from keys.jose.decryption_keys import ENCRYPTION_PURPOSE, DecryptionKeys
from keys.jose.jwe import MAXIMUM_SIZE, decrypt, encrypt
from keys.jose.jwe_content import ContentEncryption
from keys.jose.jwe_keys import KeyManagement, receive_key
from keys.jose.jwk_set import read_jwk
from keys.primitives import base64url
from tests.support.clock import FakeClock
from tests.unit.keys.rings import software_ring

_KINDS: list[tuple[str, Any]] = [("EC", "P-256"), ("EC", "P-384"), ("RSA", 2048)]
THEIRS = {str(size): their_jwk.generate_key(kind, size) for kind, size in _KINDS}
OURS = ec.generate_private_key(ec.SECP256R1())
KEYS = {"ours": OURS}
COMBINATIONS = [
    (size, management, encryption)
    for size in THEIRS
    for management in KeyManagement
    for encryption in ContentEncryption
    if management.agrees is (size != "2048")
]


@pytest.mark.parametrize(("size", "management", "encryption"), COMBINATIONS)
def test_joserfc_reads_what_we_write(size: str, management: KeyManagement, encryption: ContentEncryption) -> None:
    reader = read_jwk(THEIRS[size].as_dict(private=False) | {"kid": "k", "use": "enc"})
    for content in (b"", b"x", "内容".encode() * 3000):
        token = encrypt(content, reader, management=management, encryption=encryption)
        allowed = [str(management), str(encryption)]
        read = their_jwe.decrypt_compact(token, THEIRS[size], algorithms=allowed)
        assert read.plaintext == content
        header = json.loads(base64url.decode(token.split(".")[0]))
        assert header.keys() - {"epk"} == {"alg", "enc", "kid", "cty"}
        assert (header["cty"], header["kid"]) == ("JWT", "k")


@pytest.mark.parametrize("encryption", list(ContentEncryption))
@pytest.mark.parametrize("management", [one for one in KeyManagement if one.agrees])
def test_we_read_what_joserfc_writes(management: KeyManagement, encryption: ContentEncryption) -> None:
    to_us = ECKey.import_key(OURS.public_key())  # type: ignore[arg-type]  # it takes key objects too
    allowed = [str(management), str(encryption)]
    for extra in ({"kid": "ours"}, {}, {"kid": "ours", "cty": "JWT", "apu": "QWxpY2U", "apv": "Qm9i"}):
        header = {"alg": str(management), "enc": str(encryption), **extra}
        for content in (b"x", "内容".encode() * 1000):
            token = their_jwe.encrypt_compact(header, content, to_us, algorithms=allowed)
            found = decrypt(token, KEYS)
            assert found.content == content
            assert found.header.items() >= header.items()


def test_each_jwe_has_a_key_and_a_nonce_of_its_own() -> None:
    reader = read_jwk(THEIRS["P-256"].as_dict(private=False))
    tokens = [
        encrypt(bytes(32), reader, management=KeyManagement.ECDH_ES_A256KW, encryption=ContentEncryption.A256GCM).split(
            "."
        )
        for _ in range(20)
    ]
    for part in range(5):
        assert len({token[part] for token in tokens}) == 20


def test_the_key_agreement_of_rfc_7518_appendix_c() -> None:
    numbers = {
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
    }
    bob = ec.derive_private_key(int.from_bytes(base64url.decode(numbers["d"]), "big"), ec.SECP256R1())
    epk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
    }
    header = {"epk": epk, "apu": base64url.encode(b"Alice"), "apv": base64url.encode(b"Bob")}
    found = receive_key(KeyManagement.ECDH_ES, ContentEncryption.A128GCM, bob, header, b"")
    assert base64url.encode(found) == "VqqN6vgjbSBcIijNcacQGg"


def test_a_key_that_is_not_for_this_is_refused() -> None:
    point, signing, rsa = (
        read_jwk(THEIRS["P-256"].as_dict(private=False)),
        read_jwk(THEIRS["P-256"].as_dict(private=False) | {"use": "sig"}),
        read_jwk(THEIRS["2048"].as_dict(private=False)),
    )
    other = read_jwk(THEIRS["P-256"].as_dict(private=False) | {"alg": "ECDH-ES+A256KW"})
    edwards = read_jwk(their_jwk.generate_key("OKP", "Ed25519").as_dict(private=False))
    for key, management in (
        (signing, KeyManagement.ECDH_ES),
        (other, KeyManagement.ECDH_ES),
        (rsa, KeyManagement.ECDH_ES),
        (edwards, KeyManagement.ECDH_ES),
        (point, KeyManagement.RSA_OAEP_256),
    ):
        with pytest.raises(KeyRefused):
            encrypt(b"x", key, management=management, encryption=ContentEncryption.A256GCM)


async def test_our_keys_come_from_the_ring_and_rotate_with_it(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        keys = DecryptionKeys(ring)
        with pytest.raises(KeyMissing):
            keys.public_jwk()
        await ring.create_secret(ENCRYPTION_PURPOSE)
        first = keys.public_jwk()
        assert first.keys() == {"kty", "crv", "x", "y", "use", "kid"}
        assert their_jwk.import_key(first).thumbprint() == first["kid"]
        token = _to(first)
        assert decrypt(token, keys.private()).content == b"x"
        await ring.prepare_next(ENCRYPTION_PURPOSE)
        assert keys.public_jwk() == first  # a next key is not used yet
        await ring.rotate(ENCRYPTION_PURPOSE)
        second = keys.public_jwk()
        assert second["kid"] != first["kid"]
        assert decrypt(token, keys.private()).content == b"x"  # to the former key, which is still read
        assert decrypt(_to(second), keys.private()).content == b"x"
        former = next(record for record in ring.records() if record.state == "verify-only")
        await ring.retire(former.key_id)
        with pytest.raises(TokenRejected, match="no such key"):
            decrypt(token, keys.private())
    async with software_ring(tmp_path, clock) as (again, _):
        assert DecryptionKeys(again).public_jwk() == second  # any worker makes the same key


def _to(jwk: dict[str, Any]) -> str:
    return encrypt(b"x", read_jwk(jwk), management=KeyManagement.ECDH_ES_A256KW, encryption=ContentEncryption.A256GCM)


def test_a_jwe_of_the_longest_size_is_read_and_a_longer_one_is_not() -> None:
    to_us = ECKey.import_key(OURS.public_key())  # type: ignore[arg-type]  # it takes key objects too
    header = {"alg": "ECDH-ES", "enc": "A256GCM"}
    bare = len(their_jwe.encrypt_compact(header, b"x" * 3, to_us, algorithms=["ECDH-ES", "A256GCM"]))
    most = (MAXIMUM_SIZE - bare) // 4 * 3
    for size, good in ((most, True), (most + 9, False)):
        token = their_jwe.encrypt_compact(header, b"x" * size, to_us, algorithms=["ECDH-ES", "A256GCM"])
        if good:
            assert decrypt(token, KEYS).content == b"x" * size
        else:
            with pytest.raises(TokenRejected, match="too long"):
                decrypt(token, KEYS)
