"""What a family of algorithms must be able to do; national algorithms come as one more family (and rows)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class PublicKey(Protocol):
    """A public key, parsed and checked once, bound to one algorithm. Safe to share between threads."""

    @property
    def bits(self) -> int:
        """Its size as the algorithm table counts it."""

    @property
    def encoded(self) -> bytes:
        """SubjectPublicKeyInfo, DER (RFC 5280 §4.1.2.7)."""

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether this key signed `message`; the signature in the form of `keys.ports.Signer.sign`.

        Never raises for a signature, whatever its bytes are.
        """

    def members(self) -> dict[str, str]:
        """The JWK members that make the key (RFC 7518 §6), which are those of its thumbprint (RFC 7638 §3.2)."""


class PrivateKey(Protocol):
    """A private key in the memory of the process, bound to one algorithm. Safe to share between threads."""

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""

    def sign(self, message: bytes) -> bytes:
        """As `keys.ports.Signer.sign`."""

    def sign_digest(self, digest: bytes) -> bytes:
        """As `keys.ports.SignsDigests.sign_digest`."""


class Primitive(Protocol):
    """One algorithm of the table, computed."""

    def generate(self, bits: int) -> bytes:
        """A new private key, PKCS #8 in DER (RFC 5958).

        Raises:
            KeyRefused: the table does not have this size for the algorithm.
        """

    def load_private(self, private: bytes) -> PrivateKey:
        """The key of a PKCS #8 structure that came out of an authenticated seal: its arithmetic is not checked.

        Raises:
            KeyRefused: it is not for this algorithm.
        """

    def load_public(self, public: bytes) -> PublicKey:
        """The key of a SubjectPublicKeyInfo, wherever it came from.

        Raises:
            KeyRefused: not the one DER encoding of a key of the right kind, curve and size, or a weak one.
        """

    def of_members(self, members: Mapping[str, object]) -> PublicKey:
        """The key of a JWK's members (RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2), wherever they came from.

        Raises:
            KeyRefused: as `load_public`.
        """

    def to_jose(self, signature: bytes) -> bytes:
        """A signature of ours in the form of RFC 7518 §3.3 to §3.5."""

    def from_jose(self, signature: bytes) -> bytes:
        """A signature from a token in the form of `Signer.sign`.

        Raises:
            ValueError: its length is wrong.
        """
