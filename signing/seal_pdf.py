"""Seals a PDF with the visible seal, in the form that is wanted, entered in the ledger before it leaves the house.

The steps carry the numbers that the tests use.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from functools import partial

from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import AppError, InvalidInput
from core.files.reading import LARGE, hashed, head_of
from core.idempotency import fingerprint_of
from core.ids import new_id
from core.text import Text
from keys.ports import DocumentVault, KeyProvider
from signing.isolation.port import Isolation
from signing.longlife.model import Care
from signing.longlife.ports import CareStore
from signing.longlife.seal_at import SealAtLevel, Wanted
from signing.longlife.tend import next_step
from signing.model import SealedPdf, SealPdfCommand, SignatureRecord
from signing.pades.append import SignatureText
from signing.placing.prepare import check_notes, fingerprint_parts
from signing.ports import NationalSigners, PartOfMore, SealStore, UseRequestStore
from signing.profiles import PdfProfile, resolved
from signing.seal_in_profile import Made, SealInProfile
from signing.seals.look_up import document_context
from signing.settings import SigningSettings
from signing.use_entry import Once, UseEntry
from signing.use_rights import Use, UseRights
from signing.work_pool import WorkPool


class SealPdf:
    """Seals one PDF for somebody who holds a grant."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        requests: UseRequestStore,
        vault: DocumentVault,
        keys: KeyProvider,
        clock: Clock,
        pool: WorkPool,
        isolation: Isolation,
        settings: SigningSettings,
        lasting: SealAtLevel,
        care: CareStore,
        national: NationalSigners,
    ) -> None:
        self._rights = UseRights(database, store, requests, clock)
        self._entry = UseEntry(database, store, self._rights, vault, clock)
        self._vault = vault
        self._clock = clock
        self._pool = pool
        self._settings = settings
        self._care = care
        self._seal_in = SealInProfile(keys, national, lasting, pool, isolation, settings)

    async def __call__(self, command: SealPdfCommand, *, part: PartOfMore | None = None) -> SealedPdf:
        """
        Args:
            part: of what this use is a part; it is settled in the unit that enters the use.

        Raises:
            SealNotGranted: `seal-not-granted`; also for a seal that does not exist.
            SealNotActive: `seal-not-active`.
            SealUsesSpent, SealApprovalNeeded: the grant's uses are used up; it asks for an approved request.
            UseRequestNotFound, UseRequestOver: the request is not this caller's for this very file, or is over.
            PdfRefused, PlacementInvalid: the file or the place is not acceptable.
            core.errors.Conflict: `idempotency-key-reused`; `seal-form-missing`: the seal has not this form.
            core.errors.InvalidInput: `level-needs-pades`, `lock-not-with-dual`: what is wanted does not go together.
            core.errors.LimitExceeded: `too-large` or `busy`.
            core.errors.Unavailable: the key or the document store does not answer, or the level cannot be had and
                nothing less will do; nothing was sealed.
        """
        try:
            return await self._seal(command, part)
        except AppError as refusal:
            await self._rights.refuse(_use(command), refusal)  # 7. What was refused is on record too
            raise

    async def _seal(self, command: SealPdfCommand, part: PartOfMore | None) -> SealedPdf:
        # 1. The words must fit
        check_words(command.document_class, command.reason)
        check_notes(command)
        # 2. The actor must hold a grant for this seal and this class of document, today
        seal, grants = await self._rights.granted(_use(command))
        if len(command.pdf) > LARGE:
            await self._pool.lane(len(command.pdf)).run(hashed, command.pdf)  # once; all that follows goes on from it
        # 3. A repeated request gets the first one's file; nothing is sealed twice
        once = Once.of(command.actor, "seal.use", command.idempotency_key, _fingerprint(command))
        earlier = await self._entry.earlier(once)
        if earlier is not None:
            return await self._sealed(earlier)
        usable = await self._rights.usable(_use(command), grants, lambda: hashed(command.pdf).hexdigest(), part=part)
        # 4. Read the file in a process apart, and seal in a thread
        signature_id, signed_at = new_id(self._clock, "sig"), self._clock.now().replace(microsecond=0)
        profile, wanted = resolved(command.profile, seal.profile, command.level), self._wanted(command)
        notes = (command.reason or "", command.location or "", command.contact or "")
        words = SignatureText(signature_id, seal.name.zh, signed_at, *notes)
        made = await self._seal_in(seal, command, words, profile, wanted)
        # 5. Keep the file, then enter the use in the ledger; the seal must be active at that very moment
        context = document_context(signature_id)
        document = await self._vault.keep(made.content, context=context) if command.keep else None
        record = _record(command, signature_id, signed_at, made, document, profile)
        earlier = await self._entry.enter(
            _use(command),
            usable,
            record,
            once,
            first=None if part is None else partial(part.settle, record=record),
            last=self._caring(self._cared_for(record, made, wanted)),
        )
        if earlier is not None:
            return await self._sealed(earlier)
        # 6. Only now may the file leave
        told = (made.told, wanted.level.value if made.level else made.told, made.revision, made.renew_by)
        return SealedPdf(made.content, signature_id, seal.id, signed_at, *told)

    def _wanted(self, command: SealPdfCommand) -> Wanted:
        return Wanted(command.level or self._settings.level, command.level_policy or self._settings.level_policy)

    def _cared_for(self, record: SignatureRecord, made: Made, wanted: Wanted) -> Care | None:
        """What is still to be done for a file that stays here."""
        if record.document is None or made.level is None:
            return None
        due_at = next_step(made.level, wanted.level, made.renew_by, self._clock.now())
        return None if due_at is None else Care(record.id, wanted.level, due_at)

    def _caring(self, care: Care | None) -> Callable[[WriteTx], Awaitable[None]] | None:
        return None if care is None else partial(self._care.add, care=care)

    async def _sealed(self, signature_id: str) -> SealedPdf:
        record, content = await self._entry.made(signature_id)
        return SealedPdf(content, record.id, record.seal_id, record.signed_at, record.level, record.level)


def check_words(document_class: str, reason: str | None) -> None:
    """
    Raises:
        InvalidInput: `reason-invalid` or `document-class-invalid`.
    """
    if reason is not None and (len(reason) > 200 or not reason.isprintable()):
        raise InvalidInput(
            "reason-invalid",
            Text("事由最多 200 个字，不能换行。", "The reason takes at most 200 characters in one line."),
            field="reason",
        )
    if not 1 <= len(document_class) <= 64 or not document_class.isascii():
        raise InvalidInput(
            "document-class-invalid",
            Text("文件类别应为 1 到 64 个英文字符。", "A document class takes 1 to 64 ASCII characters."),
            field="document_class",
        )


def _use(command: SealPdfCommand) -> Use:
    return Use(command.actor, command.seal_id, command.document_class, request_id=command.request_id)


def _fingerprint(command: SealPdfCommand) -> str:
    levels = [str(one) for one in (command.level, command.level_policy) if one is not None]
    file = command.pdf if isinstance(command.pdf, bytes) else hashed(command.pdf).digest()
    return fingerprint_of(file, command.seal_id, command.document_class, *fingerprint_parts(command), *levels)


def _record(
    command: SealPdfCommand,
    signature_id: str,
    signed_at: dt.datetime,
    made: Made,
    document: str | None,
    profile: PdfProfile,
) -> SignatureRecord:
    return SignatureRecord(
        id=signature_id,
        seal_id=command.seal_id,
        actor_kind=command.actor.kind.value,
        actor_id=command.actor.id[:128],
        actor_organisation=command.actor.organisation,
        document_class=command.document_class,
        reason=command.reason,
        digest_before=hashed(command.pdf).hexdigest(),
        digest_after=hashed(head_of(made.content, made.revision)).hexdigest(),
        level=made.told,
        signed_at=signed_at,
        document=document,
        certificate=made.certificate,
        request_id=command.request_id,
        sealed_as=profile.value,
    )
