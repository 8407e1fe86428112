"""Backends that are wrong on purpose: the signer contract must catch each of them."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import load_der_private_key

from keys.backends.software import SoftwareBackend, SoftwareSigner
from keys.errors import KeyRefused
from keys.ports import GeneratedKey, Signer
from keys.primitives.ports import PrivateKey
from keys.primitives.registry import primitive
from keys.spec import SignatureAlgorithm
from tests.conformance.harness import failing
from tests.conformance.signer import SignerBasic, SignerContention, SignerRestart, smallest
from tests.conformance.signer_backends import SignerHarness

_CONTRACTS = (SignerBasic, SignerRestart, SignerContention)
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class _Few(SoftwareBackend):
    """Two algorithms are enough to be wrong with, and quicker."""

    def algorithms(self) -> frozenset[SignatureAlgorithm]:
        return frozenset({SignatureAlgorithm.ES256, SignatureAlgorithm.RS256})

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        _refuse_others(algorithm, self.algorithms())
        return super().generate(algorithm, bits=bits, label=label)

    def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
        _refuse_others(algorithm, self.algorithms())
        return super().open(uri, algorithm, public_key, private)


def _refuse_others(algorithm: SignatureAlgorithm, offered: frozenset[SignatureAlgorithm]) -> None:
    if algorithm not in offered:
        raise KeyRefused(str(algorithm))


class _Signer(SoftwareSigner):
    """A signer that has its key at hand."""

    def __init__(self, private_key: PrivateKey, algorithm: SignatureAlgorithm, private: bytes) -> None:
        super().__init__(private_key, algorithm)
        self._private_key = load_der_private_key(private, password=None)


class _Wrapped(_Few):
    """A backend whose signers are wrapped by `signer_type`."""

    signer_type: type[_Signer] = _Signer

    def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
        super().open(uri, algorithm, public_key, private)  # refuses what does not fit
        return self.signer_type(primitive(algorithm).load_private(private), algorithm, private)


class _RawSigner(_Signer):
    """Answers ECDSA signatures as r and s side by side, as JOSE and PKCS#11 write them."""

    def sign(self, message: bytes) -> bytes:
        signature = super().sign(message)
        if self.algorithm is not SignatureAlgorithm.ES256:
            return signature
        return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(signature))


class _OtherDigestSigner(_Signer):
    """Hashes with SHA-384."""

    def sign(self, message: bytes) -> bytes:
        if isinstance(self._private_key, ec.EllipticCurvePrivateKey):
            return self._private_key.sign(message, ec.ECDSA(SHA384()))
        assert isinstance(self._private_key, rsa.RSAPrivateKey)
        return self._private_key.sign(message, padding.PKCS1v15(), SHA384())


class _OneNonceSigner(_Signer):
    """Uses the same ECDSA nonce for every message; each signature by itself is right."""

    def sign(self, message: bytes) -> bytes:
        if not isinstance(self._private_key, ec.EllipticCurvePrivateKey):
            return super().sign(message)
        nonce = 0x1234567
        r = ec.derive_private_key(nonce, ec.SECP256R1()).public_key().public_numbers().x % _P256_ORDER
        digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
        secret = self._private_key.private_numbers().private_value
        return encode_dss_signature(r, pow(nonce, -1, _P256_ORDER) * (digest + r * secret) % _P256_ORDER)


class _SharedBufferSigner(_Signer):
    """Keeps the message in a place that all threads share."""

    _message = b""

    def sign(self, message: bytes) -> bytes:
        self._message = message
        time.sleep(0.001)
        return super().sign(self._message)


class _HashesDigestsSigner(_Signer):
    """Takes a digest for a message."""

    def sign_digest(self, digest: bytes) -> bytes:
        return super().sign(digest)


class _NamedByUseSigner(_Signer):
    """Takes the key id from a counter."""

    _count = 0
    _lock = threading.Lock()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        with self._lock:
            _NamedByUseSigner._count += 1
            self.key_id = f"key-{self._count}"


class _Forgetful(_Few):
    """Opens another key than the one that was made, once it has been restarted."""

    def __init__(self, restarted: bool = False) -> None:
        self._restarted = restarted

    def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
        if self._restarted:
            other = self.generate(algorithm, bits=smallest(algorithm), label="other")
            return super().open(other.uri, algorithm, other.public_key, other.private)
        return super().open(uri, algorithm, public_key, private)


class _Careless(_Few):
    """Opens a key for whatever algorithm is asked for."""

    def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
        try:
            return super().open(uri, algorithm, public_key, private)
        except Exception:
            return super().open(uri, SignatureAlgorithm.ES256, public_key, private)


class _WeakRsa(_Few):
    """Makes RSA keys of 2048 bits whatever was asked for."""

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        return super().generate(algorithm, bits=smallest(algorithm), label=label)


class _Modest(SoftwareBackend):
    """Makes keys for more than it says that it offers."""

    def algorithms(self) -> frozenset[SignatureAlgorithm]:
        return frozenset({SignatureAlgorithm.ES256})


class _Promising(_Few):
    """Says that it offers what it refuses."""

    def algorithms(self) -> frozenset[SignatureAlgorithm]:
        return frozenset({*super().algorithms(), SignatureAlgorithm.PS256})

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        _refuse_others(algorithm, _Few().algorithms())
        return super().generate(algorithm, bits=bits, label=label)


class _Boastful(_Few):
    """Says that keys cannot leave it, and hands them out."""

    def extractable(self, uri: str) -> bool:
        return False


class _Talkative(_Few):
    """Writes the wrong scheme into its URIs."""

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        made = super().generate(algorithm, bits=bits, label=label)
        return GeneratedKey(f"memory:{made.uri}", made.public_key, made.private)


def _wrapped(signer: type[_Signer]) -> type[SoftwareBackend]:
    return type(f"With{signer.__name__}", (_Wrapped,), {"signer_type": signer})


_BROKEN: list[tuple[type[SoftwareBackend], str]] = [
    (_wrapped(_RawSigner), "test_every_algorithm_signs"),
    (_wrapped(_HashesDigestsSigner), "test_a_digest_is_signed_like_its_message"),
    (_wrapped(_OtherDigestSigner), "test_openssl_accepts_the_signature"),
    (_wrapped(_OneNonceSigner), "test_no_nonce_is_used_twice"),
    (_wrapped(_SharedBufferSigner), "test_parallel_signatures_do_not_mix"),
    (_wrapped(_NamedByUseSigner), "test_the_key_id_is_the_thumbprint_of_the_public_key"),
    (_Forgetful, "test_a_key_signs_after_a_restart"),
    (_Careless, "test_a_key_is_not_opened_for_another_algorithm"),
    (_WeakRsa, "test_sizes_are_as_asked"),
    (_WeakRsa, "test_a_size_that_the_table_does_not_have_is_refused"),
    (_Modest, "test_what_is_not_offered_is_refused"),
    (_Promising, "test_every_algorithm_signs"),
    (_Boastful, "test_a_device_keeps_its_keys"),
    (_Talkative, "test_the_uri_names_the_backend"),
]


def _opened(broken: type[SoftwareBackend]) -> Any:
    @asynccontextmanager
    async def opened() -> AsyncIterator[SignerHarness]:
        def restarted() -> SoftwareBackend:
            return _Forgetful(restarted=True) if broken is _Forgetful else broken()

        yield SignerHarness(broken(), restarted, extractable=True, device_lets_out=lambda _uri: True)

    return opened


@pytest.mark.parametrize(("broken", "caught_by"), _BROKEN, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_broken_backend_fails_the_contract(broken: type[SoftwareBackend], caught_by: str) -> None:
    contracts = [contract for contract in _CONTRACTS if hasattr(contract, caught_by)]
    assert caught_by in await failing(contracts, _opened(broken))


async def test_a_right_backend_passes() -> None:
    assert await failing(_CONTRACTS, _opened(SoftwareBackend)) == set()
