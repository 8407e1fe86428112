"""What judging certificates asks of others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from keys.trust.anchors import Anchor, AnchorSet
from keys.trust.certificate import Certificate
from keys.trust.judgement import Evidence


class AnchorSource(Protocol):
    """Holds the authorities that count now, in memory."""

    def current(self) -> AnchorSet:
        """
        Raises:
            core.errors.Unavailable: the lists have not been read, or not for too long.
        """


class RevocationChecker(Protocol):
    """Finds out whether a certificate on a path that holds was revoked."""

    async def check(
        self, certificate: Certificate, issuer: Certificate, anchor: Anchor, *, now: dt.datetime
    ) -> Evidence | None:
        """What is known, or None when it cannot be told: never a guess.

        Args:
            issuer: the next certificate of the path; its path is known to hold.
            anchor: where the path ends.
        """


class KeptRevocation(Protocol):
    """Revocation data that somebody kept, with a document for example."""

    def look_up(self, certificate: Certificate, issuer: Certificate, *, moment: dt.datetime) -> Evidence | None:
        """What they say of the certificate for this moment, or None when nothing in them can be believed. May take some
        milliseconds."""


class RevocationSource(Protocol):
    """An authority's own register, asked without any network."""

    async def look_up(self, certificate: Certificate, issuer: Certificate) -> Evidence | None:
        """None when this register does not answer for the issuer. A certificate that an issuer of ours is said to have
        issued and that is not on its register counts as revoked from its beginning (RFC 6960 §2.2)."""


@dataclass(frozen=True, slots=True)
class RegisteredStatus:
    """What our authority's register says of a certificate.

    Attributes:
        revoked_at: None while it is good.
        reason: by its RFC 5280 name (`keyCompromise`).
    """

    revoked_at: dt.datetime | None
    reason: str | None


class CertificateRegister(Protocol):
    """The register of our own authority."""

    def answers_for(self, issuer: Certificate) -> bool:
        """Whether certificates of this issuer are on the register; told from memory."""

    async def status_of(self, sha256: str) -> RegisteredStatus | None:
        """By the SHA-256 of the certificate, hexadecimal; None when it is not on the register."""


@dataclass(frozen=True, slots=True)
class ListRevision:
    """One change of one list.

    Attributes:
        revision: number of the change, over all lists.
        source: `own`, or the name under which another publisher's list was imported.
        signer: the publisher's public key, pinned at the import (SubjectPublicKeyInfo, DER); empty for our own.
        document: the list after the change, as `keys.trust.documents` writes it; None when it was given up.
        changed_by: who did it; an account, or `system` for the command line.
    """

    revision: int
    source: str
    sequence: int
    issued_at: dt.datetime
    signer: bytes = field(repr=False)
    document: bytes | None = field(repr=False)
    changed_by: str
    changed_at: dt.datetime


class TrustStore(Protocol):
    """Keeps every version of every list; nothing is ever overwritten."""

    async def revision(self) -> int:
        """Number of the last change of any list; 0 for none. The cheap question whether to read again."""

    async def latest(self) -> Sequence[ListRevision]:
        """The last change of each list, given-up ones included, as of one moment."""

    async def history(self, source: str) -> Sequence[ListRevision]:
        """All changes of one list, oldest first."""

    async def append(self, change: ListRevision) -> bool:
        """One atomic step; False, and no change, unless `change.revision` is the last one and one more."""

    async def signer_certificate(self, key_id: str) -> bytes | None:
        """The certificate under which a key of ours signs lists, DER."""

    async def keep_signer_certificate(self, key_id: str, certificate: bytes) -> bytes:
        """Keep it unless there is one; answers the one that is kept: of several workers' attempts, the first."""
