"""Certificates as the register knows them: whose they are, who issued them, and whether they are still good."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from asn1crypto import x509

from keys.x509.names import code_of, organisation_of, text_of


class CertificateStatus(StrEnum):
    """Life of a certificate: good ⇄ held, and from both to revoked for good."""

    GOOD = "good"
    HELD = "held"
    REVOKED = "revoked"


class Origin(StrEnum):
    """Who issued it."""

    OWN = "own"
    EXTERNAL = "external"


class RevocationReason(StrEnum):
    """Why a certificate is not good (RFC 5280 §5.3.1); `removeFromCRL` belongs to delta lists, which we have not."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    CERTIFICATE_HOLD = "certificateHold"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"
    AA_COMPROMISE = "aACompromise"

    @property
    def code(self) -> int:
        """The CRLReason number."""
        return _CODES[self]


_CODES = {
    RevocationReason.UNSPECIFIED: 0,
    RevocationReason.KEY_COMPROMISE: 1,
    RevocationReason.CA_COMPROMISE: 2,
    RevocationReason.AFFILIATION_CHANGED: 3,
    RevocationReason.SUPERSEDED: 4,
    RevocationReason.CESSATION_OF_OPERATION: 5,
    RevocationReason.CERTIFICATE_HOLD: 6,
    RevocationReason.PRIVILEGE_WITHDRAWN: 9,
    RevocationReason.AA_COMPROMISE: 10,
}


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """A certificate in the register.

    Attributes:
        sha256: of the certificate, hexadecimal: its id.
        serial: lower-case hexadecimal.
        issuer: name of the authority (`seals`); empty for an external one.
        issuer_key_id: RFC 7638 thumbprint of the issuing key; for a key of an unknown kind the SHA-256 of its name.
        profile: name of the profile; `root` and `issuing` for authorities, empty for an external certificate.
        purpose: ring purpose of the subject's key (`seal/…`, `ca.seals`); empty where the key is not ours.
        subject_key_id: RFC 7638 thumbprint of the subject's key.
        edition: 1 for the first certificate of a key, one more for each after it.
        subject: the name, readable.
        organisation: 统一社会信用代码 in the subject, if any.
        code: serialNumber in the subject (a seal's code, an opaque identifier), if any.
        revoked_at: since when it is held or revoked.
        invalidity_at: since when the key is known or suspected to have been misused (RFC 5280 §5.3.2).
        change: number of the last change of its status within its issuer; 0 for none.
    """

    sha256: str
    serial: str
    issuer: str
    issuer_key_id: str
    profile: str
    purpose: str
    subject_key_id: str
    edition: int
    subject: str
    organisation: str | None
    code: str | None
    der: bytes = field(repr=False)
    not_before: dt.datetime
    not_after: dt.datetime
    created_at: dt.datetime
    origin: Origin = Origin.OWN
    status: CertificateStatus = CertificateStatus.GOOD
    reason: RevocationReason | None = None
    revoked_at: dt.datetime | None = None
    invalidity_at: dt.datetime | None = None
    change: int = 0

    @property
    def number(self) -> int:
        """The serial number."""
        return int(self.serial, 16)


def record_of(
    certificate: x509.Certificate,
    *,
    issuer: str,
    issuer_key_id: str,
    profile: str,
    purpose: str,
    subject_key_id: str,
    created_at: dt.datetime,
    edition: int = 1,
    origin: Origin = Origin.OWN,
) -> CertificateRecord:
    """The row in which a good certificate is kept."""
    der: bytes = certificate.dump()
    return CertificateRecord(
        sha256=hashlib.sha256(der).hexdigest(),
        serial=f"{certificate.serial_number:x}",
        issuer=issuer,
        issuer_key_id=issuer_key_id,
        profile=profile,
        purpose=purpose,
        subject_key_id=subject_key_id,
        edition=edition,
        subject=text_of(certificate.subject),
        organisation=organisation_of(certificate.subject),
        code=code_of(certificate.subject),
        der=der,
        not_before=certificate.not_valid_before,
        not_after=certificate.not_valid_after,
        created_at=created_at,
        origin=origin,
    )


@dataclass(frozen=True, slots=True)
class CertificateQuery:
    """What to look for; None and empty mean anything.

    Attributes:
        text: part of the subject's name, letters of either case.
        expires_before: it ends before this moment.
        after: a certificate's id: only those that follow it in the order of the list.
    """

    serial: str | None = None
    text: str = ""
    organisation: str | None = None
    code: str | None = None
    key_id: str | None = None
    purpose: str | None = None
    issuer: str | None = None
    profile: str | None = None
    status: CertificateStatus | None = None
    expires_before: dt.datetime | None = None
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """One key of an authority.

    Attributes:
        name: `seals`.
        slug: the key's own name in addresses: `seals`, then `seals-2`.
        changes: moves with every change of a certificate that it issued, and of its own certificates.
        list_number: number of the last revocation list (RFC 5280 §5.2.3).
    """

    key_id: str
    name: str
    slug: str
    generation: int
    changes: int
    list_number: int
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Revocation:
    """An entry of a revocation list. `reason` is CERTIFICATE_HOLD for one that is held."""

    serial: int
    at: dt.datetime
    reason: RevocationReason
    invalidity_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ListHead:
    """What is known of a revocation list without reading it.

    Attributes:
        part: which part of a divided list; None for the whole.
        changes: the authority's `changes` that it takes into account.
        entries: how many certificates it names.
    """

    authority_key_id: str
    part: int | None
    number: int
    this_update: dt.datetime
    next_update: dt.datetime
    changes: int
    entries: int


@dataclass(frozen=True, slots=True)
class StoredList(ListHead):
    """A signed revocation list, DER."""

    der: bytes = field(repr=False)
