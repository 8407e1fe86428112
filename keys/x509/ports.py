"""What the certificate authority asks of its store, and of the key ring."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from keys.ports import KeyProvider, Signer, VerificationKey
from keys.x509.model import (
    AuthorityRow,
    CertificateQuery,
    CertificateRecord,
    CertificateStatus,
    ListHead,
    Revocation,
    RevocationReason,
    StoredList,
)


class AuthorityKeys(KeyProvider, Protocol):
    """The key ring, as far as authorities need it."""

    def signer_of(self, key_id: str) -> Signer:
        """A key by its id in any state in which it is accepted: lists go on after an authority changed its key.

        Raises:
            core.errors.Unavailable: `key-missing`.
        """

    async def prepare_next(self, purpose: str) -> VerificationKey | None:
        """Make the key that will follow."""

    async def rotate(self, purpose: str, *, at_once: bool = False) -> None:
        """Next becomes active."""

    async def refresh(self) -> bool:
        """Follow what other workers have changed."""


class CertificateStore(Protocol):
    """The register of certificates. Each writing call is one transaction; none moves the key ring's generation."""

    async def add(self, record: CertificateRecord) -> bool:
        """False, and no change, when the issuer has given the serial number before, or the key has a certificate of
        this edition: of several attempts at once, one wins."""

    async def find(self, sha256: str) -> CertificateRecord | None: ...

    async def of_serial(self, issuer_key_id: str, serial: str) -> CertificateRecord | None: ...

    async def of_key(self, subject_key_id: str, purpose: str | None = None) -> Sequence[CertificateRecord]:
        """Certificates of one key (for one purpose), the latest edition first."""

    async def of_authorities(self) -> Sequence[CertificateRecord]:
        """Certificates of all our authorities in any state, the latest edition of each key first."""

    async def search(self, query: CertificateQuery) -> Sequence[CertificateRecord]:
        """Newest first; those made in the same moment by id."""

    async def change_status(
        self,
        sha256: str,
        *,
        expected: Sequence[CertificateStatus],
        new: CertificateStatus,
        at: dt.datetime,
        reason: RevocationReason | None = None,
        invalidity_at: dt.datetime | None = None,
    ) -> bool:
        """Move to `new` if it is in one of `expected`, in one step; False, and no change, if not.

        The issuer's `changes` moves in the same transaction. A certificate that was held keeps the moment since when
        it is not good; one that is good again has none.
        """

    async def add_authority(self, key_id: str, name: str, *, moment: dt.datetime) -> AuthorityRow:
        """The row of an authority's key, made if it is not there; `slug` follows from how many keys it had before."""

    async def authorities(self) -> Sequence[AuthorityRow]:
        """All keys of all authorities, the oldest first."""

    async def touch(self, key_id: str) -> None:
        """Move an authority's `changes`: something about it has to be looked at anew by every worker."""

    async def changed_since(self, issuer_key_id: str, change: int) -> Mapping[str, int]:
        """Serial numbers of certificates whose status changed after that number, with the number of their change."""


class ListStore(Protocol):
    """Revocations, and the lists that are made of them."""

    async def revocations(
        self, issuer_key_id: str, *, part: int | None, ended_after: dt.datetime | None
    ) -> tuple[int, Sequence[Revocation]]:
        """The issuer's `changes` and what is revoked or held, by time and serial number, as of one moment.

        Args:
            part: only certificates of this part.
            ended_after: leave out certificates that ended before; None for all there ever were.
        """

    async def claim(self, key_id: str, *, moment: dt.datetime, lease: dt.timedelta) -> int | None:
        """The right to make lists for the time of the lease, and the next list number; None while another has it.

        One atomic step: a number is given once, whatever happens to who got it.
        """

    async def release(self, key_id: str) -> None:
        """Give the right back before its time."""

    async def keep(self, made: StoredList) -> bool:
        """Publish a list; False, and no change, when one with a higher number is there already."""

    async def get(self, key_id: str, part: int | None) -> StoredList | None: ...

    async def heads(self, key_id: str) -> Sequence[ListHead]:
        """What is known of each list of an authority; the whole first, then its parts in order."""
