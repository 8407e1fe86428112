"""An authorisation is taken back by whoever may, or laid down by whoever has it; works at once."""

from __future__ import annotations

from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import NotFound
from core.identifiers.uscc import parse_uscc
from core.principal import Principal
from core.text import Text
from idp.agency.ending import EndAuthorisation
from idp.agency.model import Authorisation, Reason, State
from idp.agency.ports import AuthorisationStore
from idp.agency.rules import may_end
from idp.logout.deliver import DeliverLogouts
from idp.model import LogoutDelivery

_LIVING = (State.OFFERED, State.ACTIVE)


class RevokeAuthorisation:
    """The use case."""

    def __init__(
        self,
        database: Database,
        authorisations: AuthorisationStore,
        end: EndAuthorisation,
        deliver: DeliverLogouts,
        clock: Clock,
    ) -> None:
        self._database = database
        self._authorisations = authorisations
        self._end = end
        self._deliver = deliver
        self._clock = clock

    async def __call__(self, person: Principal, authorisation_id: str) -> Authorisation:
        """Take it back, or lay down one's own; sessions and tokens under it are dead when this returns.

        Raises:
            NotFound: `authorisation-not-found`, also for one that is not theirs to end.
        """
        today = calendar_day(self._clock.now())
        async with self._database.write() as tx:
            one = await self._authorisations.get(tx, authorisation_id)
            if one is None or one.state not in _LIVING:
                raise authorisation_not_found()
            own = one.account_id == person.id
            mine = [] if own else await self._authorisations.of_account(tx, person.id)
            if not own and not any(may_end(held, one, today) for held in mine):
                raise authorisation_not_found()
            deliveries = await self._end(tx, one, Reason.RESIGNED if own else Reason.REVOKED, person)
            await tx.commit()
        await self._deliver.attempt(deliveries)
        return one

    async def all_of_organisation(self, typed: str, reason: Reason, actor: Principal) -> int:
        """End every authorisation of an organisation, because it is dissolved; answers how many.

        Raises:
            InvalidInput: `uscc-invalid`.
        """
        uscc, count = parse_uscc(typed), 0
        deliveries: list[LogoutDelivery] = []
        async with self._database.write() as tx:
            for one in await self._authorisations.of_organisation(tx, uscc):
                if one.state in _LIVING:
                    deliveries += await self._end(tx, one, reason, actor)
                    count += 1
            await tx.commit()
        await self._deliver.attempt(deliveries)
        return count


def authorisation_not_found() -> NotFound:
    return NotFound(
        "authorisation-not-found",
        Text("没有这项授权，或者它已经结束了。", "There is no such authorisation, or it has ended."),
    )
