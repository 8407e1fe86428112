"""Look-up by a holder's number (POST only), for a purpose, within the caller's grants (GB/T 36906).

Types shared by function (依职能) are answered under the grant alone; types shared by consent only where the holder
has consented to exactly this use. What is given out is cut down to the granted fields.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, refusals_audited, require_scope, values_of
from certstore.codes import HolderCode, parse_holder_code
from certstore.issuers import issuer_names
from certstore.looks import look_at, look_for
from certstore.model import AccessRecord, Look, Sharing, Trust
from certstore.ports import OrganisationDirectory
from certstore.purpose import parse_purpose
from certstore.reach import GrantedTypes, Hit, Reach, by_function_alone
from certstore.repository import Repository
from certstore.status import Status, status_today
from core.audit.event import AuditEvent
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
    trust: Trust
    values: Mapping[str, object] = field(repr=False)


class SearchLicences:
    """The use case."""

    def __init__(self, repository: Repository, organisations: OrganisationDirectory) -> None:
        self._repository = repository
        self._organisations = organisations
        self._reach = Reach(repository)

    async def __call__(self, query: SearchQuery, actor: Principal) -> Sequence[FoundLicence]:
        """
        Raises:
            InvalidInput: number, purpose or service item are not acceptable.
            NotPermitted: no `licence:read`; `use-not-granted`, `fields-not-granted`.
            LimitExceeded: `clerk-quota-used-up`, `grant-quota-used-up`; what was answered before stays answered.
        """
        repository = self._repository
        purpose = parse_purpose(query.service_item, query.case_number, query.basis)
        async with refusals_audited(repository.database, "licence.search", actor, purpose=purpose):
            require_scope(actor, "licence:read")
            acting_organisation(actor)
            holder = parse_holder_code(query.code_type, query.code, today=repository.today())
            await repository.quota.count_look(actor)
            async with repository.database.quick_read() as look:
                types = await self._reach.types(look, actor, purpose, query.types)
                alone = by_function_alone(types)
                hits = await self._reach.by_function(look, holder, types, query.fields) if alone else []
            if alone:
                await repository.looks.write(
                    self._looks(actor, purpose, holder, hits), _event(actor, purpose, hits, types)
                )
            else:  # using a consent is a change: it, the record of the look and its event are one unit
                async with repository.database.quick_write() as tx:
                    hits = await self._reach.hits(tx, actor, holder, purpose, types, query.fields, counted=True)
                    await repository.access.add(tx, self._looks(actor, purpose, holder, hits))
                    tx.audit(_event(actor, purpose, hits, types))
                    await tx.commit()
        names = await issuer_names(self._organisations, [hit.licence for hit in hits])
        return [self._found(hit, names) for hit in hits]

    def _looks(self, actor: Principal, purpose: Purpose, holder: HolderCode, hits: Sequence[Hit]) -> list[AccessRecord]:
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

    def _status(self, hit: Hit) -> Status:
        return status_today(hit.licence, self._repository.today())

    def _found(self, hit: Hit, names: Mapping[str, Text]) -> FoundLicence:
        licence, status = hit.licence, self._status(hit)
        return FoundLicence(
            id=licence.id,
            identifier=licence.current.identifier,
            type_code=licence.type_code,
            type_name=hit.licence_type.name,
            issuer=licence.issuer,
            issuer_name=names[licence.issuer],
            status=status,
            valid_from=licence.current.valid_from,
            valid_until=licence.current.valid_until,
            ground=Sharing.CONSENT if hit.consent_id else Sharing.FUNCTION,
            consent_id=hit.consent_id,
            trust=licence.current.trust,
            values=values_of(licence, hit.fields) if status is Status.VALID else {},
        )


def _event(actor: Principal, purpose: Purpose, hits: Sequence[Hit], types: GrantedTypes) -> AuditEvent:
    return AuditEvent("licence.search", "done", actor, None, purpose, {"found": len(hits), "types": len(types)})
