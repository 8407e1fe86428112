"""Keeps attachments and gives them out again: to the authority that issues the licence, and to its holders.

Nobody else sees them: what other offices may use of a licence are its fields and its annotated copies. A file is told
by its first octets, kept encrypted, and handed out to save and never to be run. Those of a discarded draft go with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from certstore.attachments.errors import attachment_invalid, attachment_not_found, name_invalid, too_many_attachments
from certstore.attachments.model import MEDIA_TYPES, MOST, MOST_NAME, MOST_OCTETS, Attachment, AttachmentFile
from certstore.attachments.ports import AttachmentStore
from certstore.authorise import (
    acting_organisation,
    holds,
    known_holder,
    refusals_audited,
    require_scope,
    require_type,
)
from certstore.documents import UNWRITTEN_FOR, SealedVault, put_document, sha256_of
from certstore.errors import LicenceNotFound, licence_ended
from certstore.life.ports import DraftStore
from certstore.lifecycle import FINAL, STATE_NAMES
from certstore.looks import look_at
from certstore.model import Licence, Look
from certstore.ports import HolderDirectory, HolderIdentity
from certstore.read import ISSUER_PURPOSE, OWN_PURPOSE
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.ids import new_id
from core.principal import Principal, PrincipalKind
from keys.reencrypt.ports import DiscardList


@dataclass(frozen=True, slots=True)
class AttachmentCommand:
    """A file for a draft or a licence of the caller's authority."""

    licence_id: str
    name: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose an attachment is."""

    licence_id: str
    issuer: str
    type_code: str
    licence: Licence | None


class Attachments:
    """The use cases."""

    def __init__(
        self,
        repository: Repository,
        store: AttachmentStore,
        drafts: DraftStore,
        holders: HolderDirectory,
        vault: SealedVault,
        discards: DiscardList,
    ) -> None:
        self._repository = repository
        self._store = store
        self._drafts = drafts
        self._holders = holders
        self._vault = vault
        self._discards = discards

    async def add(self, command: AttachmentCommand, actor: Principal) -> Attachment:
        """Keep a file with a draft, or with a licence that has not ended.

        Raises:
            InvalidInput: `attachment-invalid`, `attachment-name-invalid`.
            NotPermitted: no `licence:issue`, or a role limited to other types.
            NotFound: `licence-not-found`, also for another authority's.
            Gone: `licence-not-valid`, for a licence that has ended.
            Conflict: `too-many-attachments`.
            Unavailable: the document store does not answer.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "attachment.add", actor, subject=command.licence_id):
            require_scope(actor, "licence:issue")
            organisation = acting_organisation(actor)
            name, media_type = _name(command.name), _media_type(command.content)
            async with repository.database.read() as tx:
                owner = await self._owned(tx, command.licence_id, organisation)
                require_type(actor, "licence:issue", owner.type_code)
                if owner.licence is not None and owner.licence.state in FINAL:
                    raise licence_ended(STATE_NAMES[owner.licence.state])
                if len(await self._store.of_licence(tx, owner.licence_id)) >= MOST:
                    raise too_many_attachments()
            attachment_id = new_id(repository.clock, "att")
            address = await put_document(
                self._vault,
                repository.clock,
                repository.database,
                self._discards,
                command.content,
                context=attachment_context(attachment_id),
            )
            return await self._write(owner, attachment_id, name, address, media_type, command.content, actor)

    async def of_licence(self, licence_id: str, actor: Principal) -> Sequence[Attachment]:
        """What there is, without its content.

        Raises:
            NotFound: `licence-not-found`; for everyone but the issuing authority and the holders it looks the same.
        """
        repository = self._repository
        person = await known_holder(self._holders, actor)
        async with (
            refusals_audited(repository.database, "attachment.list", actor, subject=licence_id),
            repository.database.write() as tx,
        ):
            owner = await self._visible(tx, licence_id, actor, person)
            found = await self._store.of_licence(tx, licence_id)
            await self._record(tx, owner, actor, person, "attachments")
            await tx.commit()
        return found

    async def beside(self, licence_id: str) -> Sequence[Attachment]:
        """What a licence has that its holder is just being shown: that look is on record already."""
        async with self._repository.database.read() as tx:
            return await self._store.of_licence(tx, licence_id)

    async def file(self, licence_id: str, attachment_id: str, actor: Principal) -> AttachmentFile:
        """One with its octets.

        Raises:
            NotFound: `licence-not-found`, `attachment-not-found`.
            Unavailable: the document store does not answer, or what it holds was changed.
        """
        repository = self._repository
        person = await known_holder(self._holders, actor)
        async with (
            refusals_audited(repository.database, "attachment.file", actor, subject=attachment_id),
            repository.database.write() as tx,
        ):
            owner = await self._visible(tx, licence_id, actor, person)
            found = await self._store.attachment(tx, attachment_id)
            if found is None or found.licence_id != licence_id:
                raise attachment_not_found()
            await self._record(tx, owner, actor, person, "attachment")
            await tx.commit()
        return AttachmentFile(found, await self._vault.open(found.content, context=attachment_context(found.id)))

    async def sweep(self) -> None:
        """Remove what belonged to drafts that became nothing."""
        repository = self._repository
        while True:
            async with repository.database.write() as tx:
                left = await self._store.take_left(tx, repository.now() - UNWRITTEN_FOR)
                for one in left:
                    await self._discards.add(tx, one.content, repository.now() + UNWRITTEN_FOR)
                await tx.commit()
            if not left:
                return

    async def _write(
        self,
        owner: _Owner,
        attachment_id: str,
        name: str,
        address: str,
        media_type: str,
        content: bytes,
        actor: Principal,
    ) -> Attachment:
        repository = self._repository
        detail: Detail = {"attachment": attachment_id, "media_type": media_type, "size": len(content)}
        while True:
            async with repository.database.write() as tx:
                there = {one.ordinal for one in await self._store.of_licence(tx, owner.licence_id)}
                ordinal = next((number for number in range(1, MOST + 1) if number not in there), None)
                if ordinal is None:
                    raise too_many_attachments()
                made = Attachment(
                    attachment_id,
                    owner.licence_id,
                    owner.issuer,
                    ordinal,
                    name,
                    address,
                    media_type,
                    len(content),
                    sha256_of(content),
                    repository.now(),
                    actor.id,
                )
                if await self._store.add(tx, made):  # else somebody else took that ordinal meanwhile
                    tx.audit(AuditEvent("attachment.add", "done", actor, owner.licence_id, ISSUER_PURPOSE, detail))
                    await tx.commit()
                    return made

    async def _owned(self, tx: ReadTx, licence_id: str, organisation: str) -> _Owner:
        owner = await self._owner(tx, licence_id)
        if owner is None or owner.issuer != organisation:
            raise LicenceNotFound
        return owner

    async def _owner(self, tx: ReadTx, licence_id: str) -> _Owner | None:
        licence = await self._repository.licences.licence(tx, licence_id)
        if licence is not None:
            return _Owner(licence.id, licence.issuer, licence.type_code, licence)
        draft = await self._drafts.draft(tx, licence_id)
        return None if draft is None else _Owner(draft.id, draft.issuer, draft.type_code, None)

    async def _visible(self, tx: ReadTx, licence_id: str, actor: Principal, person: HolderIdentity | None) -> _Owner:
        owner = await self._owner(tx, licence_id)
        if owner is None or not (_is_own(owner, person) or _works_there(owner, actor)):
            raise LicenceNotFound
        return owner

    async def _record(
        self, tx: WriteTx, owner: _Owner, actor: Principal, person: HolderIdentity | None, what: str
    ) -> None:
        own = _is_own(owner, person)
        purpose = OWN_PURPOSE if own else ISSUER_PURPOSE
        if not own and owner.licence is not None:
            looks = look_at(self._repository, actor, Look.ISSUER, purpose, licence=owner.licence)
            await self._repository.access.add(tx, looks)
        action = "holder.look" if own else "licence.read"
        tx.audit(AuditEvent(action, "done", actor, owner.licence_id, purpose, {"what": what}))


def attachment_context(attachment_id: str) -> str:
    """The place that a file is bound to."""
    return f"licence_attachment.content:{attachment_id}"


def _is_own(owner: _Owner, person: HolderIdentity | None) -> bool:
    return owner.licence is not None and person is not None and holds(owner.licence, person)


def _works_there(owner: _Owner, actor: Principal) -> bool:
    if actor.kind not in (PrincipalKind.CLIENT, PrincipalKind.STAFF) or actor.organisation != owner.issuer:
        return False
    scopes = ("licence:read", "licence:issue") if owner.licence is not None else ("licence:issue",)
    return any(actor.may(scope) and actor.may_with(scope, owner.type_code) for scope in scopes)


def _name(typed: str) -> str:
    name = " ".join(typed.split())
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable() or set("/\\") & set(name):
        raise name_invalid()
    return name


def _media_type(content: bytes) -> str:
    found = next((kind for start, kind in MEDIA_TYPES.items() if content.startswith(start)), None)
    if found is None or len(content) > MOST_OCTETS:
        raise attachment_invalid()
    return found
