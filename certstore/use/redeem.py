"""Redeems use codes: for data, for a view page, or for an annotated copy. Each time everything is judged anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from certstore.authorise import (
    acting_organisation,
    grants_within_reach,
    refusals_audited,
    require_scope,
    values_of,
)
from certstore.catalogue import grant_for
from certstore.copies import AnnotatedCopies, CopyCommand
from certstore.errors import UseCodeNotFound, consent_gone, licence_ended, use_code_gone
from certstore.face import FaceRow, FaceSource, face_rows
from certstore.looks import look_at
from certstore.model import AnnotatedCopy, Licence, LicenceType, Look
from certstore.ports import OrganisationDirectory
from certstore.repository import Repository
from certstore.status import STATUS_NAMES, Status, status_today
from certstore.use.codes import DIGEST_USE
from certstore.use.model import Form, UseCode, same_caller
from certstore.use.ports import UseCodeStore
from core.audit.event import AuditEvent, Detail
from core.db.database import WriteTx
from core.errors import NotFound
from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.principal import Principal, PrincipalKind
from core.text import Text
from keys.ports import TokenDigests

VIEW_SECONDS = 300
_VIEW = "use-view"


@dataclass(frozen=True, slots=True)
class GivenData:
    """What a code gave as data."""

    use: UseCode
    identifier: str
    type_name: Text
    valid_from: dt.date
    valid_until: dt.date | None
    values: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ViewTicket:
    """What opens a view page, once."""

    token: str = field(repr=False)
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ViewedLicence:
    """What a view page shows: the fields of the use, marked with who, why and until when."""

    licence_type: LicenceType
    identifier: str
    issuer_name: Text
    requester_name: Text
    item_name: Text
    case_number: str
    seen_at: dt.datetime
    rows: Sequence[FaceRow] = field(repr=False)


class _Ticket(msgspec.Struct, frozen=True):
    """What is kept for a view page: ids only."""

    code_id: str
    actor_kind: str
    actor_id: str
    organisation: str


class RedeemUseCode:
    """The use cases."""

    def __init__(
        self,
        repository: Repository,
        store: UseCodeStore,
        copies: AnnotatedCopies,
        organisations: OrganisationDirectory,
        digests: TokenDigests,
        kv: KeyValueStore,
        verify_address: str,
    ) -> None:
        self._repository = repository
        self._store = store
        self._copies = copies
        self._organisations = organisations
        self._digests = digests
        self._kv = kv
        self._verify_address = verify_address

    async def data(self, code: str, actor: Principal) -> GivenData:
        """The granted fields.

        Raises:
            NotFound: `use-code-not-found`, also for another's code.
            NotPermitted: `use-code-gone`, `consent-not-in-force`, `licence-not-valid`, `use-not-granted`.
            LimitExceeded: `grant-quota-used-up`.
        """
        async with refusals_audited(self._repository.database, "use-code.redeem", actor):
            use = await self._known(code, actor)
            async with self._repository.database.write() as tx:
                await self._count(tx, use)
                licence, fields = await self._lawful(tx, use, actor, counted=True)
                await self._record(tx, use, licence, actor, Look.USE_CODE, Form.DATA, fields)
                licence_type = await self._as_issued(tx, licence)
                await tx.commit()
        version = licence.current
        values = values_of(licence, fields)
        return GivenData(use, version.identifier, licence_type.name, version.valid_from, version.valid_until, values)

    async def copy(self, code: str, actor: Principal) -> AnnotatedCopy:
        """An annotated copy; the code is used up only if the copy is made. Raises as `data` does."""
        async with refusals_audited(self._repository.database, "use-code.redeem", actor):
            use = await self._known(code, actor)
        purpose = use.purpose

        async def count(tx: WriteTx, _copies: Sequence[AnnotatedCopy]) -> None:
            await self._count(tx, use)
            detail: Detail = {"form": Form.COPY.value, "fields": len(use.fields)}
            tx.audit(AuditEvent("use-code.redeem", "done", actor, use.id, purpose, detail))

        command = CopyCommand(
            use.licence_id,
            purpose.service_item or "",
            purpose.case_number or "",
            purpose.basis or "",
            use.consent_id,
            use.fields,
        )
        return await self._copies.make(command, actor, within=count)

    async def ticket(self, code: str, actor: Principal) -> ViewTicket:
        """What opens a view page once, within five minutes; nothing of the licence is told. Raises as `data` does."""
        async with refusals_audited(self._repository.database, "use-code.redeem", actor):
            use = await self._known(code, actor)
            async with self._repository.database.write() as tx:
                await self._count(tx, use)
                licence, _ = await self._lawful(tx, use, actor, counted=True)
                await self._record(tx, use, licence, actor, Look.USE_CODE, Form.VIEW, ())
                await tx.commit()
        token = new_secret(32)
        content = _Ticket(use.id, actor.kind.value, actor.id, use.organisation)
        key = self._digests.digest(_VIEW, token)
        await self._kv.put(f"{_VIEW}:{key}", msgspec.msgpack.encode(content), VIEW_SECONDS)
        return ViewTicket(token, self._repository.now() + dt.timedelta(seconds=VIEW_SECONDS))

    async def view(self, token: str) -> ViewedLicence:
        """What a ticket shows. Whoever brings it first sees it; nobody sees it twice.

        Raises:
            NotFound: `view-gone`.
            NotPermitted: `consent-not-in-force`, `licence-not-valid`, `use-not-granted`.
        """
        ticket = await self._take(token)
        actor = Principal(
            PrincipalKind(ticket.actor_kind), ticket.actor_id, ticket.organisation, scopes=frozenset({"licence:read"})
        )
        repository = self._repository
        async with (
            refusals_audited(repository.database, "use-code.view", actor, subject=ticket.code_id),
            repository.database.write() as tx,
        ):
            use = await self._store.use_code(tx, ticket.code_id)
            if use is None:
                raise _view_gone()
            licence, fields = await self._lawful(tx, use, actor, counted=False)
            await self._record(tx, use, licence, actor, Look.VIEW, Form.VIEW, fields)
            licence_type = await self._as_issued(tx, licence)
            item = await repository.catalogue.item(tx, use.purpose.service_item or "")
            await tx.commit()
        return await self._viewed(use, licence, licence_type, fields, item.name if item else Text("", ""))

    async def _viewed(
        self, use: UseCode, licence: Licence, licence_type: LicenceType, fields: Sequence[str], item: Text
    ) -> ViewedLicence:
        name = self._organisations.name
        issuer = await name(licence.issuer) or Text(licence.issuer, licence.issuer)
        requester = await name(use.organisation) or Text(use.organisation, use.organisation)
        source = FaceSource(
            licence_type, licence.current, licence.issuer, issuer, self._verify_address, shown=frozenset(fields)
        )
        return ViewedLicence(
            licence_type,
            licence.current.identifier,
            issuer,
            requester,
            item,
            use.purpose.case_number or "",
            self._repository.now(),
            face_rows(source),
        )

    async def _take(self, token: str) -> _Ticket:
        for key in self._digests.digests(_VIEW, token):
            kept = await self._kv.take(f"{_VIEW}:{key}")
            if kept is not None:
                return msgspec.msgpack.decode(kept, type=_Ticket)
        raise _view_gone()

    async def _known(self, code: str, actor: Principal) -> UseCode:
        require_scope(actor, "licence:read")
        acting_organisation(actor)
        async with self._repository.database.read() as tx:
            use = await self._store.by_digest(tx, self._digests.digests(DIGEST_USE, code))
        if use is None or not same_caller(use.client_id, use.organisation, actor):
            raise UseCodeNotFound
        return use

    async def _count(self, tx: WriteTx, use: UseCode) -> None:
        if not await self._store.redeem(tx, use.id, now=self._repository.now()):
            raise use_code_gone()

    async def _lawful(
        self, tx: WriteTx, use: UseCode, actor: Principal, *, counted: bool
    ) -> tuple[Licence, tuple[str, ...]]:
        """The licence and the fields to give, if grant, licence and consent still allow it.

        The licence is locked first, then the consent.
        """
        repository, today = self._repository, self._repository.today()
        item = use.purpose.service_item or ""
        grants = await grants_within_reach(repository.catalogue, tx, use.organisation, item, actor)
        grant = grant_for(grants, use.type_code, today)
        if counted:
            await repository.quota.require(grant)
        licence = await repository.licences.locked(tx, use.licence_id)
        assert licence is not None  # licences are never removed
        status = status_today(licence, today)
        if status is not Status.VALID:
            raise licence_ended(STATUS_NAMES[status])
        if licence.current.number != use.version:
            raise use_code_gone()
        if use.consent_id is not None:
            take = repository.consents.use if counted else repository.consents.hold
            if not await take(tx, use.consent_id, today=today):
                raise consent_gone()
        return licence, tuple(name for name in use.fields if name in grant.fields)

    async def _record(
        self,
        tx: WriteTx,
        use: UseCode,
        licence: Licence,
        actor: Principal,
        look: Look,
        form: Form,
        fields: Sequence[str],
    ) -> None:
        consent = await self._repository.consents.consent(tx, use.consent_id) if use.consent_id else None
        looks = look_at(
            self._repository,
            actor,
            look,
            use.purpose,
            licence=licence,
            fields=fields,
            consent_id=use.consent_id,
            about=consent.holder if consent else None,
        )
        await self._repository.access.add(tx, looks)
        action = "use-code.view" if look is Look.VIEW else "use-code.redeem"
        detail: Detail = {"form": form.value, "fields": len(fields)}
        tx.audit(AuditEvent(action, "done", actor, use.id, use.purpose, detail))

    async def _as_issued(self, tx: WriteTx, licence: Licence) -> LicenceType:
        found = await self._repository.catalogue.licence_type(tx, licence.type_code, licence.current.type_version)
        assert found is not None  # versions of types are never removed
        return found


def _view_gone() -> NotFound:
    return NotFound(
        "view-gone",
        Text(
            "这个查看链接已过期或已打开过，只能打开一次。请对方重新取。",
            "This link has run out or was opened before: it opens once. Ask for a new one.",
        ),
    )
