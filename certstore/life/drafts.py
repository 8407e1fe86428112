"""Drafts: a licence is written, looked over, and only then issued; until then nobody else knows of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.catalogue import validity_of
from certstore.errors import LicenceNotFound, NotIssuingAuthority, RevisionMoved, StepNotForType, TypeRetired
from certstore.issue import IssueCommand, IssueLicence, Origin
from certstore.life.model import Draft, DraftContent
from certstore.life.ports import DraftStore
from certstore.lifecycle import Event, State
from certstore.making import check_first_day, check_holders, check_number
from certstore.model import Licence, LicenceChange, LicenceType
from certstore.repository import Repository
from certstore.schema import check_data
from core.audit.event import AuditEvent
from core.db.database import ReadTx, WriteTx
from core.errors import NotFound
from core.ids import new_id
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from core.text import Text

KEPT_FOR = dt.timedelta(days=90)  # untouched; personal data that became nothing must not stay


@dataclass(frozen=True, slots=True)
class DraftCommand:
    """What to keep as a draft."""

    type_code: str
    content: DraftContent


class Drafts:
    """The use cases. An authority's staff see each other's drafts: who writes one need not issue it."""

    def __init__(self, repository: Repository, drafts: DraftStore, issue: IssueLicence) -> None:
        self._repository = repository
        self._drafts = drafts
        self._issue = issue

    async def create(self, command: DraftCommand, actor: Principal) -> Draft:
        """
        Raises:
            InvalidInput: the content does not fit the type; names the field, never the value.
            NotPermitted: no `licence:issue`, or not an issuing authority of the type.
            NotFound: `licence-type-not-found`.
        """
        repository, now = self._repository, self._repository.now()
        async with refusals_audited(repository.database, "licence.create", actor):
            issuer = await self._check(command.type_code, command.content, actor)
            made = Draft(
                id=new_id(repository.clock, "lic"),
                type_code=command.type_code,
                issuer=issuer,
                revision=1,
                made_by=actor.id,
                maker_kind=actor.kind,
                made_at=now,
                changed_at=now,
                content=command.content,
            )
            async with repository.database.write() as tx:
                await self._drafts.add(tx, made)
                tx.audit(AuditEvent("licence.create", "done", actor, made.id, detail={"type": made.type_code}))
                await tx.commit()
        return made

    async def draft(self, draft_id: str, actor: Principal) -> Draft:
        """
        Raises:
            NotFound: `licence-not-found`, also for another authority's draft.
        """
        async with (
            refusals_audited(self._repository.database, "licence.draft-read", actor, subject=draft_id),
            self._repository.database.write() as tx,
        ):
            found = await self._own(tx, draft_id, actor)
            tx.audit(AuditEvent("licence.draft-read", "done", actor, found.id))
            await tx.commit()
        return found

    async def known(self, tx: ReadTx, draft_id: str) -> Draft | None:
        """Any authority's, for callers that judge and record by themselves."""
        return await self._drafts.draft(tx, draft_id)

    async def drafts(self, actor: Principal, cursor: str | None = None, limit: int | None = None) -> Page[Draft]:
        """The authority's own, newest first."""
        require_scope(actor, "licence:issue")
        issuer, size = acting_organisation(actor), page_size(limit)
        async with self._repository.database.write() as tx:
            found = await self._drafts.of_issuer(tx, issuer, before=last_id(cursor), limit=size + 1)
            tx.audit(AuditEvent("licence.draft-list", "done", actor, detail={"count": min(len(found), size)}))
            await tx.commit()
        rows = [one for one in found[:size] if actor.may_with("licence:issue", one.type_code)]
        return Page(rows, encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def rewrite(
        self, draft_id: str, content: DraftContent, actor: Principal, *, if_revision: int | None = None
    ) -> Draft:
        """
        Raises:
            InvalidInput: the content does not fit the type.
            NotFound: `licence-not-found`.
            Conflict: `precondition-failed`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "licence.draft-change", actor, subject=draft_id):
            async with repository.database.read() as tx:
                found = await self._own(tx, draft_id, actor)
            await self._check(found.type_code, content, actor)
            if if_revision is not None and if_revision != found.revision:
                raise RevisionMoved
            made = replace(found, content=content, revision=found.revision + 1, changed_at=repository.now())
            async with repository.database.write() as tx:
                if not await self._drafts.replace(tx, made):
                    raise RevisionMoved
                tx.audit(AuditEvent("licence.draft-change", "done", actor, made.id))
                await tx.commit()
        return made

    async def discard(self, draft_id: str, actor: Principal, *, if_revision: int | None = None) -> None:
        """
        Raises:
            NotFound: `licence-not-found`.
            Conflict: `precondition-failed`.
        """
        async with (
            refusals_audited(self._repository.database, "licence.draft-discard", actor, subject=draft_id),
            self._repository.database.write() as tx,
        ):
            found = await self._own(tx, draft_id, actor)
            await self._take(tx, found, if_revision)
            tx.audit(AuditEvent("licence.draft-discard", "done", actor, found.id))
            await tx.commit()

    async def issue(
        self, draft_id: str, idempotency_key: str, actor: Principal, *, if_revision: int | None = None
    ) -> Licence:
        """The licence that the draft becomes, with the same id; a repeated Idempotency-Key answers with it.

        Raises:
            NotFound: `licence-not-found`.
            Conflict: `precondition-failed`.
            AppError: what `IssueLicence` raises.
        """
        repository = self._repository
        async with (
            refusals_audited(repository.database, "licence.issue", actor, subject=draft_id),
            repository.database.read() as tx,
        ):
            issued = await repository.licences.licence(tx, draft_id)
            if issued is not None and issued.issuer == actor.organisation:
                require_scope(actor, "licence:issue")
                return issued
            found = await self._own(tx, draft_id, actor)

        async def consume(tx: WriteTx, _licence: Licence) -> None:
            await self._take(tx, found, if_revision)

        content = found.content
        command = IssueCommand(
            type_code=found.type_code,
            holders=content.holders,
            data=content.data,
            idempotency_key=idempotency_key,
            licence_number=content.licence_number,
            valid_from=content.valid_from,
            valid_until=content.valid_until,
            seal_code=content.seal_code,
        )
        origin = Origin(licence_id=found.id, before=(_begun(found),), first=consume)
        return await self._issue(command, actor, origin)

    async def _own(self, tx: ReadTx, draft_id: str, actor: Principal) -> Draft:
        require_scope(actor, "licence:issue")
        organisation = acting_organisation(actor)
        found = await self._drafts.draft(tx, draft_id)
        if found is None or found.issuer != organisation:
            raise LicenceNotFound
        require_type(actor, "licence:issue", found.type_code)
        return found

    async def _take(self, tx: WriteTx, found: Draft, if_revision: int | None) -> None:
        if if_revision is not None and if_revision != found.revision:
            raise RevisionMoved
        if not await self._drafts.take(tx, found.id, found.revision):
            raise RevisionMoved

    async def _check(self, type_code: str, content: DraftContent, actor: Principal) -> str:
        """The issuing authority, once the content fits the type."""
        require_scope(actor, "licence:issue")
        require_type(actor, "licence:issue", type_code)
        issuer = acting_organisation(actor)
        async with self._repository.database.read() as tx:
            licence_type = await self._repository.catalogue.licence_type(tx, type_code)
        if licence_type is None:
            raise NotFound(
                "licence-type-not-found", Text("目录里没有这类证照。", "The catalogue has no such licence type.")
            )
        if issuer not in licence_type.issuers:
            raise NotIssuingAuthority
        if licence_type.retired:
            raise TypeRetired
        if not licence_type.allows(Event.CREATE):
            raise StepNotForType
        _fits(content, licence_type, self._repository.today())
        await self._issue.check_seal(issuer, content.seal_code)
        return issuer


def _fits(content: DraftContent, licence_type: LicenceType, today: dt.date) -> None:
    check_holders(content.holders, licence_type, today)
    check_data(licence_type.schema, content.data)
    check_number(content.licence_number)
    first = check_first_day(content.valid_from or today, today)
    validity_of(licence_type.validity, first, content.valid_until)


def _begun(draft: Draft) -> LicenceChange:
    return LicenceChange(1, Event.CREATE, State.DRAFT, 1, draft.made_at, draft.maker_kind, draft.made_by, draft.issuer)
