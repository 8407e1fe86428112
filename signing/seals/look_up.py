"""Finds seals and the ledger's entries."""

from __future__ import annotations

from core.db.database import Database
from core.files.scratch import FileBytes
from core.paging import Page, decode_cursor, encode_cursor, last_id, page_size
from core.principal import Principal
from keys.ports import DocumentVault
from signing.errors import SealApplicationNotFound, SealNotFound, SealNotYours, SignatureNotFound
from signing.model import Seal, SealApplication, SealGrant, SealKind, SealStatus, SealStep, SignatureRecord
from signing.policy import may_look
from signing.ports import SealLifeStore, SealStore


class Seals:
    """Look-ups of seals, grants and uses. Seals are public facts; files are for those who had them sealed."""

    def __init__(self, database: Database, store: SealStore, life: SealLifeStore, vault: DocumentVault) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._vault = vault

    async def get(self, seal_id: str) -> Seal:
        """
        Raises:
            SealNotFound
        """
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
        if seal is None:
            raise SealNotFound
        return seal

    async def of_organisation(self, organisation: str) -> list[Seal]:
        """All seals of an organisation, in whatever state, oldest first."""
        async with self._database.read() as tx:
            return await self._store.seals_of(tx, organisation)

    async def active_seal_of(self, organisation: str, kind: SealKind = SealKind.OFFICIAL) -> Seal:
        """The organisation's active seal of this kind; the youngest, if there are several.

        Raises:
            SealNotFound
        """
        async with self._database.read() as tx:
            found = await self._store.seals_of(tx, organisation, status=SealStatus.ACTIVE, kind=kind)
        if not found:
            raise SealNotFound
        return found[-1]

    async def page(self, organisation: str | None, *, cursor: str | None, size: int) -> Page[Seal]:
        """Seals of an organisation, or of all, a page at a time."""
        after = str(decode_cursor(cursor, 1)[0]) if cursor else None
        async with self._database.read() as tx:
            found = await self._store.seals_of(tx, organisation, after=after, limit=size + 1)
        more = len(found) > size
        return Page(found[:size], encode_cursor(found[size - 1].id) if more else None)

    async def grants_of(self, seal_id: str, *, actor: Principal) -> list[SealGrant]:
        """Every grant that was ever given, for those who look after the seal.

        Raises:
            SealNotFound, SealNotYours
        """
        seal = await self._managed(seal_id, actor)
        async with self._database.read() as tx:
            return await self._store.grants_of(tx, seal.id)

    async def story(self, seal_id: str, *, actor: Principal) -> list[SealStep]:
        """Every step of a seal from its application on, oldest first, for those who look after it.

        Raises:
            SealNotFound, SealNotYours
        """
        seal = await self._managed(seal_id, actor)
        async with self._database.read() as tx:
            return await self._life.steps_of(tx, seal_id=seal.id)

    async def applications(
        self, *, actor: Principal, waiting: bool = False, cursor: str | None = None, limit: int | None = None
    ) -> Page[SealApplication]:
        """Of the caller's organisation, newest first; those that still wait for a step, or all.

        Raises:
            SealNotYours
        """
        organisation, size, before = actor.organisation or "", page_size(limit), last_id(cursor)
        _require_look(actor, organisation)
        statuses = (SealStatus.APPLIED, SealStatus.APPROVED) if waiting else ()
        async with self._database.read() as tx:
            found = await self._life.applications_of(tx, organisation, statuses=statuses, before=before, limit=size + 1)
        more = len(found) > size
        return Page(found[:size], encode_cursor(found[size - 1].id) if more else None)

    async def application(self, application_id: str, *, actor: Principal) -> tuple[SealApplication, list[SealStep]]:
        """One application with its story, for those who look after the organisation's seals.

        Raises:
            SealApplicationNotFound: also another organisation's.
        """
        async with self._database.read() as tx:
            application = await self._life.application(tx, application_id)
            story = await self._life.steps_of(tx, application_id=application_id)
        if application is None or not may_look(actor, application.organisation):
            raise SealApplicationNotFound
        return application, story

    async def _managed(self, seal_id: str, actor: Principal) -> Seal:
        seal = await self.get(seal_id)
        _require_look(actor, seal.organisation)
        return seal

    async def use(self, signature_id: str, *, caller: Principal) -> SignatureRecord:
        """An entry of the ledger, for the one who made it and for colleagues of the same organisation.

        Raises:
            SignatureNotFound: also when it is somebody else's.
        """
        async with self._database.read() as tx:
            record = await self._store.signature(tx, signature_id)
        if record is None or not _own(record, caller):
            raise SignatureNotFound
        return record

    async def file(self, signature_id: str, *, caller: Principal) -> FileBytes:
        """The sealed file of a use, for its own caller only.

        Raises:
            SignatureNotFound
        """
        record = await self.use(signature_id, caller=caller)
        if (record.actor_kind, record.actor_id) != (caller.kind.value, caller.id):
            raise SignatureNotFound
        return await open_kept(self._vault, record)


def _require_look(actor: Principal, organisation: str) -> None:
    if not may_look(actor, organisation):
        raise SealNotYours


async def open_kept(vault: DocumentVault, record: SignatureRecord) -> FileBytes:
    """The sealed file of an entry.

    Raises:
        SignatureNotFound: the file was not kept here.
    """
    if record.document is None:
        raise SignatureNotFound
    return await vault.open_file(record.document, context=document_context(record.id))


def document_context(signature_id: str) -> str:
    """The place that a kept file is bound to."""
    return f"seal_signature.document:{signature_id}"


def _own(record: SignatureRecord, caller: Principal) -> bool:
    if (record.actor_kind, record.actor_id) == (caller.kind.value, caller.id):
        return True
    return record.actor_organisation is not None and record.actor_organisation == caller.organisation
