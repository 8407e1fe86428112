"""What the e-seal service asks of others: a certificate authority, and a store for its facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from keys.ports import Signer
from keys.spec import SignatureAlgorithm
from keys.trust.judgement import Judgement
from keys.trust.model import Service
from keys.trust.ports import KeptRevocation
from signing.model import (
    GranteeKind,
    RequestState,
    Seal,
    SealApplication,
    SealGrant,
    SealKind,
    SealStatus,
    SealStep,
    SignatureRecord,
    UseRequest,
)


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


class SealKeys(Protocol):
    """Private keys of seals that others made, and the end of all of them."""

    async def adopt(self, purpose: str, algorithm: SignatureAlgorithm, address: str) -> Signer:
        """Let a key that is on a device already serve the purpose, which has none yet.

        Raises:
            core.errors.InvalidInput: `key-refused`: it may leave its device, does not fit, or is not allowed.
            core.errors.Unavailable: the device does not answer, or has no such key.
        """

    async def take_in(self, purpose: str, algorithm: SignatureAlgorithm, private: bytes) -> Signer:
        """Keep a key that was made elsewhere (PKCS #8, DER) for the purpose, which has none yet.

        Raises:
            core.errors.InvalidInput: `key-refused`: it is not of the algorithm, or not allowed.
            core.errors.Conflict: `key-exists`: it serves a purpose already.
        """

    async def destroy(self, purpose: str) -> None:
        """No key of the purpose signs any more, and its private part is gone. May be repeated.

        Raises:
            core.errors.Unavailable: the place where it lives does not answer; the call may be repeated.
        """


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

    async def grant(self, tx: ReadTx, grant_id: str) -> SealGrant | None: ...

    async def grants_of(self, tx: ReadTx, seal_id: str) -> list[SealGrant]:
        """All that were ever given for a seal, by id."""

    async def granted_to(self, tx: ReadTx, grantees: Sequence[tuple[GranteeKind, str]]) -> list[SealGrant]:
        """Those that name one of `grantees` and were not taken back, by id; nothing else of them is looked at."""

    async def end_grant(self, tx: WriteTx, grant_id: str, *, by: str, at: dt.datetime) -> bool:
        """Take a grant back; False, and no change, if it was taken back before."""

    async def count_use(self, tx: WriteTx, grant_id: str) -> bool:
        """Count one use of a grant; False, and no change, if it was taken back, or its uses are used up.

        Holds the grant's row until the transaction ends: of many at once no more get through than are left.
        """

    async def add_signature(self, tx: WriteTx, record: SignatureRecord) -> bool:
        """Enter a use in the ledger; False, and no change, unless the seal is active at this very moment.

        Holds the seal's row until the transaction ends, so that a revocation comes wholly before or after.
        """

    async def signature(self, tx: ReadTx, signature_id: str) -> SignatureRecord | None: ...

    async def signature_of_file(self, tx: ReadTx, digest_after: str) -> SignatureRecord | None:
        """The use that made the file with this SHA-256."""

    async def uses(self, tx: ReadTx, query: UseQuery, *, before: str | None, limit: int) -> list[SignatureRecord]:
        """Entries of the ledger, newest first, from the one before `before`."""


@dataclass(frozen=True, slots=True)
class UseQuery:
    """Which entries of the ledger; None for any.

    Attributes:
        organisation: the owner of the seal.
        since, until: moments; the first included, the second not.
    """

    organisation: str
    seal_id: str | None = None
    actor_id: str | None = None
    document_class: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


class PartOfMore(Protocol):
    """A use of a seal that is one of many, which were asked for together."""

    def approved(self, grant: SealGrant) -> bool:
        """Whether a second person has approved of it under this grant, which asks for that."""

    async def settle(self, tx: WriteTx, record: SignatureRecord) -> None:
        """Mark it as done, in the unit that enters the use.

        Raises:
            core.errors.Conflict: it is done, or nobody wants it any more; then the use is not entered either.
        """


class SealLifeStore(Protocol):
    """Keeps applications, and every step of every seal."""

    async def add_application(self, tx: WriteTx, application: SealApplication) -> None: ...

    async def application(self, tx: ReadTx, application_id: str) -> SealApplication | None: ...

    async def applications_of(
        self,
        tx: ReadTx,
        organisation: str,
        *,
        statuses: Sequence[SealStatus] = (),
        before: str | None = None,
        limit: int = 100,
    ) -> list[SealApplication]:
        """Of an organisation, newest first, from the one before `before`; in these statuses if any is named. Without
        their scans."""

    async def move_application(
        self,
        tx: WriteTx,
        application_id: str,
        *,
        expected: Sequence[SealStatus],
        new: SealStatus,
        seal_id: str | None = None,
    ) -> bool:
        """Move to `new` if it is in one of `expected`; False, and no change, if not."""

    async def add_step(self, tx: WriteTx, step: SealStep) -> None: ...

    async def steps_of(
        self, tx: ReadTx, *, application_id: str | None = None, seal_id: str | None = None
    ) -> list[SealStep]:
        """The story of an application, or of a seal with that of its application, oldest first."""


class UseRequestStore(Protocol):
    """Keeps requests to use a seal."""

    async def add(self, tx: WriteTx, request: UseRequest) -> None: ...

    async def request(self, tx: ReadTx, request_id: str) -> UseRequest | None: ...

    async def open_of(self, tx: ReadTx, requester_kind: str, requester: str, now: dt.datetime) -> int:
        """How many of somebody's requests wait for a decision."""

    async def of_seals(
        self,
        tx: ReadTx,
        organisation: str,
        *,
        requester: tuple[str, str] | None = None,
        state: RequestState | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[UseRequest]:
        """About an organisation's seals, newest first, from the one before `before`.

        Args:
            requester: kind and id, to get theirs alone.
        """

    async def decide(
        self, tx: WriteTx, request_id: str, new: RequestState, *, by: str, answer: str, at: dt.datetime
    ) -> bool:
        """Decide a request that is open and has not run out; False, and no change, otherwise."""

    async def withdraw(self, tx: WriteTx, request_id: str) -> bool:
        """Take back one that is open or approved; False, and no change, otherwise."""

    async def spend(self, tx: WriteTx, request_id: str, *, signature_id: str, at: dt.datetime) -> bool:
        """Use an approval that has not run out; False, and no change, otherwise. Of many at once one gets True."""

    async def lapse(self, tx: WriteTx, now: dt.datetime, limit: int) -> int:
        """Mark requests that have run out; answers how many."""

    async def over_with_files(self, tx: ReadTx, limit: int) -> list[UseRequest]:
        """Requests that are over and still name a file."""

    async def drop_file(self, tx: WriteTx, request_id: str) -> bool:
        """Name the file no longer; False if somebody was faster."""


@dataclass(frozen=True, slots=True)
class NationalSigner:
    """A seal of ours in its national form (GB/T 38540-2020), ready to stamp.

    Attributes:
        seal: SESeal, DER.
        version: of the seal's header.
        certificates: SM2, DER: the seal's own first, which SESeal names, then its issuers; no root.
        sign: SM2 with SM3 under the customary user ID, by the seal's own key: SEQUENCE { r, s }, DER. Keeps the
            calling thread busy, or waits for a device; so it is called in a thread.
    """

    seal: bytes = field(repr=False)
    version: int
    certificates: tuple[bytes, ...] = field(repr=False)
    sign: Callable[[bytes], bytes] = field(repr=False)


class NationalSigners(Protocol):
    """Finds the national form of our seals."""

    async def of(self, seal: Seal) -> NationalSigner:
        """
        Raises:
            core.errors.Conflict: `seal-form-missing`: the seal was made in the international form alone.
            core.errors.Unavailable: the key does not answer.
        """
