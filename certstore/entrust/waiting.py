"""What waits for somebody's word because another person entrusted them with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from certstore.entrust.people import person_behind
from certstore.entrust.ports import PersonDirectory
from certstore.model import Consent, ConsentState
from certstore.ports import AgencyDirectory, Case, Mandate, OrganisationDirectory
from certstore.read import OWN_PURPOSE
from certstore.repository import Repository
from core.audit.event import AuditEvent
from core.db.database import ReadTx
from core.principal import Principal, PrincipalKind
from core.text import Text

_NEWEST = 20  # of each principal; a question is open for half an hour


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open question; nothing of the licence is told before the agent opens it."""

    consent: Consent
    principal_name: Text
    requester_name: Text
    type_name: Text
    item_name: Text


class WaitingForAgent:
    """The use case."""

    def __init__(
        self,
        repository: Repository,
        persons: PersonDirectory,
        agencies: AgencyDirectory,
        organisations: OrganisationDirectory,
    ) -> None:
        self._repository = repository
        self._persons = persons
        self._agencies = agencies
        self._organisations = organisations

    async def __call__(self, actor: Principal) -> Sequence[Waiting]:
        """Newest first.

        Raises:
            NotPermitted: `person-needed`.
        """
        repository, now, today = self._repository, self._repository.now(), self._repository.today()
        person = await person_behind(self._persons, actor)
        mandates = [one for one in await self._agencies.of_account(person.identity.account_id) if one.personal]
        employer = actor.organisation if actor.kind is PrincipalKind.STAFF else None
        found: dict[str, Waiting] = {}
        async with repository.database.write() as tx:
            for mandate in mandates:
                for code in dict.fromkeys((mandate.holder, *mandate.further)):
                    for consent in await repository.consents.of_holder(tx, code, limit=_NEWEST):
                        is_open = consent.state_at(now, today) is ConsentState.PENDING
                        if is_open and consent.organisation != employer and _covered(mandate, consent):
                            found[consent.id] = await self._waiting(tx, consent, mandate)
            tx.audit(AuditEvent("holder.look", "done", actor, None, OWN_PURPOSE, {"what": "entrusted"}))
            await tx.commit()
        return [found[name] for name in sorted(found, reverse=True)]

    async def _waiting(self, tx: ReadTx, consent: Consent, mandate: Mandate) -> Waiting:
        repository, item = self._repository, consent.purpose.service_item or ""
        office = consent.organisation
        licence_type = await repository.catalogue.licence_type(tx, consent.type_code)
        known = await repository.catalogue.item(tx, item)
        return Waiting(
            consent,
            mandate.holder_name,
            await self._organisations.name(office) or Text(office, office),
            licence_type.name if licence_type else Text(consent.type_code, consent.type_code),
            known.name if known else Text(item, item),
        )


def _covered(mandate: Mandate, consent: Consent) -> bool:
    case = Case(consent.organisation, consent.purpose.service_item or "", consent.purpose.case_number or "")
    return mandate.covers(case) and mandate.reaches(consent.type_code)
