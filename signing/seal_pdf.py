"""Seals a PDF at a PAdES baseline level with the visible seal, entered in the ledger before it leaves the house.

The steps carry the numbers that the tests use.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NoReturn

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, WriteTx
from core.errors import AppError, InvalidInput
from core.idempotency import AlreadyDone, find_result, fingerprint_of, remember_result
from core.ids import new_id
from core.text import Text
from keys.ports import DocumentVault, KeyProvider
from signing.errors import (
    SealApprovalNeeded,
    SealNotActive,
    SealNotGranted,
    SealUsesSpent,
    SignatureNotFound,
    UseRequestNotFound,
    UseRequestOver,
    too_complex,
)
from signing.longlife.model import Care
from signing.longlife.ports import CareStore
from signing.longlife.seal_at import SealAtLevel, SealedAt, Wanted
from signing.longlife.tend import next_step
from signing.model import (
    RequestState,
    Seal,
    SealedPdf,
    SealGrant,
    SealPdfCommand,
    SealStatus,
    SignatureRecord,
    UseRequest,
)
from signing.pades.append import SignatureText
from signing.pades.cms_writer import CmsWriter, cms_writer
from signing.pades.intake import damaged, open_for_sealing
from signing.pades.update import Prepared
from signing.placing.prepare import check_notes, fingerprint_parts, prepare
from signing.policy import grants_for
from signing.ports import SealStore, UseRequestStore
from signing.seals.look_up import document_context, open_kept
from signing.settings import SigningSettings
from signing.work_pool import WorkPool, within


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
        settings: SigningSettings,
        lasting: SealAtLevel,
        care: CareStore,
    ) -> None:
        self._database = database
        self._store = store
        self._requests = requests
        self._vault = vault
        self._keys = keys
        self._clock = clock
        self._pool = pool
        self._settings = settings
        self._seal_at = lasting
        self._care = care
        self._writers: dict[tuple[str, str, bytes], CmsWriter] = {}

    async def __call__(self, command: SealPdfCommand) -> SealedPdf:
        """
        Raises:
            SealNotGranted: `seal-not-granted`; also for a seal that does not exist.
            SealNotActive: `seal-not-active`.
            SealUsesSpent, SealApprovalNeeded: the grant's uses are used up; it asks for an approved request.
            UseRequestNotFound, UseRequestOver: the request is not this caller's for this very file, or is over.
            PdfRefused, PlacementInvalid: the file or the place is not acceptable.
            core.errors.Conflict: `idempotency-key-reused`.
            core.errors.LimitExceeded: `too-large` or `busy`.
            core.errors.Unavailable: the key or the document store does not answer, or the level cannot be had and
                nothing less will do; nothing was sealed.
        """
        try:
            return await self._seal(command)
        except AppError as refusal:
            # 7. What was refused is on record too
            detail: dict[str, str | int | bool | None] = {"code": refusal.code, "class": command.document_class[:64]}
            event = AuditEvent("seal.use", "refused", command.actor, subject=command.seal_id[:128], detail=detail)
            await self._database.record(event)
            raise

    async def _seal(self, command: SealPdfCommand) -> SealedPdf:
        # 1. The words must fit
        check_words(command.document_class, command.reason)
        check_notes(command)
        # 2. The actor must hold a grant for this seal and this class of document, today
        seal, grants = await self._granted_seal(command)
        # 3. A repeated request gets the first one's file; nothing is sealed twice
        fingerprint = _fingerprint(command)
        if command.idempotency_key is not None:
            earlier = await self._earlier(command, fingerprint)
            if earlier is not None:
                return await self._sealed(earlier)
        usable = await self._usable(command, grants)
        # 4. Seal in a thread
        signature_id, signed_at = new_id(self._clock, "sig"), self._clock.now().replace(microsecond=0)
        wanted = self._wanted(command)
        notes = (command.reason or "", command.location or "", command.contact or "")
        words = SignatureText(signature_id, seal.name.zh, signed_at, *notes)
        made = await self._seal_at(
            partial(self._within, seal, command, words), self._writer(seal), signature_id, wanted
        )
        # 5. Keep the file, then enter the use in the ledger; the seal must be active at that very moment
        context = document_context(signature_id)
        document = await self._vault.keep(made.content, context=context) if command.keep else None
        certificate = hashlib.sha256(seal.certificate).hexdigest()
        record = _record(command, signature_id, signed_at, made, document, certificate)
        try:
            await self._enter(command, record, fingerprint, usable, self._cared_for(record, made, wanted))
        except AlreadyDone as done:
            return await self._sealed(done.result)
        # 6. Only now may the file leave
        return SealedPdf(made.content, signature_id, seal.id, signed_at, made.level.value, wanted.level.value)

    async def _granted_seal(self, command: SealPdfCommand) -> tuple[Seal, list[SealGrant]]:
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, command.seal_id)
            given = await self._store.grants_of(tx, command.seal_id) if seal else []
        today = calendar_day(self._clock.now())
        # an unknown seal is answered like one without a grant, so that seals cannot be counted by guessing
        if seal is None:
            raise SealNotGranted
        grants = grants_for(command.actor, seal, given, document_class=command.document_class, today=today)
        if not grants:
            raise SealNotGranted
        if seal.status is not SealStatus.ACTIVE:
            raise SealNotActive
        return seal, grants

    async def _usable(self, command: SealPdfCommand, grants: Sequence[SealGrant]) -> Sequence[SealGrant]:
        """The grants that this use may rest on; told before anything is signed for nothing."""
        if command.request_id is not None:
            async with self._database.read() as tx:
                request = await self._requests.request(tx, command.request_id)
            usable = [grant for grant in grants if request is not None and grant.id == request.grant_id]
            if request is None or not is_for(request, command):
                raise UseRequestNotFound
            if request.state is not RequestState.APPROVED or request.expires_at <= self._clock.now():
                raise UseRequestOver
            if not usable:  # the grant that it was asked under has ended meanwhile
                raise SealNotGranted
        else:
            usable = [grant for grant in grants if not grant.approval]
            if not usable:
                raise SealApprovalNeeded
        if all(grant.spent for grant in usable):
            raise SealUsesSpent
        return usable

    def _wanted(self, command: SealPdfCommand) -> Wanted:
        return Wanted(command.level or self._settings.level, command.level_policy or self._settings.level_policy)

    def _cared_for(self, record: SignatureRecord, made: SealedAt, wanted: Wanted) -> Care | None:
        """What is still to be done for a file that stays here."""
        if record.document is None:
            return None
        due_at = next_step(made.level, wanted.level, made.renew_by, self._clock.now())
        return None if due_at is None else Care(record.id, wanted.level, due_at)

    def _within(self, seal: Seal, command: SealPdfCommand, words: SignatureText, octets: int) -> Prepared:
        """Reading a hostile file must end some time; the key is used outside that bound."""
        work = partial(self._prepare, seal, command, words, octets)
        return within(self._settings.seconds_per_file, work, _give_up)

    def _prepare(self, seal: Seal, command: SealPdfCommand, words: SignatureText, octets: int) -> Prepared:
        reader = open_for_sealing(command.pdf, limit=self._settings.max_pdf_bytes)
        try:
            return prepare(command, reader, words, octets=octets, image=seal.image)
        except AppError:
            raise
        except Exception as e:  # a parser may throw anything at hostile bytes
            raise damaged(e) from e

    def _writer(self, seal: Seal) -> CmsWriter:
        signer = self._keys.signer(seal.key_purpose)
        key = (seal.id, signer.key_id, seal.certificate)
        if key not in self._writers:
            self._writers[key] = cms_writer(signer, seal.certificates)
        return self._writers[key]

    async def _enter(
        self,
        command: SealPdfCommand,
        record: SignatureRecord,
        fingerprint: str,
        usable: Sequence[SealGrant],
        care: Care | None,
    ) -> None:
        async with self._database.write() as tx:
            if command.idempotency_key is not None:
                await remember_result(
                    tx,
                    self._clock,
                    scope=_scope(command),
                    key=command.idempotency_key,
                    fingerprints=(fingerprint,),
                    result=record.id,
                )
            if command.request_id is not None and not await self._requests.spend(
                tx, command.request_id, signature_id=record.id, at=self._clock.now()
            ):
                raise UseRequestOver
            grant_id = await self._counted(tx, usable)
            if not await self._store.add_signature(tx, replace(record, grant_id=grant_id)):
                raise SealNotActive
            if care is not None:
                await self._care.add(tx, care)
            detail: dict[str, str | int | bool | None] = {
                "signature": record.id,
                "grant": grant_id,
                "class": record.document_class,
                "before": record.digest_before,
                "after": record.digest_after,
                "level": record.level,
            }
            tx.audit(AuditEvent("seal.use", "done", command.actor, subject=record.seal_id, detail=detail))
            await tx.commit()

    async def _counted(self, tx: WriteTx, usable: Sequence[SealGrant]) -> str:
        """The first of the grants that has a use left at this very moment, with that use counted."""
        for grant in usable:
            if await self._store.count_use(tx, grant.id):
                return grant.id
        now = [await self._store.grant(tx, grant.id) for grant in usable]
        if any(grant is not None and grant.ended_at is None for grant in now):
            raise SealUsesSpent
        raise SealNotGranted

    async def _earlier(self, command: SealPdfCommand, fingerprint: str) -> str | None:
        async with self._database.read() as tx:
            return await find_result(
                tx, scope=_scope(command), key=command.idempotency_key or "", fingerprints=(fingerprint,)
            )

    async def _sealed(self, signature_id: str) -> SealedPdf:
        async with self._database.read() as tx:
            record = await self._store.signature(tx, signature_id)
        if record is None:
            raise SignatureNotFound
        content = await open_kept(self._vault, record)
        return SealedPdf(content, record.id, record.seal_id, record.signed_at, record.level, record.level)


def _give_up() -> NoReturn:
    raise too_complex()


def is_for(request: UseRequest, command: SealPdfCommand) -> bool:
    """Whether what was approved is what shall be sealed: the requester's own, the same seal, class and file."""
    return (
        (request.requester_kind, request.requester) == (command.actor.kind.value, command.actor.id[:128])
        and (request.seal_id, request.document_class) == (command.seal_id, command.document_class)
        and request.digest == hashlib.sha256(command.pdf).hexdigest()
    )


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


def _scope(command: SealPdfCommand) -> str:
    return f"{command.actor.kind.value}:{command.actor.id} seal.use"[:128]


def _fingerprint(command: SealPdfCommand) -> str:
    levels = [str(one) for one in (command.level, command.level_policy) if one is not None]
    return fingerprint_of(command.pdf, command.seal_id, command.document_class, *fingerprint_parts(command), *levels)


def _record(
    command: SealPdfCommand,
    signature_id: str,
    signed_at: dt.datetime,
    made: SealedAt,
    document: str | None,
    certificate: str,
) -> SignatureRecord:
    return SignatureRecord(
        id=signature_id,
        seal_id=command.seal_id,
        actor_kind=command.actor.kind.value,
        actor_id=command.actor.id[:128],
        actor_organisation=command.actor.organisation,
        document_class=command.document_class,
        reason=command.reason,
        digest_before=hashlib.sha256(command.pdf).hexdigest(),
        digest_after=hashlib.sha256(memoryview(made.content)[: made.revision]).hexdigest(),
        level=made.level.value,
        signed_at=signed_at,
        document=document,
        certificate=certificate,
        request_id=command.request_id,
    )
