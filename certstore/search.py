"""Look-up by a holder's number (POST only), for a purpose, within the caller's grants (GB/T 36906).

Types shared by function (依职能) are answered under the grant alone; types shared by consent only where the holder
has consented to exactly this use. What is given out is cut down to the granted fields.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from certstore.authorise import (
    acting_organisation,
    grants_within_reach,
    minimised,
    refusals_audited,
    require_scope,
    values_of,
)
from certstore.catalogue import grant_for
from certstore.codes import HolderCode, parse_holder_code
from certstore.errors import UseNotGranted
from certstore.looks import look_at, look_for
from certstore.model import AccessRecord, Consent, ConsumerGrant, Licence, LicenceType, Look, Sharing
from certstore.ports import OrganisationDirectory
from certstore.purpose import parse_purpose
from certstore.repository import Repository
from certstore.status import Status, status_today
from core.audit.event import AuditEvent
from core.db.database import WriteTx
from core.errors import InvalidInput
from core.principal import Principal, Purpose
from core.text import Text


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Whose licences, of which types, which fields, and why.

    Attributes:
        types: type codes; None for all that the caller's grants allow.
        fields: field names; None for all granted ones.
    """

    code_type: str
    code: str = field(repr=False)
    service_item: str
    case_number: str
    basis: str
    types: Sequence[str] | None = None
    fields: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class FoundLicence:
    """One hit. `values` holds the granted fields, and nothing for a licence that is not valid today."""

    id: str
    identifier: str
    type_code: str
    type_name: Text
    issuer: str
    issuer_name: Text
    status: Status
    valid_from: dt.date
    valid_until: dt.date | None
    ground: Sharing
    consent_id: str | None
    values: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Hit:
    licence: Licence
    licence_type: LicenceType
    fields: tuple[str, ...]
    consent_id: str | None


class SearchLicences:
    """The use case."""

    def __init__(self, repository: Repository, organisations: OrganisationDirectory) -> None:
        self._repository = repository
        self._organisations = organisations

    async def __call__(self, query: SearchQuery, actor: Principal) -> Sequence[FoundLicence]:
        """
        Raises:
            InvalidInput: number, purpose or service item are not acceptable.
            NotPermitted: no `licence:read`; `use-not-granted`, `fields-not-granted`.
        """
        repository = self._repository
        purpose = parse_purpose(query.service_item, query.case_number, query.basis)
        async with refusals_audited(repository.database, "licence.search", actor, purpose=purpose):
            require_scope(actor, "licence:read")
            organisation = acting_organisation(actor)
            holder = parse_holder_code(query.code_type, query.code, today=repository.today())
            async with repository.database.write() as tx:
                types = await self._granted_types(tx, actor, purpose, query)
                hits = await self._hits(tx, organisation, holder, purpose, types, query.fields)
                await repository.access.add(tx, self._looks(actor, purpose, holder, hits))
                detail = {"found": len(hits), "types": len(types)}
                tx.audit(AuditEvent("licence.search", "done", actor, None, purpose, detail))
                await tx.commit()
        return [await self._found(hit) for hit in hits]

    async def _granted_types(
        self, tx: WriteTx, actor: Principal, purpose: Purpose, query: SearchQuery
    ) -> Sequence[tuple[LicenceType, ConsumerGrant]]:
        catalogue, today = self._repository.catalogue, self._repository.today()
        assert purpose.service_item is not None
        if await catalogue.item(tx, purpose.service_item) is None:
            raise unknown_item()
        organisation = acting_organisation(actor)
        grants = await grants_within_reach(catalogue, tx, organisation, purpose.service_item, actor)
        codes = query.types if query.types is not None else [c for c, g in grants.items() if g.covers(today)]
        chosen = []
        for code in dict.fromkeys(codes):
            grant = grant_for(grants, code, today)
            licence_type = await catalogue.licence_type(tx, code)
            assert licence_type is not None  # grants name types of the catalogue
            chosen.append((licence_type, grant))
        if not chosen:
            raise UseNotGranted
        return chosen

    async def _hits(
        self,
        tx: WriteTx,
        organisation: str,
        holder: HolderCode,
        purpose: Purpose,
        types: Sequence[tuple[LicenceType, ConsumerGrant]],
        asked: Sequence[str] | None,
    ) -> list[_Hit]:
        fields = _minimised_each(types, asked)
        by_code = {made.code: made for made, _ in types}
        by_function = [made.code for made, _ in types if made.sharing is Sharing.FUNCTION]
        found = await self._repository.licences.by_holder(tx, holder, by_function) if by_function else []
        hits = [_Hit(one, by_code[one.type_code], fields[one.type_code], None) for one in found]
        for consent in await self._consents(tx, organisation, holder, purpose):
            licence = await self._consented(tx, consent, holder, by_code)
            if licence is not None:
                given = tuple(name for name in fields[licence.type_code] if name in consent.fields)
                hits.append(_Hit(licence, by_code[licence.type_code], given, consent.id))
        return hits

    async def _consents(
        self, tx: WriteTx, organisation: str, holder: HolderCode, purpose: Purpose
    ) -> Sequence[Consent]:
        assert purpose.service_item is not None
        assert purpose.case_number is not None
        return await self._repository.consents.in_force(
            tx,
            organisation,
            holder,
            service_item=purpose.service_item,
            case_number=purpose.case_number,
            today=self._repository.today(),
        )

    async def _consented(
        self, tx: WriteTx, consent: Consent, holder: HolderCode, by_code: Mapping[str, LicenceType]
    ) -> Licence | None:
        licence_type = by_code.get(consent.type_code)
        if licence_type is None or licence_type.sharing is not Sharing.CONSENT or consent.licence_id is None:
            return None
        # counted and locked in one step: a withdrawal that was acknowledged before this makes it False
        if not await self._repository.consents.use(tx, consent.id, today=self._repository.today()):
            return None
        licence = await self._repository.licences.licence(tx, consent.licence_id)
        still = licence is not None and any(one.code == holder for one in licence.current.holders)
        return licence if still else None

    def _looks(
        self, actor: Principal, purpose: Purpose, holder: HolderCode, hits: Sequence[_Hit]
    ) -> list[AccessRecord]:
        if not hits:
            return [look_for(self._repository, actor, Look.SEARCH, purpose, holder)]
        looks = []
        for hit in hits:
            fields = hit.fields if self._status(hit) is Status.VALID else ()
            looks += look_at(
                self._repository,
                actor,
                Look.SEARCH,
                purpose,
                licence=hit.licence,
                fields=fields,
                consent_id=hit.consent_id,
                about=holder,
            )
        return looks

    def _status(self, hit: _Hit) -> Status:
        return status_today(hit.licence, self._repository.today())

    async def _found(self, hit: _Hit) -> FoundLicence:
        licence, status = hit.licence, self._status(hit)
        name = await self._organisations.name(licence.issuer) or Text(licence.issuer, licence.issuer)
        return FoundLicence(
            id=licence.id,
            identifier=licence.current.identifier,
            type_code=licence.type_code,
            type_name=hit.licence_type.name,
            issuer=licence.issuer,
            issuer_name=name,
            status=status,
            valid_from=licence.current.valid_from,
            valid_until=licence.current.valid_until,
            ground=Sharing.CONSENT if hit.consent_id else Sharing.FUNCTION,
            consent_id=hit.consent_id,
            values=values_of(licence, hit.fields) if status is Status.VALID else {},
        )


def _minimised_each(
    types: Sequence[tuple[LicenceType, ConsumerGrant]], asked: Sequence[str] | None
) -> dict[str, tuple[str, ...]]:
    """Fields to give by type. A field must be granted for one of the types at least, or the request is refused."""
    together = tuple(dict.fromkeys(name for _, grant in types for name in grant.fields))
    wanted = set(minimised(replace(types[0][1], fields=together), asked))
    return {made.code: tuple(name for name in grant.fields if name in wanted) for made, grant in types}


def unknown_item() -> InvalidInput:
    return InvalidInput(
        "service-item-unknown",
        Text("没有这个服务事项，请核对事项编码。", "There is no such service item. Check its code."),
        field="service_item",
    )
