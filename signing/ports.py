"""What the e-seal service asks of others: a certificate authority, and a store for its facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from keys.trust.judgement import Judgement
from keys.trust.model import Service
from keys.trust.ports import KeptRevocation
from signing.model import Seal, SealGrant, SealKind, SealStatus, SignatureRecord


class CertificateAuthority(Protocol):
    """Issues seal certificates."""

    async def issue_seal_certificate(
        self,
        *,
        organisation_name: str,
        organisation_code: str,
        seal_name: str,
        seal_code: str,
        public_key: bytes,
        purpose: str,
    ) -> bytes:
        """A DER certificate for documentSigning (RFC 9336) over the key of the ring's `purpose`."""

    async def renew_seal_certificate(self, certificate: bytes) -> bytes:
        """A new certificate with the names, the key and the profile of one that the authority issued (DER).

        Raises:
            core.errors.NotFound, core.errors.Conflict: it is not the authority's, or no longer good.
        """

    def issuing_chain(self) -> Sequence[bytes]:
        """The issuing authority's certificate and those above it, DER, the root last."""


class CertificateJudge(Protocol):
    """Says whether a certificate can be relied on, and who vouches for it."""

    async def judge(
        self,
        certificate: bytes,
        others: Sequence[bytes] = (),
        *,
        service: Service,
        at: dt.datetime | None = None,
        claimed: dt.datetime | None = None,
        kept: KeptRevocation | None = None,
    ) -> Judgement:
        """As `keys.trust.judge.Judge.judge`.

        Raises:
            core.errors.Unavailable: nothing can be said now.
        """


class SealCertificates(Protocol):
    """Lets certificates follow their seal. Every call may be repeated, and does then nothing more."""

    async def suspend(self, purpose: str) -> None:
        """No certificate of ours for the key is good for now."""

    async def resume(self, purpose: str) -> None:
        """Certificates that were held are good again."""

    async def revoke(self, purpose: str) -> None:
        """No certificate of ours for the key is ever good again."""

    async def take_over(self, purpose: str, chain: Sequence[bytes]) -> tuple[bytes, ...]:
        """Check an external certificate for the key, its root last; answers what signatures shall carry, no root."""

    async def request(
        self, *, organisation_name: str, organisation_code: str, seal_name: str, seal_code: str, purpose: str
    ) -> bytes:
        """A request for a certificate of the key: PKCS #10 in DER."""


class SealStore(Protocol):
    """Keeps seals, grants and the ledger of signatures."""

    async def add_seal(self, tx: WriteTx, seal: Seal) -> None:
        """
        Raises:
            core.errors.Conflict: `seal-code-taken`.
        """

    async def seal(self, tx: ReadTx, seal_id: str) -> Seal | None: ...

    async def seal_of_code(self, tx: ReadTx, code: str) -> Seal | None: ...

    async def seal_of_certificate(self, tx: ReadTx, digest: str) -> Seal | None:
        """The seal whose own certificate has, or once had, this SHA-256 (hexadecimal)."""

    async def seals_of(
        self,
        tx: ReadTx,
        organisation: str | None,
        *,
        status: SealStatus | None = None,
        kind: SealKind | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Seal]:
        """Seals of an organisation (None: of all) by id, from the one after `after`."""

    async def set_status(
        self, tx: WriteTx, seal_id: str, *, expected: Sequence[SealStatus], new: SealStatus, at: dt.datetime
    ) -> bool:
        """Move to `new` if the seal is in one of `expected`; False, and no change, if not."""

    async def set_certificates(
        self, tx: WriteTx, seal_id: str, *, expected: bytes, certificates: Sequence[bytes], at: dt.datetime
    ) -> bool:
        """Put other certificates (the seal's own first) in place of those that begin with `expected`; False, and no
        change, if those are not what it has, if it is not active, or if another seal has or had the new one. Former
        ones still lead to the seal."""

    async def add_grant(self, tx: WriteTx, grant: SealGrant) -> None: ...

    async def grants_of(self, tx: ReadTx, seal_id: str) -> list[SealGrant]: ...

    async def add_signature(self, tx: WriteTx, record: SignatureRecord) -> bool:
        """Enter a use in the ledger; False, and no change, unless the seal is active at this very moment.

        Holds the seal's row until the transaction ends, so that a revocation comes wholly before or after.
        """

    async def signature(self, tx: ReadTx, signature_id: str) -> SignatureRecord | None: ...

    async def signature_of_file(self, tx: ReadTx, digest_after: str) -> SignatureRecord | None:
        """The use that made the file with this SHA-256."""
