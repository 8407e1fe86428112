"""Private keys in the memory of the process; at rest they are in the key store, sealed under the master key."""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from keys.errors import KeyStoreDamaged
from keys.jose.jwk import thumbprint
from keys.ports import GeneratedKey, KeyBackend, Signer
from keys.spec import SignatureAlgorithm

_ECDSA = ec.ECDSA(SHA256())
_PKCS1 = padding.PKCS1v15()
_SHA256 = SHA256()


class SoftwareSigner:
    """A loaded key: parsed once, then only used (parsing an RSA key again costs a hundred signatures)."""

    blocking = False

    def __init__(
        self, private_key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, algorithm: SignatureAlgorithm, public: bytes
    ) -> None:
        self._private_key = private_key
        self.algorithm = algorithm
        self.public_key = public
        self.key_id = thumbprint(public, algorithm)

    def sign(self, message: bytes) -> bytes:
        if isinstance(self._private_key, ec.EllipticCurvePrivateKey):
            return self._private_key.sign(message, _ECDSA)
        return self._private_key.sign(message, _PKCS1, _SHA256)


class SoftwareBackend:
    """Makes and opens keys in memory. URIs are `software:` and a random name."""

    scheme = "software"

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        private_key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
        if algorithm is SignatureAlgorithm.ES256:
            private_key = ec.generate_private_key(ec.SECP256R1())
        else:
            private_key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        return GeneratedKey(
            uri=f"{self.scheme}:{secrets.token_hex(8)}",
            public_key=private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            private=private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        )

    def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
        # The bytes came out of an authenticated seal, so the slow check of RSA's arithmetic proves nothing new.
        private_key = load_der_private_key(private, password=None, unsafe_skip_rsa_key_validation=True)
        fits = ec.EllipticCurvePrivateKey if algorithm is SignatureAlgorithm.ES256 else rsa.RSAPrivateKey
        if not isinstance(private_key, fits):
            raise KeyStoreDamaged(f"the key {uri} is not for {algorithm}")
        if private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != public_key:
            raise KeyStoreDamaged(f"the public key beside {uri} is another")
        return SoftwareSigner(private_key, algorithm, public_key)

    def extractable(self, uri: str) -> bool:
        return True

    def destroy(self, uri: str) -> None:
        """Nothing to do here: the sealed bytes are erased from the key store."""


_: type[KeyBackend] = SoftwareBackend
