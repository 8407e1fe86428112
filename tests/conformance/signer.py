"""The contract of `keys.ports.KeyBackend` and the `Signer`s that it opens."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from joserfc.jwk import ECKey, RSAKey

from keys.errors import KeysError
from keys.ports import KeyBackend, Signer
from keys.spec import ALGORITHMS, SignatureAlgorithm
from tests.conformance.signer_backends import SignerHarness

EVERY_ALGORITHM = tuple(ALGORITHMS)
FAST = SignatureAlgorithm.ES256


def made(backend: KeyBackend, algorithm: SignatureAlgorithm = FAST) -> tuple[str, Signer, bytes]:
    """URI, signer and private part of a new key."""
    key = backend.generate(algorithm, bits=256 if algorithm is FAST else 2048, label="conformance")
    return key.uri, backend.open(key.uri, algorithm, key.public_key, key.private), key.private


def accepts(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """The verdict of independent code that has seen the public key only."""
    key = load_der_public_key(public_key)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(SHA256()))
        else:
            assert isinstance(key, rsa.RSAPublicKey)
            key.verify(signature, message, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


class SignerBasic:
    """One caller at a time."""

    async def test_every_algorithm_signs(self, harness: SignerHarness) -> None:
        for algorithm in EVERY_ALGORITHM:
            _, signer, _ = made(harness.backend, algorithm)
            for message in (b"", b"x", b"law" * 5000):
                assert accepts(signer.public_key, signer.sign(message), message)

    async def test_openssl_accepts_the_signature(self, harness: SignerHarness) -> None:
        for algorithm in EVERY_ALGORITHM:
            _, signer, _ = made(harness.backend, algorithm)
            assert openssl_accepts(signer.public_key, signer.sign(b"law"), b"law")
            assert not openssl_accepts(signer.public_key, signer.sign(b"law"), b"lax")

    async def test_a_signature_is_for_one_message_and_one_key(self, harness: SignerHarness) -> None:
        for algorithm in EVERY_ALGORITHM:
            _, signer, _ = made(harness.backend, algorithm)
            _, other, _ = made(harness.backend, algorithm)
            signature = signer.sign(b"law")
            assert not accepts(signer.public_key, signature, b"lax")
            assert not accepts(other.public_key, signature, b"law")
            assert signer.key_id != other.key_id

    async def test_the_key_id_is_the_thumbprint_of_the_public_key(self, harness: SignerHarness) -> None:
        for algorithm, kind in ((SignatureAlgorithm.ES256, ECKey), (SignatureAlgorithm.RS256, RSAKey)):
            _, signer, _ = made(harness.backend, algorithm)
            pem = load_der_public_key(signer.public_key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            assert signer.key_id == kind.import_key(pem).thumbprint()  # by another library
            assert signer.algorithm is algorithm

    async def test_sizes_are_as_asked(self, harness: SignerHarness) -> None:
        for bits in (2048, 3072):
            key = harness.backend.generate(SignatureAlgorithm.RS256, bits=bits, label="size")
            public = load_der_public_key(key.public_key)
            assert isinstance(public, rsa.RSAPublicKey)
            assert public.key_size == bits
        _, signer, _ = made(harness.backend)
        public_point = load_der_public_key(signer.public_key)
        assert isinstance(public_point, ec.EllipticCurvePublicKey)
        assert public_point.curve.name == "secp256r1"

    async def test_no_nonce_is_used_twice(self, harness: SignerHarness) -> None:
        # Two ECDSA signatures with one nonce, which show the same r, give the private key away.
        _, signer, _ = made(harness.backend)
        seen = {decode_dss_signature(signer.sign(b"law %d" % number))[0] for number in range(20)}
        assert len(seen) == 20

    async def test_a_key_is_not_opened_for_another_algorithm(self, harness: SignerHarness) -> None:
        key = harness.backend.generate(FAST, bits=256, label="other")
        with pytest.raises(KeysError):
            harness.backend.open(key.uri, SignatureAlgorithm.RS256, key.public_key, key.private)

    async def test_the_uri_names_the_backend(self, harness: SignerHarness) -> None:
        uri, _, _ = made(harness.backend)
        assert uri.startswith(f"{harness.backend.scheme}:")
        assert harness.pin is None or harness.pin not in uri

    async def test_a_device_keeps_its_keys(self, harness: SignerHarness) -> None:
        uri, signer, private = made(harness.backend)
        assert harness.backend.extractable(uri) is harness.extractable
        assert signer.blocking is not harness.extractable
        assert bool(private) is harness.extractable
        assert harness.device_lets_out(uri) is harness.extractable


class SignerRestart:
    """A key outlives the process that made it."""

    async def test_a_key_signs_after_a_restart(self, harness: SignerHarness) -> None:
        for algorithm in EVERY_ALGORITHM:
            key = harness.backend.generate(algorithm, bits=256 if algorithm is FAST else 2048, label="restart")
            before = harness.backend.open(key.uri, algorithm, key.public_key, key.private)
            before.sign(b"law")
            after = harness.restarted().open(key.uri, algorithm, key.public_key, key.private)
            assert after.key_id == before.key_id
            assert accepts(key.public_key, after.sign(b"law"), b"law")


class SignerContention:
    """Many threads at once."""

    async def test_parallel_signatures_do_not_mix(self, harness: SignerHarness) -> None:
        for algorithm in EVERY_ALGORITHM:
            signers = [made(harness.backend, algorithm)[1] for _ in range(2)]
            work = [(signers[number % 2], b"document %d" % number) for number in range(48)]
            with ThreadPoolExecutor(8) as pool:
                loop = asyncio.get_running_loop()
                calls = [loop.run_in_executor(pool, signer.sign, message) for signer, message in work]
                signatures = await asyncio.gather(*calls)
            for (signer, message), signature in zip(work, signatures, strict=True):
                assert accepts(signer.public_key, signature, message)


def openssl_accepts(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """The verdict of the openssl command line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pem = load_der_public_key(public_key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for file, content in (("public", pem), ("signature", signature), ("message", message)):
            (folder / file).write_bytes(content)
        command = ["openssl", "dgst", "-sha256", "-verify", "public", "-signature", "signature", "message"]
        return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0
