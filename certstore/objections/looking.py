"""Both sides look at objections: the holder at their own, the authority at those about its licences."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, identity_of, known_holder, refusals_audited, require_scope
from certstore.face_titles import face_titles
from certstore.looks import look_at
from certstore.model import Look
from certstore.objections.errors import objection_not_found
from certstore.objections.evidence import EvidenceFiles
from certstore.objections.model import KEPT_DAYS, OTHER_FIELDS, MediaType, Objection, ObjectionView
from certstore.objections.ports import ObjectionStore
from certstore.own_numbers import newest_first
from certstore.ports import HolderDirectory, OrganisationDirectory
from certstore.read import ISSUER_PURPOSE, OWN_PURPOSE
from certstore.repository import Repository
from core.audit.event import AuditEvent
from core.db.database import ReadTx, WriteTx
from core.ids import is_id
from core.paging import Page, cursor_invalid, decode_cursor, encode_cursor, last_id, page_size
from core.principal import Principal, PrincipalKind
from core.text import Text

_SCOPE = "licence:issue"


@dataclass(frozen=True, slots=True)
class EvidenceContent:
    """A file to hand out."""

    content: bytes = field(repr=False)
    media_type: MediaType


@dataclass(frozen=True, slots=True)
class Inbox:
    """An authority's objections; `waiting` and `overdue` are of all, not of the page."""

    page: Page[ObjectionView]
    waiting: int
    overdue: int


class LookAtObjections:
    """The use cases."""

    def __init__(
        self,
        repository: Repository,
        store: ObjectionStore,
        files: EvidenceFiles,
        holders: HolderDirectory,
        organisations: OrganisationDirectory,
    ) -> None:
        self._repository = repository
        self._store = store
        self._files = files
        self._holders = holders
        self._organisations = organisations

    async def mine(self, actor: Principal, cursor: str | None = None, limit: int | None = None) -> Page[ObjectionView]:
        """Newest first.

        Raises:
            NotPermitted: `person-needed`.
            InvalidInput: `cursor-invalid`.
        """
        before, size = last_id(cursor), page_size(limit)
        identity = await identity_of(self._holders, actor)
        async with self._repository.database.write() as tx:
            found = await newest_first(
                identity,
                lambda code: self._store.of_holder(tx, code, before=before, limit=size + 1),
                key=lambda one: one.id,
            )
            rows = [await self._view(tx, one) for one in found[:size]]
            tx.audit(AuditEvent("holder.look", "done", actor, None, OWN_PURPOSE, {"what": "objections"}))
            await tx.commit()
        return Page(rows, encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def inbox(
        self, actor: Principal, *, closed: bool = False, cursor: str | None = None, limit: int | None = None
    ) -> Inbox:
        """Those that wait, by the day they are due; or those that are closed. Nobody is named here.

        Raises:
            NotPermitted: no `licence:issue`.
            InvalidInput: `cursor-invalid`.
        """
        require_scope(actor, _SCOPE)
        organisation, size, today = acting_organisation(actor), page_size(limit), self._repository.today()
        after, types = _place(cursor), actor.types.get(_SCOPE)
        async with self._repository.database.write() as tx:
            found = await self._store.of_issuer(
                tx, organisation, living=not closed, types=types, after=after, limit=size + 1
            )
            rows = [await self._view(tx, one) for one in found[:size]]
            waiting = await self._store.count_living(tx, organisation)
            overdue = await self._store.count_living(tx, organisation, due_before=today)
            tx.audit(AuditEvent("objection.list", "done", actor, purpose=ISSUER_PURPOSE, detail={"count": len(rows)}))
            await tx.commit()
        last = found[size - 1] if len(found) > size else None
        cursor = encode_cursor(last.due_on.isoformat(), last.id) if last else None
        return Inbox(Page(rows, cursor), waiting, overdue)

    async def one(self, objection_id: str, actor: Principal) -> ObjectionView:
        """With its history.

        Raises:
            NotFound: `objection-not-found`, for everybody but its holder and the authority.
        """
        async with (
            refusals_audited(self._repository.database, "objection.read", actor, subject=objection_id),
            self._repository.database.write() as tx,
        ):
            found = await self._visible(tx, objection_id, actor, "objection")
            view = await self._view(tx, found, with_steps=True)
            await tx.commit()
        return view

    async def evidence(self, objection_id: str, actor: Principal) -> EvidenceContent:
        """
        Raises:
            NotFound: `objection-not-found`, also where there is no evidence.
        """
        async with (
            refusals_audited(self._repository.database, "objection.read", actor, subject=objection_id),
            self._repository.database.write() as tx,
        ):
            found = await self._visible(tx, objection_id, actor, "evidence")
            if found.evidence is None:
                raise objection_not_found()
            await tx.commit()
        return EvidenceContent(await self._files.open(found.evidence), found.evidence.media_type)

    async def _visible(self, tx: WriteTx, objection_id: str, actor: Principal, what: str) -> Objection:
        found = await self._store.objection(tx, objection_id)
        if found is None:
            raise objection_not_found()
        identity = await known_holder(self._holders, actor)
        if identity is not None and found.holder in identity.codes:
            tx.audit(AuditEvent("holder.look", "done", actor, found.id, OWN_PURPOSE, {"what": what}))
            return found
        works_there = actor.kind in (PrincipalKind.CLIENT, PrincipalKind.STAFF) and actor.organisation == found.issuer
        if not works_there or not actor.may(_SCOPE) or not actor.may_with(_SCOPE, found.type_code):
            raise objection_not_found()
        licence = await self._repository.licences.licence(tx, found.licence_id)
        assert licence is not None  # licences are never removed
        looks = look_at(self._repository, actor, Look.ISSUER, ISSUER_PURPOSE, licence=licence, about=found.holder)
        await self._repository.access.add(tx, looks)
        tx.audit(AuditEvent("objection.read", "done", actor, found.id, ISSUER_PURPOSE, {"what": what}))
        return found

    async def _view(self, tx: ReadTx, found: Objection, *, with_steps: bool = False) -> ObjectionView:
        licence = await self._repository.licences.licence(tx, found.licence_id)
        assert licence is not None  # licences are never removed
        licence_type = await self._repository.catalogue.licence_type(tx, found.type_code, licence.current.type_version)
        assert licence_type is not None  # versions of types are never removed
        titles = face_titles(licence_type.schema) | OTHER_FIELDS
        name = await self._organisations.name(found.issuer)
        return ObjectionView(
            objection=found,
            type_name=licence_type.name,
            field_title=titles.get(found.about, Text(found.about, found.about)),
            issuer_name=name or Text(found.issuer, found.issuer),
            overdue=found.overdue(self._repository.today()),
            steps=await self._store.steps(tx, found.id) if with_steps else (),
        )


class SweepObjections:
    """Removes those that were closed long ago, with their evidence; the audit log keeps who decided what."""

    def __init__(self, repository: Repository, store: ObjectionStore, files: EvidenceFiles) -> None:
        self._repository = repository
        self._store = store
        self._files = files

    async def __call__(self) -> None:
        before = self._repository.now() - dt.timedelta(days=KEPT_DAYS)
        while await self._more(before):
            async with self._repository.database.write() as tx:
                for evidence in await self._store.delete_closed(tx, before):
                    await self._files.discard(tx, evidence)
                await tx.commit()

    async def _more(self, before: dt.datetime) -> bool:
        async with self._repository.database.read() as tx:
            return await self._store.closed_before(tx, before)


def _place(cursor: str | None) -> tuple[dt.date, str] | None:
    if not cursor:
        return None
    day, last = decode_cursor(cursor, 2)
    try:
        due_on = dt.date.fromisoformat(str(day))
    except ValueError:
        raise cursor_invalid() from None
    if not is_id(str(last)):
        raise cursor_invalid()
    return due_on, str(last)
