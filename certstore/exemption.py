"""Which materials of a service item need not be asked for, because the repository has them (凡是有的不再要求重复提交).

Each answer carries the rule it rests on. Without a grant of use for a type the answer says only that, whether or not
the holder has such a licence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.authorise import acting_organisation, grants_within_reach, refusals_audited, require_scope
from certstore.codes import HolderCode, parse_holder_code
from certstore.looks import look_at, look_for
from certstore.model import AccessRecord, ConsumerGrant, Licence, LicenceType, Look, Material, ServiceItem, Sharing
from certstore.ports import OrganisationDirectory
from certstore.purpose import parse_purpose
from certstore.repository import Repository
from certstore.search import unknown_item
from certstore.status import STATUS_NAMES, Status, status_today
from core.audit.event import AuditEvent
from core.db.database import WriteTx
from core.principal import Principal, Purpose
from core.text import Text

DEFAULT_BASIS = "免交材料核对"


class Exemption(StrEnum):
    """The answer for one material, best first."""

    EXEMPT = "exempt"
    NEEDS_CONSENT = "needs-consent"
    NOT_YET_VALID = "not-yet-valid"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    CANCELLED = "cancelled"
    NOT_VALID = "not-valid"  # annulled, transferred out, superseded
    NOT_FOUND = "not-found"
    NOT_GRANTED = "not-granted"
    NOT_IN_STORE = "not-in-store"


_ORDER = list(Exemption)
_BY_STATUS: Mapping[Status, Exemption] = {
    Status.NOT_YET_VALID: Exemption.NOT_YET_VALID,
    Status.SUSPENDED: Exemption.SUSPENDED,
    Status.EXPIRED: Exemption.EXPIRED,
    Status.WITHDRAWN: Exemption.WITHDRAWN,
    Status.REVOKED: Exemption.REVOKED,
    Status.CANCELLED: Exemption.CANCELLED,
}
RULES: Mapping[Exemption, str] = {
    Exemption.EXEMPT: "EX-01",
    Exemption.NEEDS_CONSENT: "EX-02",
    Exemption.EXPIRED: "EX-03",
    Exemption.SUSPENDED: "EX-04",
    Exemption.WITHDRAWN: "EX-05",
    Exemption.REVOKED: "EX-06",
    Exemption.CANCELLED: "EX-07",
    Exemption.NOT_YET_VALID: "EX-08",
    Exemption.NOT_VALID: "EX-09",
    Exemption.NOT_FOUND: "EX-10",
    Exemption.NOT_GRANTED: "EX-11",
    Exemption.NOT_IN_STORE: "EX-12",
}


@dataclass(frozen=True, slots=True)
class ExemptionQuery:
    """Which item, whose materials, which case."""

    service_item: str
    case_number: str
    code_type: str
    code: str = field(repr=False)
    basis: str = DEFAULT_BASIS


@dataclass(frozen=True, slots=True)
class MaterialAnswer:
    """What was found for one material.

    Attributes:
        type_code: the type that the answer is about; for `needs-consent`, the one to ask consent for.
        licence_id, identifier, valid_until: only for `exempt`.
        consent_id: the consent that makes it exempt, if one does.
    """

    number: int
    name: Text
    condition: Text | None
    outcome: Exemption
    explanation: Text
    rule: str
    type_code: str | None = None
    licence_id: str | None = None
    identifier: str | None = None
    valid_until: dt.date | None = None
    consent_id: str | None = None


@dataclass(frozen=True, slots=True)
class ExemptionAnswer:
    """The whole answer; `exempt` of `total` materials need not be handed in."""

    item: ServiceItem
    materials: Sequence[MaterialAnswer]

    @property
    def exempt(self) -> int:
        return sum(material.outcome is Exemption.EXEMPT for material in self.materials)

    @property
    def total(self) -> int:
        return len(self.materials)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rules are applied to."""

    grants: Mapping[str, ConsumerGrant]
    types: Mapping[str, LicenceType]
    held: Mapping[str, Sequence[Licence]]
    consented: Mapping[str, str]  # licence id → consent id
    today: dt.date


class CheckExemption:
    """The use case."""

    def __init__(self, repository: Repository, organisations: OrganisationDirectory) -> None:
        self._repository = repository
        self._organisations = organisations

    async def __call__(self, query: ExemptionQuery, actor: Principal) -> ExemptionAnswer:
        """
        Raises:
            InvalidInput: `service-item-unknown`, or number or case number are not acceptable.
            NotPermitted: no `licence:read`.
        """
        repository = self._repository
        purpose = parse_purpose(query.service_item, query.case_number, query.basis)
        async with refusals_audited(repository.database, "exemption.check", actor, purpose=purpose):
            require_scope(actor, "licence:read")
            acting_organisation(actor)
            holder = parse_holder_code(query.code_type, query.code, today=repository.today())
            async with repository.database.write() as tx:
                item = await repository.catalogue.item(tx, query.service_item)
                if item is None:
                    raise unknown_item()
                facts = await self._facts(tx, actor, item, holder, purpose)
                chosen = [_judge(material, facts) for material in item.materials]
                await repository.access.add(tx, self._looks(actor, purpose, holder, chosen, facts))
                exempt = sum(one.outcome is Exemption.EXEMPT for one in chosen)
                detail = {"materials": len(chosen), "exempt": exempt}
                tx.audit(AuditEvent("exemption.check", "done", actor, None, purpose, detail))
                await tx.commit()
        return ExemptionAnswer(item, [await self._answer(one, facts) for one in chosen])

    async def _facts(
        self, tx: WriteTx, actor: Principal, item: ServiceItem, holder: HolderCode, purpose: Purpose
    ) -> _Facts:
        repository, today = self._repository, self._repository.today()
        wanted = {code for material in item.materials for code in material.types}
        organisation = acting_organisation(actor)
        granted = await grants_within_reach(repository.catalogue, tx, organisation, item.code, actor)
        grants = {code: grant for code, grant in granted.items() if code in wanted and grant.covers(today)}
        types = {}
        for code in grants:
            found = await repository.catalogue.licence_type(tx, code)
            assert found is not None
            types[code] = found
        held: dict[str, list[Licence]] = {}
        # nothing is read of types that the caller has no grant for: what is not read cannot leak
        for licence in await repository.licences.by_holder(tx, holder, sorted(grants)) if grants else []:
            held.setdefault(licence.type_code, []).append(licence)
        assert purpose.case_number is not None
        consents = await repository.consents.in_force(
            tx, organisation, holder, service_item=item.code, case_number=purpose.case_number, today=today
        )
        consented = {one.licence_id: one.id for one in consents if one.licence_id}
        return _Facts(grants, types, held, consented, today)

    def _looks(
        self, actor: Principal, purpose: Purpose, holder: HolderCode, chosen: Sequence[_Finding], facts: _Facts
    ) -> list[AccessRecord]:
        told = {one.licence.id: one for one in chosen if one.licence is not None}
        looks = []
        for one in told.values():
            assert one.licence is not None
            consent = facts.consented.get(one.licence.id)
            looks += look_at(
                self._repository, actor, Look.EXEMPTION, purpose, licence=one.licence, consent_id=consent, about=holder
            )
        return looks or [look_for(self._repository, actor, Look.EXEMPTION, purpose, holder)]

    async def _answer(self, one: _Finding, facts: _Facts) -> MaterialAnswer:
        exempt = one.licence if one.outcome is Exemption.EXEMPT else None
        explanation = await self._explanation(one, facts)
        return MaterialAnswer(
            number=one.material.number,
            name=one.material.name,
            condition=one.material.condition,
            outcome=one.outcome,
            explanation=explanation,
            rule=RULES[one.outcome],
            type_code=one.type_code,
            licence_id=exempt.id if exempt else None,
            identifier=exempt.current.identifier if exempt else None,
            valid_until=exempt.current.valid_until if exempt else None,
            consent_id=facts.consented.get(exempt.id) if exempt else None,
        )

    async def _explanation(self, one: _Finding, facts: _Facts) -> Text:
        if one.licence is None:
            return _WITHOUT_LICENCE[one.outcome]
        issuer = await self._organisations.name(one.licence.issuer)
        named = issuer or Text(one.licence.issuer, one.licence.issuer)
        until = one.licence.current.valid_until
        if one.outcome is Exemption.EXEMPT:
            return Text(
                f"在库且有效（{named.zh}颁发，{'有效至 ' + until.isoformat() if until else '长期有效'}），不用交。",
                f"In the repository and valid (issued by {named.en}, "
                f"{'until ' + until.isoformat() if until else 'without end'}). Do not ask for it.",
            )
        if one.outcome is Exemption.NEEDS_CONSENT:
            return Text(
                "在库且有效。须本人同意后才能取，请申请人在手机上同意。",
                "In the repository and valid. The holder must consent first: ask the applicant to consent.",
            )
        word = STATUS_NAMES[status_today(one.licence, facts.today)]
        since = until.isoformat() if one.outcome is Exemption.EXPIRED and until else None
        return Text(
            f"在库，但现在是“{word.zh}”状态{f'（截止 {since}）' if since else ''}，不能用来免交。",
            f"In the repository, but {word.en}{f' (on {since})' if since else ''}, so it does not exempt.",
        )


@dataclass(frozen=True, slots=True)
class _Finding:
    material: Material
    outcome: Exemption
    type_code: str | None = None
    licence: Licence | None = None


_WITHOUT_LICENCE: Mapping[Exemption, Text] = {
    Exemption.NOT_FOUND: Text(
        "证照库里没有查到申请人的这份证照，请收纸质件。",
        "The repository has no such licence of the applicant. Take the paper.",
    ),
    Exemption.NOT_GRANTED: Text(
        "本机关没有为这个事项使用这类证照的授权，不能查。请申请授权，或收纸质件。",
        "Your organisation has no grant to use this type for this item, so nothing was looked up. Apply for a grant, "
        "or take the paper.",
    ),
    Exemption.NOT_IN_STORE: Text(
        "证照库没有这一类材料，请收纸质件。",
        "The repository does not keep this kind of material. Take the paper.",
    ),
}


def _judge(material: Material, facts: _Facts) -> _Finding:
    """The best answer over the types that will do and the licences held of each."""
    if not material.types:
        return _Finding(material, Exemption.NOT_IN_STORE)
    granted = [code for code in material.types if code in facts.grants]
    if not granted:
        return _Finding(material, Exemption.NOT_GRANTED)
    findings = [_Finding(material, Exemption.NOT_FOUND, granted[0])]
    for code in granted:
        held = facts.held.get(code, ())
        findings += [_Finding(material, _outcome(licence, facts), code, licence) for licence in held]
    return min(findings, key=lambda one: _ORDER.index(one.outcome))


def _outcome(licence: Licence, facts: _Facts) -> Exemption:
    status = status_today(licence, facts.today)
    if status is not Status.VALID:
        return _BY_STATUS.get(status, Exemption.NOT_VALID)
    by_function = facts.types[licence.type_code].sharing is Sharing.FUNCTION
    return Exemption.EXEMPT if by_function or licence.id in facts.consented else Exemption.NEEDS_CONSENT
