"""Ed25519 (RFC 8032 §5.1; RFC 8410, RFC 8037)."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from keys.errors import KeyRefused
from keys.primitives import base64url, jwk_members
from keys.primitives.ports import Primitive, PrivateKey, PublicKey
from keys.spec import AlgorithmRow

_BITS = 256
_OCTETS = 64
_PRIME = 2**255 - 19
_OF_ORDER_EIGHT = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER = frozenset({0, 1, _PRIME - 1, _OF_ORDER_EIGHT, _PRIME - _OF_ORDER_EIGHT})
"""y of the eight points whose order divides the cofactor: signatures by them fit messages that nobody signed."""


class Ed25519:
    """Ed25519 without context or prehash."""

    def __init__(self, row: AlgorithmRow) -> None:
        self.row = row

    def generate(self, bits: int) -> bytes:
        if bits != _BITS:
            raise KeyRefused(f"{self.row.algorithm} with {bits} bits")
        made = ed25519.Ed25519PrivateKey.generate()
        return made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def load_private(self, private: bytes) -> PrivateKey:
        try:
            key = load_der_private_key(private, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyRefused("not a private key") from None
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise KeyRefused(f"the private key is not for {self.row.algorithm}")
        return Ed25519PrivateKey(key)

    def load_public(self, public: bytes) -> PublicKey:
        try:
            key = load_der_public_key(public)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyRefused("not a public key") from None
        if not isinstance(key, ed25519.Ed25519PublicKey):
            raise KeyRefused(f"the key does not fit {self.row.algorithm}")
        found = self._checked(key)
        if found.encoded != public:
            raise KeyRefused("the public key is not in its one encoding")
        return found

    def of_members(self, members: Mapping[str, object]) -> PublicKey:
        jwk_members.expect(members, kty=self.row.key_type, crv=self.row.curve)  # RFC 8037 §2
        try:
            return self._checked(ed25519.Ed25519PublicKey.from_public_bytes(jwk_members.octets(members, "x")))
        except ValueError:
            raise KeyRefused("not an Ed25519 key") from None

    def to_jose(self, signature: bytes) -> bytes:
        return signature

    def from_jose(self, signature: bytes) -> bytes:
        return signature

    def _checked(self, key: ed25519.Ed25519PublicKey) -> Ed25519PublicKey:
        y = int.from_bytes(key.public_bytes_raw(), "little") & (1 << 255) - 1
        if y >= _PRIME or y in _SMALL_ORDER:  # RFC 8032 §5.1.3 step 1
            raise KeyRefused("an Ed25519 key of small order or not in its one encoding")
        return Ed25519PublicKey(key, self.row)


class Ed25519PrivateKey:
    """An Ed25519 key; signatures are R and S, 64 octets."""

    def __init__(self, key: ed25519.Ed25519PrivateKey) -> None:
        self.sign = key.sign
        self.public_key = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign_digest(self, digest: bytes) -> bytes:
        raise KeyRefused("Ed25519 signs messages, not digests")  # RFC 8032 §5.1.6 hashes the message twice


class Ed25519PublicKey:
    """A point of Ed25519."""

    def __init__(self, key: ed25519.Ed25519PublicKey, row: AlgorithmRow) -> None:
        self._key = key
        self._row = row
        self._verify = key.verify
        self.bits = _BITS
        self.encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def verify(self, signature: bytes, message: bytes) -> bool:
        if len(signature) != _OCTETS:
            return False
        try:
            self._verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def members(self) -> dict[str, str]:
        x = base64url.encode(self._key.public_bytes_raw())
        return {"kty": self._row.key_type, "crv": self._row.curve or "", "x": x}


_: type[Primitive] = Ed25519
