"""Annotated copies (加注件): a face cut down to what one use needs, marked with who, why and until when, and sealed.

GB/T 36903 `JZJ*` elements; a copy is made and handed out instead of the original, and stops working with its consent,
its last day, or its licence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from certstore.authorise import acting_organisation, grants_within_reach, minimised, refusals_audited, require_scope
from certstore.catalogue import grant_for
from certstore.documents import SealedDocuments
from certstore.errors import CopyNotFound, Gone, LicenceNotFound, UseNotGranted, consent_gone, licence_ended
from certstore.face import CopyNote, FaceSource
from certstore.looks import look_at
from certstore.make_file import REPOSITORY, FileMaker
from certstore.model import (
    AnnotatedCopy,
    Consent,
    ConsentState,
    FileKind,
    Licence,
    LicenceType,
    Look,
    ServiceItem,
    Sharing,
)
from certstore.ports import OrganisationDirectory
from certstore.purpose import parse_purpose
from certstore.reach import unknown_item
from certstore.read import FileContent
from certstore.repository import Repository
from certstore.status import STATUS_NAMES, Status, status_today
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.errors import Conflict, InvalidInput
from core.ids import new_id, new_secret
from core.principal import Principal, PrincipalKind, Purpose
from core.text import Text

FUNCTION_DAYS = 30  # how long a copy made without consent can be used, unless fewer are asked for
MAX_DAYS = 90
Within = Callable[[WriteTx, Sequence[AnnotatedCopy]], Awaitable[None]]
"""What else is decided and written in the unit that writes copies; it comes first in it and may refuse it all."""


@dataclass(frozen=True, slots=True)
class CopyCommand:
    """Which licence, for which use.

    Attributes:
        consent_id: for types shared by consent; None to use a type shared by function.
        fields: None for all that consent or grant allow.
        days: for a use by function; a use by consent ends with the consent.
    """

    licence_id: str
    service_item: str
    case_number: str
    basis: str
    consent_id: str | None = None
    fields: Sequence[str] | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class _Use:
    """A use that was found lawful."""

    licence: Licence
    licence_type: LicenceType
    item: ServiceItem
    fields: tuple[str, ...]
    consent: Consent | None
    expires_on: dt.date


class AnnotatedCopies:
    """Makes copies and hands them out."""

    def __init__(
        self,
        repository: Repository,
        documents: SealedDocuments,
        files: FileMaker,
        organisations: OrganisationDirectory,
        verify_address: str,
    ) -> None:
        self._repository = repository
        self._documents = documents
        self._files = files
        self._organisations = organisations
        self._verify_address = verify_address

    async def make(self, command: CopyCommand, actor: Principal, *, within: Within | None = None) -> AnnotatedCopy:
        """Make a sealed copy for one use.

        Raises:
            InvalidInput: purpose or days are not acceptable.
            NotFound: `licence-not-found`, also where the caller has no grant for its type.
            NotPermitted: `consent-not-in-force`, `use-not-granted`, `fields-not-granted`, `licence-not-valid`.
            LimitExceeded: `grant-quota-used-up`.
            Conflict: `licence-changed`; nothing was made.
            Unavailable: nothing was made.
        """
        (made,) = await self.make_all([command], actor, within=within)
        return made

    async def make_all(
        self, commands: Sequence[CopyCommand], actor: Principal, *, within: Within | None = None
    ) -> Sequence[AnnotatedCopy]:
        """Make several copies, of different licences, for one use: all of them or none. Raises as `make` does."""
        repository = self._repository
        purpose = parse_purpose(commands[0].service_item, commands[0].case_number, commands[0].basis)
        subject = commands[0].licence_id if len(commands) == 1 else None
        async with refusals_audited(repository.database, "copy.make", actor, subject=subject, purpose=purpose):
            require_scope(actor, "licence:read")
            organisation = acting_organisation(actor)
            async with repository.database.read() as tx:
                uses = [await self._lawful(tx, command, actor, organisation) for command in commands]
            made = [await self._sealed_copy(use, purpose, organisation) for use in uses]
            await self._write(list(zip(made, uses, strict=True)), purpose, actor, within)
        return made

    async def file(self, licence_id: str, copy_id: str, actor: Principal) -> FileContent:
        """A copy's file, for the organisation that it was made for, while it may be used.

        Raises:
            NotFound: `copy-not-found`.
            NotPermitted: `copy-gone` (410): past its last day, consent withdrawn, grant ended or narrowed, licence not
                valid any more.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "copy.read", actor, subject=copy_id):
            require_scope(actor, "licence:read")
            organisation = acting_organisation(actor)
            async with repository.database.write() as tx:
                copy = await repository.files.copy(tx, copy_id)
                if copy is None or copy.organisation != organisation or copy.licence_id != licence_id:
                    raise CopyNotFound
                licence = await self._still_usable(tx, copy)
                await self._still_granted(tx, copy, licence.type_code)
                if not actor.may_with("licence:read", licence.type_code):
                    raise CopyNotFound
                looks = look_at(
                    repository,
                    actor,
                    Look.FILE,
                    copy.purpose,
                    licence=licence,
                    fields=copy.fields,
                    consent_id=copy.consent_id,
                )
                await repository.access.add(tx, looks)
                tx.audit(AuditEvent("copy.read", "done", actor, copy.id, copy.purpose, {"fields": len(copy.fields)}))
                await tx.commit()
        return FileContent(await self._documents.content(copy.file), copy.file.sha256, f"{copy.id}.pdf")

    # --- is the use lawful? ------------------------------------------------------------------------------------

    async def _lawful(self, tx: ReadTx, command: CopyCommand, actor: Principal, organisation: str) -> _Use:
        repository, today = self._repository, self._repository.today()
        item = await repository.catalogue.item(tx, command.service_item)
        if item is None:
            raise unknown_item()
        licence = await repository.licences.licence(tx, command.licence_id)
        grants = await grants_within_reach(repository.catalogue, tx, organisation, command.service_item, actor)
        # without a grant for its type a licence looks absent
        if licence is None or licence.type_code not in grants:
            raise LicenceNotFound
        grant = grant_for(grants, licence.type_code, today)
        await repository.quota.require(grant)
        licence_type = await repository.catalogue.licence_type(tx, licence.type_code)
        assert licence_type is not None
        if licence_type.sharing is Sharing.CONSENT:
            consent = await self._consent(tx, command, actor, organisation, licence)
            fields = minimised(grant, _within(consent, command.fields))
            assert consent.last_day is not None
            expires_on = consent.last_day
        else:
            consent, fields = None, minimised(grant, command.fields)
            expires_on = today + dt.timedelta(days=_days(command.days))
        self._require_valid(licence)
        return _Use(licence, await self._as_issued(tx, licence), item, fields, consent, expires_on)

    async def _consent(
        self, tx: ReadTx, command: CopyCommand, actor: Principal, organisation: str, licence: Licence
    ) -> Consent:
        consent = await self._repository.consents.consent(tx, command.consent_id) if command.consent_id else None
        if consent is None:
            # whether there is such a licence is not told to a caller without the holder's consent
            raise LicenceNotFound
        same_caller = consent.client_id == actor.id or (
            actor.kind is PrincipalKind.STAFF and consent.organisation == organisation
        )
        if not same_caller or consent.licence_id not in (None, licence.id):
            raise LicenceNotFound
        asked = (command.service_item.strip(), command.case_number.strip())
        if asked != (consent.purpose.service_item, consent.purpose.case_number):
            raise UseNotGranted(
                Text(
                    "本人同意的是另一个事项或办件，不能用在这里。请就这个办件重新征求同意。",
                    "The holder consented to another service item or case. Ask for consent to this one.",
                ),
                code="purpose-differs",
            )
        state = consent.state_at(self._repository.now(), self._repository.today())
        still_theirs = any(holder.code == consent.holder for holder in licence.current.holders)
        if state is not ConsentState.GRANTED or consent.licence_id != licence.id or not still_theirs:
            raise consent_gone()
        return consent

    async def _as_issued(self, tx: ReadTx, licence: Licence) -> LicenceType:
        found = await self._repository.catalogue.licence_type(tx, licence.type_code, licence.current.type_version)
        assert found is not None  # versions of types are never removed
        return found

    def _require_valid(self, licence: Licence) -> None:
        status = status_today(licence, self._repository.today())
        if status is not Status.VALID:
            raise licence_ended(STATUS_NAMES[status])

    # --- making and handing out --------------------------------------------------------------------------------

    async def _sealed_copy(self, use: _Use, purpose: Purpose, organisation: str) -> AnnotatedCopy:
        copy_id, code, now = new_id(self._repository.clock, "cop"), new_secret(16), self._repository.now()
        licence, name = use.licence, self._organisations.name
        requester = await name(organisation) or Text(organisation, organisation)
        issuer_name = await name(licence.issuer) or Text(licence.issuer, licence.issuer)
        note = CopyNote(copy_id, requester, use.item.name, purpose.case_number or "", now, use.expires_on)
        source = FaceSource(
            use.licence_type,
            licence.current,
            licence.issuer,
            issuer_name,
            self._verify_address,
            shown=frozenset(use.fields),
            note=note,
        )
        # the repository seals copies for the issuing authority: the requester has no right to that seal
        sealed = await self._files.make(source, verification_code=code, sealed_for=REPOSITORY)
        file = await self._documents.keep(
            sealed, licence_id=licence.id, version=licence.current.number, kind=FileKind.ANNOTATED_COPY
        )
        consent_id = use.consent.id if use.consent else None
        return AnnotatedCopy(
            copy_id, licence.id, file, organisation, purpose, use.fields, consent_id, use.expires_on, code, now
        )

    async def _write(
        self, made: Sequence[tuple[AnnotatedCopy, _Use]], purpose: Purpose, actor: Principal, within: Within | None
    ) -> None:
        """Judge once more what may have moved while the files were made, then write; one unit."""
        repository, copies = self._repository, [copy for copy, _ in made]
        async with repository.database.write() as tx:
            if within is not None:
                await within(tx, copies)
            licences = {}
            for licence_id in sorted({copy.licence_id for copy in copies}):
                locked = await repository.licences.locked(tx, licence_id)
                assert locked is not None
                self._require_valid(locked)
                licences[licence_id] = locked
            if any(licences[copy.licence_id].current.number != copy.file.version for copy in copies):
                raise _licence_changed()
            for consent_id in sorted(copy.consent_id for copy in copies if copy.consent_id):
                if not await repository.consents.use(tx, consent_id, today=repository.today()):
                    raise consent_gone()
            for copy, use in made:
                await self._add(tx, copy, use, licences[copy.licence_id], purpose, actor)
            await tx.commit()

    async def _add(
        self, tx: WriteTx, copy: AnnotatedCopy, use: _Use, licence: Licence, purpose: Purpose, actor: Principal
    ) -> None:
        await self._repository.files.add_copy(tx, copy)
        looks = look_at(
            self._repository,
            actor,
            Look.COPY,
            purpose,
            licence=licence,
            fields=copy.fields,
            consent_id=copy.consent_id,
            about=use.consent.holder if use.consent else None,
        )
        await self._repository.access.add(tx, looks)
        detail: Detail = {"copy": copy.id, "fields": len(copy.fields), "consent": copy.consent_id}
        tx.audit(AuditEvent("copy.make", "done", actor, licence.id, purpose, detail))

    async def _still_granted(self, tx: WriteTx, copy: AnnotatedCopy, type_code: str) -> None:
        """A right that was taken away, or narrowed, gives out nothing more, not even what was made under it."""
        grants = await self._repository.catalogue.grants(tx, copy.organisation, copy.purpose.service_item or "")
        grant = grants.get(type_code)
        if grant is None or not grant.covers(self._repository.today()) or not set(copy.fields) <= set(grant.fields):
            raise _gone(
                "本机关使用这类证照的授权已结束或缩小，这份加注件不再提供。",
                "Your organisation's grant for this type has ended or was narrowed; the copy is given out no more.",
            )

    async def _still_usable(self, tx: WriteTx, copy: AnnotatedCopy) -> Licence:
        today = self._repository.today()
        if today > copy.expires_on:
            raise _gone(
                "这份加注件已过使用期限。仍需使用的，请重新申请。", "This copy is past its last day. Ask for a new one."
            )
        # the licence first, then the consent, as in making one: two orders would be a deadlock
        licence = await self._repository.licences.locked(tx, copy.licence_id)
        assert licence is not None
        status = status_today(licence, today)
        if status is not Status.VALID:
            word = STATUS_NAMES[status]
            raise _gone(
                f"原证照现在是“{word.zh}”状态，这份加注件不能再用。",
                f"The licence behind this copy is {word.en}; the copy cannot be used.",
            )
        if licence.current.number != copy.file.version:
            raise _gone(
                "原证照已有新的版本，这份加注件不能再用。请重新取。",
                "The licence has a newer version, so this copy cannot be used. Take a new one.",
            )
        if copy.consent_id and not await self._repository.consents.hold(tx, copy.consent_id, today=today):
            raise _gone(
                "本人已撤回同意，这份加注件不能再用。", "The holder withdrew consent; this copy cannot be used."
            )
        return licence


def _within(consent: Consent, asked: Sequence[str] | None) -> Sequence[str]:
    if asked is None:
        return consent.fields
    if not set(asked) <= set(consent.fields):
        raise UseNotGranted(
            Text("所要的字段超出了本人同意的范围。", "The fields asked for go beyond what the holder consented to."),
            code="fields-not-granted",
        )
    return asked


def _days(asked: int | None) -> int:
    if asked is not None and not 1 <= asked <= MAX_DAYS:
        raise InvalidInput("days-invalid", Text("使用期限应为 1 到 90 天。", "Days of use: 1 to 90."), field="days")
    return asked or FUNCTION_DAYS


def _licence_changed() -> Conflict:
    return Conflict(
        "licence-changed",
        Text("这份证照刚刚有了新的版本，请重试。", "The licence has just got a new version. Try again."),
    )


def _gone(zh: str, en: str) -> Gone:
    return Gone("copy-gone", Text(zh, en))
