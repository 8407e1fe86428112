"""Private keys in the memory of the process; at rest they are in the key store, sealed under the master key."""

from __future__ import annotations

import secrets

from keys.errors import KeyRefused, KeyStoreDamaged
from keys.jose.jwk import thumbprint
from keys.libcrypto import library
from keys.ports import GeneratedKey, KeyBackend, Signer
from keys.primitives.ports import PrivateKey
from keys.primitives.registry import primitive
from keys.spec import ALGORITHMS, SignatureAlgorithm


class SoftwareSigner:
    """A loaded key: parsed once, then only used (parsing an RSA key again costs a hundred signatures)."""

    blocking = False

    def __init__(self, private_key: PrivateKey, algorithm: SignatureAlgorithm) -> None:
        self._sign = private_key.sign
        self._sign_digest = private_key.sign_digest
        self.algorithm = algorithm
        self.public_key = private_key.public_key
        self.key_id = thumbprint(self.public_key, algorithm)

    def sign(self, message: bytes) -> bytes:
        return self._sign(message)

    def sign_digest(self, digest: bytes) -> bytes:
        return self._sign_digest(digest)


class SoftwareBackend:
    """Makes and opens keys in memory. URIs are `software:` and a random name."""

    scheme = "software"

    def algorithms(self) -> frozenset[SignatureAlgorithm]:
        return frozenset(ALGORITHMS) if library.available() else frozenset(ALGORITHMS) - {SignatureAlgorithm.SM2_SM3}

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        private = primitive(algorithm).generate(bits)
        public = primitive(algorithm).load_private(private).public_key
        return GeneratedKey(f"{self.scheme}:{secrets.token_hex(8)}", public, private)

    def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
        try:
            key = primitive(algorithm).load_private(private)
        except KeyRefused as refused:
            raise KeyStoreDamaged(f"the key {uri} is not for {algorithm}: {refused.private}") from None
        if key.public_key != public_key:
            raise KeyStoreDamaged(f"the public key beside {uri} is another")
        return SoftwareSigner(key, algorithm)

    def extractable(self, uri: str) -> bool:
        return True

    def destroy(self, uri: str) -> None:
        """Nothing to do here: the sealed bytes are erased from the key store."""


_: type[KeyBackend] = SoftwareBackend
