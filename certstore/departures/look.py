"""The issuing authority sees which of its licences are of people who have died."""

from __future__ import annotations

from collections.abc import Sequence

from certstore.authorise import acting_organisation, require_scope
from certstore.departures.ports import Departure, DepartureStore
from certstore.read import ISSUER_PURPOSE
from certstore.repository import Repository
from core.audit.event import AuditEvent
from core.principal import Principal

_SCOPE = "licence:issue"


class LookAtDepartures:
    """The use case; at most a hundred, for each waits for a decision."""

    def __init__(self, repository: Repository, store: DepartureStore) -> None:
        self._repository = repository
        self._store = store

    async def __call__(self, actor: Principal) -> Sequence[Departure]:
        """
        Raises:
            NotPermitted: no `licence:issue`.
        """
        require_scope(actor, _SCOPE)
        organisation = acting_organisation(actor)
        async with self._repository.database.write() as tx:
            found = await self._store.of_issuer(tx, organisation)
            mine = [one for one in found if actor.may_with(_SCOPE, one.type_code)]
            detail = {"count": len(mine)}
            tx.audit(AuditEvent("departure.list", "done", actor, purpose=ISSUER_PURPOSE, detail=detail))
            await tx.commit()
        return mine
