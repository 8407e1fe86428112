"""Ports of the crypto boundary: what the domains may ask of keys. Nobody outside sees private bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from keys.spec import KeyState, SignatureAlgorithm


class Signer(Protocol):
    """A private key that can sign, wherever it lives (memory, PKCS#11 token)."""

    @property
    def key_id(self) -> str:
        """Stable id of the key; the JWK `kid` (RFC 7638 thumbprint, base64url)."""

    @property
    def algorithm(self) -> SignatureAlgorithm: ...

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER (RFC 5280 §4.1.2.7)."""

    @property
    def blocking(self) -> bool:
        """True if `sign` waits for a device or a network and must be called in a thread."""

    def sign(self, message: bytes) -> bytes:
        """Sign `message` (hashing included).

        Returns:
            ECDSA: DER `Ecdsa-Sig-Value` (RFC 3279 §2.2.3); RSA: PKCS #1 v1.5 octets (RFC 8017 §8.2).

        Raises:
            core.errors.Unavailable: `key-unavailable`, when the token is gone or answers with an error.
        """


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key that is still accepted."""

    key_id: str
    algorithm: SignatureAlgorithm
    state: KeyState
    public_key: bytes


class KeyProvider(Protocol):
    """Finds keys by purpose. Keys are loaded into memory once; these calls do no input or output.

    Purposes are strings such as `oidc.es256`, `oidc.rs256`, `seal/<seal id>`, `ca.seals`.
    """

    def signer(self, purpose: str) -> Signer:
        """The purpose's active key.

        Raises:
            core.errors.Unavailable: `key-missing`, when the purpose has no active key.
        """

    def verification_keys(self, purpose: str) -> Sequence[VerificationKey]:
        """Public keys in the states next, active and verify-only, active first."""

    async def create(self, purpose: str, algorithm: SignatureAlgorithm, *, backend: str | None = None) -> Signer:
        """Make a key and activate it at once; for purposes that have none yet.

        Args:
            backend: URI scheme of the backend (`software`, `pkcs11`); None for the deployment's default.
        """


class FieldCipher(Protocol):
    """Encrypts single database values (AES-256-GCM under an enveloped data key)."""

    def encrypt(self, value: str, *, context: str) -> bytes:
        """`context` (table, column, row id) is authenticated, so a value cannot be moved to another place."""

    def decrypt(self, sealed: bytes, *, context: str) -> str:
        """
        Raises:
            core.errors.Unavailable: `field-damaged`, when the value or its context was changed or the key is unknown.
        """


class BlindIndex(Protocol):
    """A keyed digest to find encrypted values by equality (HMAC-SHA-256); useless without the key."""

    def digest(self, kind: str, value: str) -> bytes:
        """32 bytes. `kind` separates uses (`citizen-id`, `phone`, …); `value` must be canonical already."""


class PasswordHasher(Protocol):
    """Argon2id (RFC 9106) in a bounded pool."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, encoded: str | None) -> bool:
        """False for a wrong password. With None it does the same work and answers False, so that an unknown
        account takes as long as a known one.

        Raises:
            core.errors.LimitExceeded: `busy`, when too many hashes are waiting.
        """
