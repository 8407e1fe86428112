"""Seals an OFD with the national form of a seal, entered in the ledger before it leaves the house.

As `signing.seal_pdf` does with a PDF: the same grants, approvals, idempotency and refusals on record. What differs is
the container: GB/T 33190-2016 §18 with a stamp of GB/T 38540-2020.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.files.reading import LARGE, hashed
from core.files.scratch import FileBytes
from core.idempotency import fingerprint_of
from core.ids import new_id
from keys.ports import DocumentVault
from signing.isolation.port import Isolation
from signing.levels import Level, LevelPolicy
from signing.longlife.ports import Timestamps
from signing.model import Seal, SealedOfd, SealOfdCommand, SignatureRecord
from signing.ofd.look_inside import asked
from signing.ofd.seal.levels import level_to_seek, name_of
from signing.ofd.seal.plan import PLAN, OfdPlan, OfdWish
from signing.ofd.seal.stamp import StampedPlan, stamp
from signing.ports import NationalSigner, NationalSigners, PartOfMore, SealStore, UseRequestStore
from signing.profiles import OFD
from signing.seal_pdf import check_words
from signing.seals.look_up import document_context
from signing.settings import SigningSettings
from signing.use_entry import Once, UseEntry
from signing.use_rights import Use, UseRights
from signing.work_pool import WorkPool

_TIME = "%Y%m%d%H%M%SZ"


@dataclass(frozen=True, slots=True)
class _Made:
    """A sealed package before it is entered."""

    content: FileBytes
    level: Level


class SealOfd:
    """Seals one OFD for somebody who holds a grant."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        requests: UseRequestStore,
        vault: DocumentVault,
        signers: NationalSigners,
        clock: Clock,
        pool: WorkPool,
        isolation: Isolation,
        settings: SigningSettings,
        timestamps: Timestamps,
    ) -> None:
        self._rights = UseRights(database, store, requests, clock)
        self._entry = UseEntry(database, store, self._rights, vault, clock)
        self._vault = vault
        self._signers = signers
        self._clock = clock
        self._pool = pool
        self._isolation = isolation
        self._settings = settings
        self._timestamps = timestamps

    async def __call__(self, command: SealOfdCommand, *, part: PartOfMore | None = None) -> SealedOfd:
        """
        Args:
            part: of what this use is a part; it is settled in the unit that enters the use.

        Raises:
            SealNotGranted, SealNotActive, SealUsesSpent, SealApprovalNeeded, UseRequestNotFound, UseRequestOver: as
                `SealPdf`.
            OfdRefused, PlacementInvalid: the file or the place is not acceptable.
            core.errors.InvalidInput: `level-needs-pdf`, or a word is not acceptable.
            core.errors.Conflict: `seal-form-missing`: the seal has no national form; `idempotency-key-reused`.
            core.errors.LimitExceeded: `too-large` or `busy`.
            core.errors.Unavailable: the key or the document store does not answer, or the level cannot be had and
                nothing less will do; nothing was sealed.
        """
        try:
            return await self._seal(command, part)
        except AppError as refusal:
            await self._rights.refuse(_use(command), refusal)
            raise

    async def _seal(self, command: SealOfdCommand, part: PartOfMore | None) -> SealedOfd:
        check_words(command.document_class, command.reason)
        policy = command.level_policy or self._settings.level_policy
        wanted = level_to_seek(command.level, self._settings.level, policy)
        seal, grants = await self._rights.granted(_use(command))
        if len(command.ofd) > LARGE:
            await self._pool.lane(len(command.ofd)).run(hashed, command.ofd)
        once = Once.of(command.actor, "seal.use", command.idempotency_key, _fingerprint(command))
        earlier = await self._entry.earlier(once)
        if earlier is not None:
            return await self._sealed(earlier)
        usable = await self._rights.usable(_use(command), grants, lambda: hashed(command.ofd).hexdigest(), part=part)
        signer = await self._signers.of(seal)
        signature_id, signed_at = new_id(self._clock, "sig"), self._clock.now().replace(microsecond=0)
        plan = await self._planned(command, seal, signer, signed_at)
        made = await self._made(command.ofd, plan, signer, signed_at, wanted, policy)
        context = document_context(signature_id)
        document = await self._vault.keep(made.content, context=context) if command.keep else None
        record = _record(command, signature_id, signed_at, made, document, signer)
        settled = None if part is None else lambda tx: part.settle(tx, record)
        earlier = await self._entry.enter(_use(command), usable, record, once, first=settled)
        if earlier is not None:
            return await self._sealed(earlier)
        told = name_of(made.level), name_of(command.level or wanted)
        return SealedOfd(made.content, signature_id, seal.id, signed_at, *told)

    async def _planned(
        self, command: SealOfdCommand, seal: Seal, signer: NationalSigner, signed_at: dt.datetime
    ) -> OfdPlan:
        time, limit = signed_at.astimezone(dt.UTC).strftime(_TIME), self._settings.max_pdf_bytes
        wish = OfdWish(command.places, seal.image, signer.seal, time, command.closed, limit)
        return await self._pool.lane(len(command.ofd)).run(asked, self._isolation, PLAN, command.ofd, wish)

    async def _made(
        self,
        ofd: FileBytes,
        plan: OfdPlan,
        signer: NationalSigner,
        signed_at: dt.datetime,
        wanted: Level,
        policy: LevelPolicy,
    ) -> _Made:
        pool = self._pool.lane(len(ofd))
        stamped: StampedPlan = await pool.run(stamp, plan, signer, signed_at)
        if wanted is Level.B_B:
            return _Made(await pool.run(stamped.finished, ofd), Level.B_B)
        try:
            token = (await self._timestamps.stamp(stamped.signature)).token.encoded
        except AppError:
            if policy is LevelPolicy.EXACTLY:
                raise
            return _Made(await pool.run(stamped.finished, ofd), Level.B_B)
        return _Made(await pool.run(stamped.finished, ofd, token), Level.B_T)

    async def _sealed(self, signature_id: str) -> SealedOfd:
        record, content = await self._entry.made(signature_id)
        return SealedOfd(content, record.id, record.seal_id, record.signed_at, record.level, record.level)


def _use(command: SealOfdCommand) -> Use:
    return Use(command.actor, command.seal_id, command.document_class, request_id=command.request_id)


def _fingerprint(command: SealOfdCommand) -> str:
    levels = [str(one) for one in (command.level, command.level_policy) if one is not None]
    wishes = (repr(command.placement), command.reason or "", "closed" if command.closed else "")
    return fingerprint_of(
        hashed(command.ofd).digest(), "ofd", command.seal_id, command.document_class, *wishes, *levels
    )


def _record(
    command: SealOfdCommand,
    signature_id: str,
    signed_at: dt.datetime,
    made: _Made,
    document: str | None,
    signer: NationalSigner,
) -> SignatureRecord:
    return SignatureRecord(
        id=signature_id,
        seal_id=command.seal_id,
        actor_kind=command.actor.kind.value,
        actor_id=command.actor.id[:128],
        actor_organisation=command.actor.organisation,
        document_class=command.document_class,
        reason=command.reason,
        digest_before=hashed(command.ofd).hexdigest(),
        digest_after=hashed(made.content).hexdigest(),
        level=name_of(made.level),
        signed_at=signed_at,
        document=document,
        certificate=hashlib.sha256(signer.certificates[0]).hexdigest(),
        request_id=command.request_id,
        sealed_as=OFD,
    )
