"""A digest in place of a document: what is asked, what is answered (attacks S-53)."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field

from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text
from keys.digests import SIZES
from signing.levels import Level, LevelPolicy
from signing.model import SealImage

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest and its algorithm.

    Attributes:
        algorithm: `hashlib` name: `sha256`, `sha384` or `sha512`.
    """

    algorithm: str
    value: bytes

    def __post_init__(self) -> None:
        """
        Raises:
            core.errors.InvalidInput: `digest-invalid`.
        """
        if len(self.value) != SIZES.get(self.algorithm):
            raise InvalidInput(
                "digest-invalid",
                Text(
                    "摘要应为 sha256、sha384 或 sha512 的整个值。",
                    "A digest is a whole value of sha256, sha384 or sha512.",
                ),
                field="digest",
            )

    @property
    def text(self) -> str:
        """As the ledger writes it."""
        return f"{self.algorithm}:{self.value.hex()}"

    @property
    def fingerprint(self) -> str:
        """One name of one length for digests of every algorithm: SHA-256 of its octets, hexadecimal."""
        return hashlib.sha256(self.value).hexdigest()


@dataclass(frozen=True, slots=True)
class SignDigestCommand:
    """A digest to sign in place of its document.

    Attributes:
        digest: of everything in the prepared file but the room for the signature (ISO 32000-1 §12.8.1).
        document_name: what the caller calls the document, at most 200 characters; stands in the ledger.
        reason: why it is sealed, at most 200 characters; needed, for nobody here sees the document.
        room: octets that the prepared file has for the signature; None where that does not matter.
        level: B-B or B-T; what lasts longer needs the document.
        idempotency_key, request_id: as `SealPdfCommand` has them.
    """

    digest: Digest
    seal_id: str
    actor: Principal
    document_class: str
    document_name: str = field(repr=False)
    reason: str = field(repr=False)
    room: int | None = None
    level: Level = Level.B_B
    level_policy: LevelPolicy = LevelPolicy.EXACTLY
    idempotency_key: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class SignedDigest:
    """A signature that the caller puts into the document.

    Attributes:
        container: CMS SignedData, detached, DER (EN 319 142-1 §4.1).
        level: the one that the file has with it, if it was prepared as EN 319 142-1 §6.3 says.
    """

    container: bytes = field(repr=False)
    signature_id: str
    seal_id: str
    signed_at: dt.datetime
    level: str
    level_wanted: str = ""


@dataclass(frozen=True, slots=True)
class DigestTerms:
    """What the holder of a grant needs to prepare a file on their own.

    Attributes:
        signer: the name for the signature dictionary.
        algorithm: `hashlib` name of the digest that goes with the seal's key.
        octets: room that a signature takes, its time-stamp included.
        certificates: DER, the seal's own first, no root.
    """

    seal_id: str
    signer: str
    algorithm: str
    octets: int
    image: SealImage = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
