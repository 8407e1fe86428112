"""The national form of a seal: its SM2 key, the certificates over it, and the SESeal that names them."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field

from signing.model import Seal


@dataclass(frozen=True, slots=True)
class NationalForm:
    """One edition of a seal's national form. A seal has at most one that is current; former ones stay known, for what
    was stamped with them is verified for ever.

    Attributes:
        key_id: of the SM2 key in the ring.
        certificates: SM2, DER: the seal's own first, which SESeal names, then its issuers; no root.
        encoded: SESeal, DER.
        esid: what SESeal calls itself (esID).
        valid_from, valid_to: as SESeal says.
        ended_at: since when another edition is current.
        settled: the keys of former editions are gone.
    """

    id: str
    seal_id: str
    key_id: str
    certificates: tuple[bytes, ...] = field(repr=False)
    encoded: bytes = field(repr=False)
    esid: str
    created_at: dt.datetime
    valid_from: dt.datetime
    valid_to: dt.datetime
    ended_at: dt.datetime | None = None
    settled: bool = False

    @property
    def certificate(self) -> bytes:
        return self.certificates[0]

    @property
    def certificate_digest(self) -> str:
        """SHA-256 of the seal's own certificate, hexadecimal, as the register of certificates has it."""
        return hashlib.sha256(self.certificate).hexdigest()

    @property
    def digest(self) -> str:
        """SM3 of SESeal, hexadecimal."""
        return digest_of(self.encoded)


def digest_of(encoded: bytes) -> str:
    """SM3 of a SESeal, hexadecimal: what it is found by."""
    return hashlib.new("sm3", encoded).hexdigest()


def national_purpose(seal_id: str) -> str:
    """Purpose in the key ring of a seal's SM2 key."""
    return f"eseal/{seal_id}"


def purposes_of(seal: Seal) -> tuple[str, ...]:
    """Of all keys of a seal: what is done to the seal is done to each."""
    return (seal.key_purpose, national_purpose(seal.id)) if seal.profile.national else (seal.key_purpose,)
