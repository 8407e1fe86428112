"""The contract of `keys.ports.KeyBackend` and the `Signer`s that it opens."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import tempfile
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keys.errors import KeyRefused, KeysError
from keys.ports import KeyBackend, Signer, SignsDigests
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use
from tests.conformance.signer_backends import SignerHarness
from tests.support import national_oracle

FAST = SignatureAlgorithm.ES256


def offered(backend: KeyBackend) -> list[SignatureAlgorithm]:
    """What it offers, in the order of the table; the contract is about all of it."""
    return [algorithm for algorithm in ALGORITHMS if algorithm in backend.algorithms()]


def smallest(algorithm: SignatureAlgorithm) -> int:
    """The size that is made fastest."""
    return min(size.bits for size in ALGORITHMS[algorithm].sizes)


def made(backend: KeyBackend, algorithm: SignatureAlgorithm = FAST) -> tuple[str, Signer, bytes]:
    """URI, signer and private part of a new key."""
    key = backend.generate(algorithm, bits=smallest(algorithm), label="conformance")
    return key.uri, backend.open(key.uri, algorithm, key.public_key, key.private), key.private


_DIGESTS = {"256": SHA256(), "384": SHA384(), "512": SHA512()}


def accepts(
    public_key: bytes, signature: bytes, message: bytes, algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256
) -> bool:
    """The verdict of independent code that has seen the public key and the name of the algorithm only."""
    if algorithm is SignatureAlgorithm.SM2_SM3:
        return national_oracle.pure_accepts(public_key, signature, message)
    key: Any = load_der_public_key(public_key)
    digest = _DIGESTS.get(algorithm[2:], _DIGESTS["512"])
    try:
        if algorithm.startswith("ES"):
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(signature, message, ec.ECDSA(digest))
        elif algorithm == "EdDSA":
            assert isinstance(key, ed25519.Ed25519PublicKey)
            key.verify(signature, message)
        else:
            assert isinstance(key, rsa.RSAPublicKey)
            pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
            key.verify(signature, message, padding.PKCS1v15() if algorithm.startswith("RS") else pss, digest)
    except (InvalidSignature, ValueError):
        return False
    return True


class SignerBasic:
    """One caller at a time."""

    async def test_every_algorithm_signs(self, harness: SignerHarness) -> None:
        for algorithm in offered(harness.backend):
            _, signer, _ = made(harness.backend, algorithm)
            for message in (b"", b"x", b"law" * 5000):
                assert accepts(signer.public_key, signer.sign(message), message, algorithm)

    async def test_a_digest_is_signed_like_its_message(self, harness: SignerHarness) -> None:
        for algorithm in offered(harness.backend):
            _, signer, _ = made(harness.backend, algorithm)
            assert isinstance(signer, SignsDigests)
            if Use.DOCUMENT not in ALGORITHMS[algorithm].uses:
                continue
            digest = hashlib.new(ALGORITHMS[algorithm].digest, b"law").digest()
            assert accepts(signer.public_key, signer.sign_digest(digest), b"law", algorithm)
            for wrong in (digest[:-1], digest + b"\0", b"", hashlib.sha1(b"law").digest()):
                with pytest.raises(KeyRefused):
                    signer.sign_digest(wrong)

    async def test_openssl_accepts_the_signature(self, harness: SignerHarness) -> None:
        for algorithm in offered(harness.backend):
            _, signer, _ = made(harness.backend, algorithm)
            assert openssl_accepts(signer.public_key, signer.sign(b"law"), b"law", algorithm)
            assert not openssl_accepts(signer.public_key, signer.sign(b"law"), b"lax", algorithm)

    async def test_a_signature_is_for_one_message_and_one_key(self, harness: SignerHarness) -> None:
        for algorithm in offered(harness.backend):
            _, signer, _ = made(harness.backend, algorithm)
            _, other, _ = made(harness.backend, algorithm)
            signature = signer.sign(b"law")
            assert accepts(signer.public_key, signature, b"law", algorithm)
            assert not accepts(signer.public_key, signature, b"lax", algorithm)
            assert not accepts(other.public_key, signature, b"law", algorithm)
            assert signer.key_id != other.key_id

    async def test_the_key_id_is_the_thumbprint_of_the_public_key(self, harness: SignerHarness) -> None:
        kinds = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
        for algorithm in offered(harness.backend):
            kind = kinds[ALGORITHMS[algorithm].key_type]
            _, signer, _ = made(harness.backend, algorithm)
            assert signer.algorithm is algorithm
            if algorithm is SignatureAlgorithm.SM2_SM3:  # no other library has the curve
                assert signer.key_id == _thumbprint_by_hand(signer.public_key[-64:])
                continue
            pem = load_der_public_key(signer.public_key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            assert signer.key_id == kind.import_key(pem).thumbprint()  # by another library

    async def test_sizes_are_as_asked(self, harness: SignerHarness) -> None:
        for bits in (2048, 3072):
            key = harness.backend.generate(SignatureAlgorithm.RS256, bits=bits, label="size")
            public = load_der_public_key(key.public_key)
            assert isinstance(public, rsa.RSAPublicKey)
            assert public.key_size == bits
        curves = {SignatureAlgorithm.ES256: "secp256r1", SignatureAlgorithm.ES384: "secp384r1"}
        for algorithm in curves.keys() & harness.backend.algorithms():
            _, signer, _ = made(harness.backend, algorithm)
            public_point = load_der_public_key(signer.public_key)
            assert isinstance(public_point, ec.EllipticCurvePublicKey)
            assert public_point.curve.name == curves[algorithm]

    async def test_a_size_that_the_table_does_not_have_is_refused(self, harness: SignerHarness) -> None:
        for algorithm in offered(harness.backend):
            for bits in (0, 512, 1024, 2047, 8192):
                with pytest.raises(KeyRefused):
                    harness.backend.generate(algorithm, bits=bits, label="size")

    async def test_what_is_not_offered_is_refused(self, harness: SignerHarness) -> None:
        assert harness.backend.algorithms() <= ALGORITHMS.keys()
        assert FAST in harness.backend.algorithms()
        uri, signer, private = made(harness.backend)
        for algorithm in ALGORITHMS.keys() - harness.backend.algorithms():
            with pytest.raises(KeyRefused):
                harness.backend.generate(algorithm, bits=ALGORITHMS[algorithm].bits, label="not offered")
            with pytest.raises(KeyRefused):
                harness.backend.open(uri, algorithm, signer.public_key, private)

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
        for algorithm in offered(harness.backend):
            key = harness.backend.generate(algorithm, bits=smallest(algorithm), label="restart")
            before = harness.backend.open(key.uri, algorithm, key.public_key, key.private)
            before.sign(b"law")
            after = harness.restarted().open(key.uri, algorithm, key.public_key, key.private)
            assert after.key_id == before.key_id
            assert accepts(key.public_key, after.sign(b"law"), b"law", algorithm)


class SignerContention:
    """Many threads at once."""

    async def test_parallel_signatures_do_not_mix(self, harness: SignerHarness) -> None:
        for algorithm in offered(harness.backend):
            signers = [made(harness.backend, algorithm)[1] for _ in range(2)]
            work = [(signers[number % 2], b"document %d" % number) for number in range(48)]
            with ThreadPoolExecutor(8) as pool:
                loop = asyncio.get_running_loop()
                calls = [loop.run_in_executor(pool, signer.sign, message) for signer, message in work]
                signatures = await asyncio.gather(*calls)
            for (signer, message), signature in zip(work, signatures, strict=True):
                assert accepts(signer.public_key, signature, message, algorithm)


def _thumbprint_by_hand(point: bytes) -> str:
    """RFC 7638 §3.1 over the members of GM/T 0125.4."""
    x, y = (urlsafe_b64encode(part).rstrip(b"=").decode() for part in (point[:32], point[32:]))
    text = f'{{"crv":"SM2-P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def openssl_accepts(public_key: bytes, signature: bytes, message: bytes, algorithm: SignatureAlgorithm) -> bool:
    """The verdict of the openssl command line."""
    if algorithm is SignatureAlgorithm.SM2_SM3:
        return national_oracle.openssl_accepts(public_key, signature, message)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pem = load_der_public_key(public_key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for file, content in (("public", pem), ("signature", signature), ("message", message)):
            (folder / file).write_bytes(content)
        command = ["openssl", "dgst", f"-sha{algorithm[2:]}", "-verify", "public", "-signature", "signature", "message"]
        if algorithm.startswith("PS"):
            command[3:3] = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
        if algorithm == "EdDSA":
            command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public", "-rawin", "-in", "message"]
            command += ["-sigfile", "signature"]
        return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0
