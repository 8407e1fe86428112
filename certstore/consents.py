"""The holder's consent to uses of licences: asked by a portal, decided once, withdrawn at any time.

个人信息保护法 Art. 13–16: consent names who, what and why; withdrawing is as easy as giving and works at once (I-07).
What a case needs is asked in one question (a bundle), yet each licence is agreed to by itself and can be taken back
by itself. For an organisation its authorised agents decide, within the service items that they are authorised for; for
a person whom they entrusted (委托), within its bounds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from certstore.authorise import (
    acting_organisation,
    grants_within_reach,
    identity_of,
    minimised,
    refusals_audited,
    require_scope,
)
from certstore.catalogue import grant_for
from certstore.codes import HolderCode, parse_party
from certstore.errors import ConsentDecided, ConsentNotFound, mandate_over
from certstore.face import FaceRow, FaceSource, face_rows
from certstore.looks import look_at, look_for
from certstore.model import (
    AccessRecord,
    Consent,
    ConsentState,
    Licence,
    LicenceType,
    Look,
    ServiceItem,
    Sharing,
)
from certstore.own_numbers import newest_first
from certstore.ports import (
    Act,
    AgencyDirectory,
    Case,
    Deed,
    HolderDirectory,
    HolderIdentity,
    Mandate,
    OrganisationDirectory,
)
from certstore.purpose import parse_purpose
from certstore.reach import unknown_item
from certstore.repository import Repository
from certstore.status import Status, status_today
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.errors import Conflict, InvalidInput
from core.ids import new_id
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal, PrincipalKind, Purpose
from core.text import Text
from keys.ports import TokenDigests

DECIDE_WITHIN = dt.timedelta(minutes=30)
MAX_DAYS = 90
MAX_USES = 100
MAX_TYPES = 50


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """What a portal asks for.

    Attributes:
        code, subject: the holder, by number or by the subject that the portal knows the person under; one of both.
        fields: None for all that the portal's grant has.
        days: how long the yes holds, from the day it is given.
        uses: how often the data may be taken under it; None for as often as the case needs within these days.
    """

    type_code: str
    service_item: str
    case_number: str
    basis: str
    code_type: str | None = None
    code: str | None = field(default=None, repr=False)
    subject: str | None = None
    fields: Sequence[str] | None = None
    days: int = 30
    uses: int | None = None


@dataclass(frozen=True, slots=True)
class ConsentBundle:
    """Several consents that are asked for in one question."""

    id: str
    consents: Sequence[Consent]


@dataclass(frozen=True, slots=True)
class ConsentCandidate:
    """A licence that the holder can give, with the very rows that the requester would see."""

    licence_id: str
    identifier: str
    issuer_name: Text
    valid_until: dt.date | None
    rows: Sequence[FaceRow] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What the holder decides on.

    Attributes:
        given, withheld: titles of the fields that would and would not be shown.
        last_day: last day of use if consent is given today, or as given.
        holder_name: for whom an agent decides; None for one's own.
    """

    consent: Consent
    state: ConsentState
    requester_name: Text
    licence_type: LicenceType
    item: ServiceItem
    given: Sequence[Text]
    withheld: Sequence[Text]
    last_day: dt.date
    candidates: Sequence[ConsentCandidate]
    holder_name: Text | None = None


@dataclass(frozen=True, slots=True)
class _Decider:
    """Whose licences somebody may decide on: their own, and those of whom they act for.

    Attributes:
        employer: the office that somebody works for. In its cases they speak for nobody else (民法典 Art. 168).
    """

    identity: HolderIdentity
    mandates: Sequence[Mandate]
    employer: str | None = None

    def authority(self, consent: Consent) -> Mandate | None:
        """What they would decide under; None for their own."""
        if consent.holder in self.identity.codes or consent.organisation == self.employer:
            return None
        case = _case_of(consent)
        return next(
            (
                one
                for one in self.mandates
                if one.is_for(consent.holder) and one.covers(case) and one.reaches(consent.type_code)
            ),
            None,
        )

    def may_decide(self, consent: Consent) -> bool:
        return consent.holder in self.identity.codes or self.authority(consent) is not None

    def last_day(self, consent: Consent, today: dt.date) -> dt.date:
        """Of a yes that is given today: what an agent agrees to does not outlive what they were entrusted with."""
        authority, day = self.authority(consent), today + dt.timedelta(days=consent.days)
        return day if authority is None or authority.until is None else min(day, authority.until)


class Consents:
    """Request, view, decide, withdraw, list."""

    def __init__(
        self,
        repository: Repository,
        holders: HolderDirectory,
        organisations: OrganisationDirectory,
        agencies: AgencyDirectory,
        digests: TokenDigests,
        *,
        decision_address: str,
        verify_address: str,
    ) -> None:
        self._repository = repository
        self._holders = holders
        self._organisations = organisations
        self._agencies = agencies
        self._digests = digests
        self._decision_address = decision_address
        self._verify_address = verify_address

    def decision_url(self, asked: Consent | ConsentBundle) -> str:
        """Where the holder decides."""
        if isinstance(asked, ConsentBundle):
            return self.bundle_url(asked.id)
        return f"{self._decision_address}/{asked.id}"

    def bundle_url(self, bundle_id: str) -> str:
        """Where the holder decides on several at once."""
        return f"{self._decision_address}/together/{bundle_id}"

    async def request(self, asked: ConsentRequest, actor: Principal) -> Consent:
        """Ask. The answer is the same whether or not the holder has such a licence.

        Raises:
            InvalidInput: holder, purpose, days, uses or type are not acceptable.
            LimitExceeded: `consent-questions-used-up`.
            NotPermitted: no `licence:read`; no grant for the type and item, or for a field.
        """
        (made,) = await self._ask(asked, (asked.type_code,), actor, bundle=None)
        return made

    async def request_all(self, asked: ConsentRequest, types: Sequence[str], actor: Principal) -> ConsentBundle:
        """Ask for several types in one question; `asked.type_code` is not looked at. Raises as `request` does."""
        bundle, codes = new_id(self._repository.clock, "cob"), tuple(dict.fromkeys(types))
        if not 1 <= len(codes) <= MAX_TYPES:
            raise InvalidInput("types-invalid", Text("请写明 1 到 50 类证照。", "Name 1 to 50 types."), field="types")
        return ConsentBundle(bundle, await self._ask(asked, codes, actor, bundle=bundle))

    async def _ask(
        self, asked: ConsentRequest, types: Sequence[str], actor: Principal, *, bundle: str | None
    ) -> Sequence[Consent]:
        repository = self._repository
        purpose = parse_purpose(asked.service_item, asked.case_number, asked.basis)
        async with refusals_audited(repository.database, "consent.request", actor, purpose=purpose):
            require_scope(actor, "licence:read")
            acting_organisation(actor)
            holder = await self._holder_of(asked, actor)
            _check_limits(asked)
            person = self._digests.digest("consent-question", f"{holder.kind}|{holder.number}")
            await repository.quota.count_question(acting_organisation(actor), person)
            async with repository.database.write() as tx:
                if await repository.catalogue.item(tx, asked.service_item) is None:
                    raise unknown_item()
                made = [await self._asked(tx, asked, code, holder, purpose, actor, bundle) for code in types]
                for one in made:
                    await repository.consents.add(tx, one)
                    detail: Detail = {"type": one.type_code, "fields": len(one.fields), "bundle": bundle}
                    tx.audit(AuditEvent("consent.request", "done", actor, one.id, purpose, detail))
                await tx.commit()
        return made

    async def _asked(
        self,
        tx: WriteTx,
        asked: ConsentRequest,
        type_code: str,
        holder: HolderCode,
        purpose: Purpose,
        actor: Principal,
        bundle: str | None,
    ) -> Consent:
        repository, now, organisation = self._repository, self._repository.now(), acting_organisation(actor)
        grants = await grants_within_reach(repository.catalogue, tx, organisation, asked.service_item, actor)
        grant = grant_for(grants, type_code, repository.today())
        licence_type = await repository.catalogue.licence_type(tx, type_code)
        if licence_type is None or licence_type.sharing is not Sharing.CONSENT:
            raise InvalidInput(
                "consent-not-needed",
                Text(
                    "这类证照依职能共享，不用征求同意。",
                    "This type is shared by function; no consent is needed.",
                ),
                field="type",
            )
        return Consent(
            id=new_id(repository.clock, "con"),
            client_id=actor.id,
            organisation=organisation,
            holder=holder,
            type_code=type_code,
            purpose=purpose,
            fields=minimised(grant, asked.fields),
            days=asked.days,
            state=ConsentState.PENDING,
            created_at=now,
            decide_by=now + DECIDE_WITHIN,
            bundle=bundle,
            max_uses=asked.uses,
        )

    async def requested(self, consent_id: str, actor: Principal) -> tuple[Consent, ConsentState]:
        """What became of a request, for the one who made it.

        Raises:
            NotFound: `consent-not-found`.
        """
        require_scope(actor, "licence:read")
        async with self._repository.database.read() as tx:
            found = await self._repository.consents.consent(tx, consent_id)
        if found is None or found.client_id != actor.id:
            raise ConsentNotFound
        return found, found.state_at(self._repository.now(), self._repository.today())

    async def requested_together(self, bundle_id: str, actor: Principal) -> Sequence[tuple[Consent, ConsentState]]:
        """What became of a question about several, for the one who asked it.

        Raises:
            NotFound: `consent-not-found`.
        """
        require_scope(actor, "licence:read")
        async with self._repository.database.read() as tx:
            found = await self._repository.consents.of_bundle(tx, bundle_id)
        if not found or found[0].client_id != actor.id:
            raise ConsentNotFound
        now, today = self._repository.now(), self._repository.today()
        return [(one, one.state_at(now, today)) for one in found]

    async def view(self, consent_id: str, actor: Principal) -> ConsentView:
        """The request as its holder sees it, with the licences that would do.

        Raises:
            NotFound: `consent-not-found`, also for everybody but the holder and those authorised to act for it.
        """
        (found,) = await self._views(consent_id, actor, together=False)
        return found

    async def view_together(self, bundle_id: str, actor: Principal) -> Sequence[ConsentView]:
        """A question about several, as its holder sees it. Raises as `view` does."""
        return await self._views(bundle_id, actor, together=True)

    async def decide(self, consent_id: str, actor: Principal, granted: bool, licence_id: str | None = None) -> Consent:
        """Say yes or no, once.

        Args:
            licence_id: which licence, where the holder has several; the newest valid one when None.

        Raises:
            NotFound: `consent-not-found`.
            Conflict: `consent-decided`, or `no-valid-licence` when there is nothing to give.
        """
        repository, decider = self._repository, await self._decider(actor)
        action = "consent.grant" if granted else "consent.refuse"
        async with (
            refusals_audited(repository.database, action, actor, subject=consent_id),
            repository.database.write() as tx,
        ):
            consent = await self._own(tx, consent_id, decider)
            decided = await self._decide(tx, consent, decider, actor, granted, licence_id)
            await tx.commit()
        return decided

    async def decide_together(
        self, bundle_id: str, actor: Principal, granted: Mapping[str, str | None]
    ) -> Sequence[Consent]:
        """Decide a whole question at once: yes to the consents in `granted`, with the licence chosen for each, no to
        the rest. Those that were decided before stay as they are.

        Raises:
            NotFound: `consent-not-found`.
            Conflict: `consent-decided`, or `no-valid-licence`; then nothing was decided.
        """
        repository, decider = self._repository, await self._decider(actor)
        async with (
            refusals_audited(repository.database, "consent.decide", actor, subject=bundle_id),
            repository.database.write() as tx,
        ):
            asked = await self._own_bundle(tx, bundle_id, decider)
            open_ones = [one for one in asked if one.state is ConsentState.PENDING]
            if not open_ones:
                raise ConsentDecided
            decided = [
                await self._decide(tx, one, decider, actor, one.id in granted, granted.get(one.id)) for one in open_ones
            ]
            await tx.commit()
        return decided

    async def withdraw(self, consent_id: str, actor: Principal) -> Consent:
        """Take the yes back; from the return of this call on nothing more is given out under it.

        Raises:
            NotFound: `consent-not-found`.
            Conflict: `consent-decided`, when there is no yes to take back.
        """
        repository, decider = self._repository, await self._decider(actor)
        async with (
            refusals_audited(repository.database, "consent.withdraw", actor, subject=consent_id),
            repository.database.write() as tx,
        ):
            consent = await self._own(tx, consent_id, decider)
            (withdrawn,) = await self._withdraw(tx, [consent], decider, actor)
            await tx.commit()
        return withdrawn

    async def withdraw_together(self, bundle_id: str, actor: Principal) -> Sequence[Consent]:
        """Take back every yes of one question: as easy as it was given. Raises as `withdraw` does."""
        repository, decider = self._repository, await self._decider(actor)
        async with (
            refusals_audited(repository.database, "consent.withdraw", actor, subject=bundle_id),
            repository.database.write() as tx,
        ):
            asked = await self._own_bundle(tx, bundle_id, decider)
            withdrawn = await self._withdraw(tx, asked, decider, actor)
            await tx.commit()
        return withdrawn

    async def mine(
        self, actor: Principal, cursor: str | None = None, limit: int | None = None
    ) -> Page[tuple[Consent, ConsentState]]:
        """The holder's own, newest first."""
        repository = self._repository
        identity = await identity_of(self._holders, actor)
        before = str(decode_cursor(cursor, 1)[0]) if cursor else None
        size = page_size(limit)
        async with repository.database.write() as tx:
            found = await newest_first(
                identity,
                lambda code: repository.consents.of_holder(tx, code, before=before, limit=size + 1),
                key=lambda one: one.id,
            )
            tx.audit(AuditEvent("holder.look", "done", actor, detail={"what": "consents"}))
            await tx.commit()
        now, today = repository.now(), repository.today()
        rows = [(one, one.state_at(now, today)) for one in found[:size]]
        return Page(rows, encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def _holder_of(self, asked: ConsentRequest, actor: Principal) -> HolderCode:
        if (asked.code is None) == (asked.subject is None):
            raise InvalidInput(
                "holder-invalid",
                Text("持证人用号码或 sub 指明，二者取一。", "Name the holder by number or by sub, one of the two."),
                field="holder",
            )
        if asked.code is not None:
            return parse_party(asked.code_type or "", asked.code, today=self._repository.today())
        identity = await self._holders.of_subject(actor.id, asked.subject or "")
        if identity is None:
            raise InvalidInput(
                "holder-unknown",
                Text("这个 sub 不认识。请用登录时得到的 sub。", "This sub is not known. Use the one from the log-in."),
                field="holder",
            )
        return identity.code

    async def _decider(self, actor: Principal) -> _Decider:
        # whatever hat somebody wears: for an organisation only the items of their authorisation count
        person = replace(actor, organisation=None) if actor.kind is PrincipalKind.PERSON else actor
        identity = await identity_of(self._holders, person)
        employer = actor.organisation if actor.kind is PrincipalKind.STAFF else None
        return _Decider(identity, await self._agencies.of_account(identity.account_id), employer)

    async def _own(self, tx: ReadTx, consent_id: str, decider: _Decider) -> Consent:
        consent = await self._repository.consents.consent(tx, consent_id)
        if consent is None or not decider.may_decide(consent):
            raise ConsentNotFound
        return consent

    async def _own_bundle(self, tx: ReadTx, bundle_id: str, decider: _Decider) -> Sequence[Consent]:
        """What of the question is theirs: an agent's part of it, where a mandate is for some types only."""
        found = await self._repository.consents.of_bundle(tx, bundle_id)
        theirs = [one for one in found if decider.may_decide(one)]
        if not theirs:
            raise ConsentNotFound
        return theirs

    async def _decide(
        self,
        tx: WriteTx,
        consent: Consent,
        decider: _Decider,
        actor: Principal,
        granted: bool,
        licence_id: str | None,
    ) -> Consent:
        now, today, authority = self._repository.now(), self._repository.today(), decider.authority(consent)
        await self._act(tx, consent, decider, Deed.CONSENT if granted else Deed.REFUSE)
        decided = replace(
            consent,
            state=ConsentState.REFUSED,
            decided_at=now,
            decided_by=actor.id,
            authority=None if authority is None else authority.id,
        )
        if granted:
            chosen = self._chosen(await self._usable(tx, consent), licence_id)
            last_day = decider.last_day(consent, today)
            decided = replace(decided, state=ConsentState.GRANTED, licence_id=chosen.id, last_day=last_day)
        if not await self._repository.consents.decide(tx, decided, now=now):
            raise ConsentDecided
        action = "consent.grant" if granted else "consent.refuse"
        detail: Detail = {"authority": decided.authority} if decided.authority else {}
        tx.audit(AuditEvent(action, "done", actor, consent.id, consent.purpose, detail))
        return decided

    async def _withdraw(
        self, tx: WriteTx, consents: Sequence[Consent], decider: _Decider, actor: Principal
    ) -> Sequence[Consent]:
        now, withdrawn = self._repository.now(), []
        for one in [one for one in consents if one.state is ConsentState.GRANTED]:
            await self._act(tx, one, decider, Deed.WITHDRAW)
            if await self._repository.consents.withdraw(tx, one.id, now=now):
                authority = decider.authority(one)
                detail: Detail = {"authority": authority.id} if authority else {}
                tx.audit(AuditEvent("consent.withdraw", "done", actor, one.id, one.purpose, detail))
                withdrawn.append(replace(one, state=ConsentState.WITHDRAWN, withdrawn_at=now))
        if not withdrawn:
            raise ConsentDecided
        return withdrawn

    async def _views(self, subject: str, actor: Principal, *, together: bool) -> Sequence[ConsentView]:
        repository, decider = self._repository, await self._decider(actor)
        async with (
            refusals_audited(repository.database, "consent.view", actor, subject=subject),
            repository.database.write() as tx,
        ):
            if together:
                asked = await self._own_bundle(tx, subject, decider)
            else:
                asked = [await self._own(tx, subject, decider)]
            item = await repository.catalogue.item(tx, asked[0].purpose.service_item or "")
            types = await repository.catalogue.newest_types(tx, [one.type_code for one in asked])
            usable = [await self._usable(tx, one) for one in asked]
            for one, licences in zip(asked, usable, strict=True):
                await self._look(tx, one, licences, decider, actor)
            tx.audit(AuditEvent("holder.look", "done", actor, subject, asked[0].purpose, {"what": "consent"}))
            await tx.commit()
        assert item is not None
        return [
            await self._view(one, types[one.type_code], item, licences, decider)
            for one, licences in zip(asked, usable, strict=True)
        ]

    async def _act(self, tx: WriteTx, consent: Consent, decider: _Decider, deed: Deed) -> bool:
        """Put on record what is done for another; whether it was for another."""
        authority = decider.authority(consent)
        if authority is None:
            return False
        subjects = () if deed is Deed.LOOK else (consent.id,)
        if not await self._agencies.act(tx, authority, Act(deed, _case_of(consent), (consent.type_code,), subjects)):
            raise mandate_over()
        return authority.personal

    async def _look(
        self, tx: WriteTx, consent: Consent, licences: Sequence[Licence], decider: _Decider, actor: Principal
    ) -> None:
        """What an agent is shown of another person's licences, that person sees under who looked."""
        if not await self._act(tx, consent, decider, Deed.LOOK):
            return
        repository, agent = self._repository, replace(actor, organisation=None, name=decider.identity.name)
        looks: list[AccessRecord] = []
        for one in licences:
            looks += look_at(
                repository,
                agent,
                Look.ENTRUSTED,
                consent.purpose,
                licence=one,
                fields=consent.fields,
                about=consent.holder,
            )
        await repository.access.add(
            tx, looks or [look_for(repository, agent, Look.ENTRUSTED, consent.purpose, consent.holder)]
        )

    async def _usable(self, tx: ReadTx, consent: Consent) -> list[Licence]:
        """The holder's licences of the type that are valid today, newest first."""
        held = await self._repository.licences.by_holder(tx, consent.holder, [consent.type_code])
        return [one for one in held if status_today(one, self._repository.today()) is Status.VALID]

    @staticmethod
    def _chosen(usable: Sequence[Licence], licence_id: str | None) -> Licence:
        chosen = next((one for one in usable if licence_id in (None, one.id)), None)
        if chosen is None:
            raise Conflict(
                "no-valid-licence",
                Text(
                    "您名下现在没有有效的这类证照，不用授权。请带纸质件到窗口办理。",
                    "You have no valid licence of this type now, so there is nothing to consent to. Bring the paper.",
                ),
            )
        return chosen

    async def _view(
        self,
        consent: Consent,
        licence_type: LicenceType,
        item: ServiceItem,
        licences: Sequence[Licence],
        decider: _Decider,
    ) -> ConsentView:
        repository, authority = self._repository, decider.authority(consent)
        candidates = [await self._candidate(one, licence_type, consent.fields) for one in licences]
        rows = candidates[0].rows if candidates else []
        requester = await self._organisations.name(consent.organisation)
        return ConsentView(
            consent=consent,
            state=consent.state_at(repository.now(), repository.today()),
            requester_name=requester or Text(consent.organisation, consent.organisation),
            licence_type=licence_type,
            item=item,
            given=[row.title for row in rows if row.value is not None],
            withheld=[row.title for row in rows if row.value is None],
            last_day=consent.last_day or decider.last_day(consent, repository.today()),
            candidates=candidates,
            holder_name=authority.holder_name if authority else None,
        )

    async def _candidate(self, licence: Licence, licence_type: LicenceType, fields: Sequence[str]) -> ConsentCandidate:
        name = await self._organisations.name(licence.issuer) or Text(licence.issuer, licence.issuer)
        source = FaceSource(
            licence_type, licence.current, licence.issuer, name, self._verify_address, shown=frozenset(fields)
        )
        version = licence.current
        return ConsentCandidate(licence.id, version.identifier, name, version.valid_until, face_rows(source))


def _case_of(consent: Consent) -> Case:
    return Case(consent.organisation, consent.purpose.service_item or "", consent.purpose.case_number or "")


def _check_limits(asked: ConsentRequest) -> None:
    if not 1 <= asked.days <= MAX_DAYS:
        raise InvalidInput("days-invalid", Text("使用期限应为 1 到 90 天。", "Days of use: 1 to 90."), field="days")
    if asked.uses is not None and not 1 <= asked.uses <= MAX_USES:
        raise InvalidInput(
            "uses-invalid", Text("使用次数应为 1 到 100 次。", "Number of uses: 1 to 100."), field="uses"
        )
