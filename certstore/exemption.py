"""Which materials of a service item need not be asked for, because the repository has them (凡是有的不再要求重复提交).

Each answer carries the rule it rests on and the next step. Without a grant of use for a type the answer says only
that, whether or not the holder has such a licence; conditions on data are judged only where the data may be used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.authorise import acting_organisation, refusals_audited, require_scope, within_reach
from certstore.codes import HolderCode, parse_party
from certstore.conditions import unmet
from certstore.exemption_words import RULES, STEPS, Exemption, NextStep, explain
from certstore.issuers import issuer_names
from certstore.looks import look_at, look_for
from certstore.model import (
    AccessRecord,
    ConsumerGrant,
    Licence,
    LicenceType,
    Look,
    Material,
    ServiceItem,
    Sharing,
    Trust,
)
from certstore.ports import AgencyDirectory, Case, Mandate, OrganisationDirectory
from certstore.purpose import parse_purpose
from certstore.reach import unknown_item
from certstore.repository import Repository
from certstore.status import Status, status_today
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.principal import Principal, Purpose
from core.text import Text

DEFAULT_BASIS = "免交材料核对"
_ORDER = list(Exemption)
_BY_STATUS: Mapping[Status, Exemption] = {
    Status.NOT_YET_VALID: Exemption.NOT_YET_VALID,
    Status.SUSPENDED: Exemption.SUSPENDED,
    Status.EXPIRED: Exemption.EXPIRED,
    Status.WITHDRAWN: Exemption.WITHDRAWN,
    Status.REVOKED: Exemption.REVOKED,
    Status.CANCELLED: Exemption.CANCELLED,
}
_RELIED_ON = (Trust.A, Trust.B)  # 国办函〔2016〕108号: C and D only once a clerk has seen the original


@dataclass(frozen=True, slots=True)
class ExemptionQuery:
    """Which item, whose materials, which case.

    Attributes:
        agent_type, agent: number of whoever acts for the applicant (委托), where somebody does.
    """

    service_item: str
    case_number: str
    code_type: str
    code: str = field(repr=False)
    basis: str = DEFAULT_BASIS
    agent_type: str | None = None
    agent: str | None = field(default=None, repr=False)


class AgentStanding(StrEnum):
    """Whether the agent may act for the applicant in this item."""

    AUTHORISED = "authorised"
    IN_PART = "authorised-in-part"  # for the licences of some materials only
    NOT_AUTHORISED = "not-authorised"


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
    next_step: NextStep
    type_code: str | None = None
    licence_id: str | None = None
    identifier: str | None = None
    valid_until: dt.date | None = None
    consent_id: str | None = None


@dataclass(frozen=True, slots=True)
class ExemptionAnswer:
    """The whole answer; `exempt` of `total` materials need not be handed in. `agent` is None where nobody acts."""

    item: ServiceItem
    materials: Sequence[MaterialAnswer]
    agent: AgentStanding | None = None

    @property
    def exempt(self) -> int:
        return sum(material.outcome is Exemption.EXEMPT for material in self.materials)

    @property
    def total(self) -> int:
        return len(self.materials)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who and what a check was about, for whoever keeps it; `to_ask` are the types that the holder must consent to."""

    holder: HolderCode
    agent: HolderCode | None
    purpose: Purpose
    to_ask: tuple[str, ...]


Keep = Callable[[WriteTx, Asked], Awaitable[None]]
"""Writes something in the unit that records the check."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rules are applied to."""

    grants: Mapping[str, ConsumerGrant]
    used_up: frozenset[str]
    types: Mapping[str, LicenceType]
    held: Mapping[str, Sequence[Licence]]
    consented: Mapping[str, str]  # licence id → consent id
    today: dt.date


@dataclass(frozen=True, slots=True)
class _Finding:
    material: Material
    outcome: Exemption
    type_code: str | None = None
    licence: Licence | None = None


class CheckExemption:
    """The use case."""

    def __init__(self, repository: Repository, organisations: OrganisationDirectory, agencies: AgencyDirectory) -> None:
        self._repository = repository
        self._organisations = organisations
        self._agencies = agencies

    async def __call__(self, query: ExemptionQuery, actor: Principal, keep: Keep | None = None) -> ExemptionAnswer:
        """
        Args:
            keep: written in the same unit as the record of the check.

        Raises:
            InvalidInput: `service-item-unknown`, or number or case number are not acceptable.
            NotPermitted: no `licence:read`.
            LimitExceeded: `clerk-quota-used-up`; a grant whose ceiling is reached is an answer of its own.
        """
        repository = self._repository
        purpose = parse_purpose(query.service_item, query.case_number, query.basis)
        async with refusals_audited(repository.database, "exemption.check", actor, purpose=purpose):
            require_scope(actor, "licence:read")
            acting_organisation(actor)
            holder = parse_party(query.code_type, query.code, today=repository.today())
            agent = self._agent_of(query)
            await repository.quota.count_look(actor)
            mandates = await self._mandates(agent, holder, purpose, actor)
            async with repository.database.quick_read() as look:
                item = await repository.catalogue.item(look, query.service_item)
                if item is None:
                    raise unknown_item()
                facts = await self._facts(look, actor, item, holder, purpose)
            chosen = [_judge(material, facts) for material in item.materials]
            looks = self._looks(actor, purpose, holder, chosen, facts)
            standing = None if agent is None else _standing(mandates, item)
            exempt = sum(one.outcome is Exemption.EXEMPT for one in chosen)
            detail: Detail = {"materials": len(chosen), "exempt": exempt, "agent": standing}
            event = AuditEvent("exemption.check", "done", actor, None, purpose, detail)
            if keep is None:
                await repository.looks.write(looks, event)
            else:
                async with repository.database.quick_write() as tx:
                    await repository.access.add(tx, looks)
                    await keep(tx, Asked(holder, agent, purpose, _to_ask(chosen)))
                    tx.audit(event)
                    await tx.commit()
        names = await issuer_names(self._organisations, [one.licence for one in chosen if one.licence is not None])
        return ExemptionAnswer(item, [self._answer(one, facts, names) for one in chosen], standing)

    def _agent_of(self, query: ExemptionQuery) -> HolderCode | None:
        if not query.agent:
            return None
        return parse_party(query.agent_type or "", query.agent, today=self._repository.today())

    async def _mandates(
        self, agent: HolderCode | None, holder: HolderCode, purpose: Purpose, actor: Principal
    ) -> Sequence[Mandate]:
        """What the agent may do for the holder in this case."""
        if agent is None:
            return ()
        case = Case(acting_organisation(actor), purpose.service_item or "", purpose.case_number or "")
        return [one for one in await self._agencies.of_number(agent) if one.is_for(holder) and one.covers(case)]

    async def _facts(
        self, tx: ReadTx, actor: Principal, item: ServiceItem, holder: HolderCode, purpose: Purpose
    ) -> _Facts:
        repository, today = self._repository, self._repository.today()
        wanted = {code for material in item.materials for code in material.types}
        organisation = acting_organisation(actor)
        rules = await repository.rules.rules(tx, organisation, item.code)
        if rules is None:
            raise unknown_item()
        granted = within_reach(rules.grants, actor)
        grants = {code: grant for code, grant in granted.items() if code in wanted and grant.covers(today)}
        used_up = frozenset([code for code, grant in grants.items() if not await repository.quota.spend(grant)])
        known = {code: made for code, made in rules.types.items() if code in wanted}
        types = {**known, **await repository.catalogue.newest_types(tx, sorted(wanted - known.keys()))}
        reached = sorted(grants.keys() & types.keys() - used_up)
        held: dict[str, list[Licence]] = {}
        # nothing is read of types that the caller has no grant for: what is not read cannot leak
        for licence in await repository.licences.by_holder(tx, holder, reached) if reached else []:
            held.setdefault(licence.type_code, []).append(licence)
        bearing = any(types[code].sharing is not Sharing.FUNCTION for code in held)
        consented = await self._consented(tx, organisation, holder, purpose) if bearing else {}
        return _Facts(grants, used_up, types, held, consented, today)

    async def _consented(
        self, tx: ReadTx, organisation: str, holder: HolderCode, purpose: Purpose
    ) -> Mapping[str, str]:
        assert purpose.service_item is not None
        assert purpose.case_number is not None
        consents = await self._repository.consents.in_force(
            tx,
            organisation,
            holder,
            service_item=purpose.service_item,
            case_number=purpose.case_number,
            today=self._repository.today(),
        )
        return {one.licence_id: one.id for one in consents if one.licence_id}

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

    @staticmethod
    def _answer(one: _Finding, facts: _Facts, names: Mapping[str, Text]) -> MaterialAnswer:
        exempt = one.licence if one.outcome is Exemption.EXEMPT else None
        return MaterialAnswer(
            number=one.material.number,
            name=one.material.name,
            condition=one.material.condition,
            outcome=one.outcome,
            explanation=_explanation(one, facts, names),
            rule=RULES[one.outcome],
            next_step=STEPS[one.outcome],
            type_code=one.type_code,
            licence_id=exempt.id if exempt else None,
            identifier=exempt.current.identifier if exempt else None,
            valid_until=exempt.current.valid_until if exempt else None,
            consent_id=facts.consented.get(exempt.id) if exempt else None,
        )


def _standing(mandates: Sequence[Mandate], item: ServiceItem) -> AgentStanding:
    needed = [material.types for material in item.materials if material.types]
    reached = [any(one.reaches(code) for one in mandates for code in types) for types in needed]
    if not mandates or (reached and not any(reached)):
        return AgentStanding.NOT_AUTHORISED
    return AgentStanding.AUTHORISED if all(reached) else AgentStanding.IN_PART


def _explanation(one: _Finding, facts: _Facts, names: Mapping[str, Text]) -> Text:
    licence = one.licence
    if licence is None:
        return explain(one.outcome)
    missed = unmet(one.material.conditions, licence.type_code, licence.current.data, facts.today)
    return explain(
        one.outcome,
        issuer=names[licence.issuer],
        until=licence.current.valid_until,
        status=status_today(licence, facts.today),
        trust=licence.current.trust,
        missed=missed if one.outcome is Exemption.CONDITION_NOT_MET else None,
        schema=facts.types[licence.type_code].schema,
    )


def _to_ask(chosen: Sequence[_Finding]) -> tuple[str, ...]:
    codes = (one.type_code for one in chosen if one.outcome is Exemption.NEEDS_CONSENT)
    return tuple(dict.fromkeys(code for code in codes if code is not None))


def _judge(material: Material, facts: _Facts) -> _Finding:
    """The best answer over the types that will do and the licences held of each."""
    if not material.types:
        return _Finding(material, Exemption.NOT_IN_STORE)
    if not any(code in facts.types for code in material.types):
        return _Finding(material, Exemption.UNKNOWN_TYPE)
    granted = [code for code in material.types if code in facts.grants and code in facts.types]
    if not granted:
        return _Finding(material, Exemption.NOT_GRANTED)
    findings = []
    for code in granted:
        if code in facts.used_up:
            findings.append(_Finding(material, Exemption.QUOTA_USED_UP, code))
            continue
        held = facts.held.get(code, ())
        findings += [_Finding(material, _outcome(licence, material, facts), code, licence) for licence in held]
    return min(
        findings, key=lambda one: _ORDER.index(one.outcome), default=_Finding(material, Exemption.NOT_FOUND, granted[0])
    )


def _outcome(licence: Licence, material: Material, facts: _Facts) -> Exemption:
    status = status_today(licence, facts.today)
    if status is not Status.VALID:
        return _BY_STATUS.get(status, Exemption.NOT_VALID)
    if licence.current.trust not in _RELIED_ON:
        return Exemption.LOW_TRUST
    by_function = facts.types[licence.type_code].sharing is Sharing.FUNCTION
    if not by_function and licence.id not in facts.consented:
        return Exemption.NEEDS_CONSENT  # before that nothing is said about the data
    if unmet(material.conditions, licence.type_code, licence.current.data, facts.today) is not None:
        return Exemption.CONDITION_NOT_MET
    return Exemption.EXEMPT
