"""A person leaves (注销): asked for shortly after a log-in, carried out after seven days, taken back until then.

At the wish everything that is open ends, so that nothing goes on behind the back of who thinks that they have left; the
account itself stays whole until the day, and a log-in is all that it takes to come back.
"""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import Conflict
from core.principal import SYSTEM, Principal
from core.text import Text
from idp.factors.strong import StrongVisits, actor_of
from idp.logout.deliver import DeliverLogouts
from idp.model import AccountStatus, NoticeKind
from idp.persons.closing import CloseAccounts
from idp.persons.ending import EndEverything
from idp.persons.model import COOLING_OFF, CloseReason, Departure
from idp.persons.ports import DepartureStore, PersonStore
from idp.ports import AccountStore
from idp.telling import TellPerson

_AT_ONCE = 50


class Departures:
    """The use cases of the person, and the worker's."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        persons: PersonStore,
        departures: DepartureStore,
        visits: StrongVisits,
        close: CloseAccounts,
        end: EndEverything,
        tell: TellPerson,
        deliver: DeliverLogouts,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._persons = persons
        self._departures = departures
        self._visits = visits
        self._close = close
        self._end = end
        self._tell = tell
        self._deliver = deliver
        self._clock = clock

    async def ask(self, session_cookie: str | None, *, source: str | None = None) -> Departure:
        """
        Returns:
            The wish; asking twice moves nothing.

        Raises:
            NotAuthenticated: `not-logged-in`, or the log-in is too long ago or too weak.
            Conflict: `staff-leave-first`: somebody with an office gives it up first.
        """
        visit = await self._visits.require(session_cookie)
        account_id, now = visit.account.id, self._clock.now()
        departure = Departure(account_id, now, now + COOLING_OFF)
        async with self._database.write() as tx:
            if await self._accounts.roles(tx, account_id):
                raise _staff_first()
            if not await self._departures.add(tx, departure):
                kept = await self._departures.get(tx, account_id)
                assert kept is not None, "it stands in the way"
                return kept
            deliveries = await self._end(tx, account_id, reason="account-leaving")
            told = await self._tell.write(tx, account_id, NoticeKind.LEAVING, source=source)
            detail = {"due": departure.due_at.isoformat(timespec="seconds")}
            tx.audit(AuditEvent("account.ask-to-close", "done", actor_of(visit), account_id, detail=detail))
            await tx.commit()
        self._tell.send(told)
        await self._deliver.attempt(deliveries)
        return departure

    async def of(self, account_id: str) -> Departure | None:
        """The person's wish, if there is one."""
        async with self._database.read() as tx:
            return await self._departures.get(tx, account_id)

    async def take_back(self, person: Principal) -> bool:
        """Whoever logs in may stay; False when there was nothing to take back."""
        async with self._database.write() as tx:
            if not await self._departures.remove(tx, person.id):
                return False
            tx.audit(AuditEvent("account.stay", "done", person, person.id))
            await tx.commit()
        return True

    async def carry_out(self) -> int:
        """For the worker: closes those whose time has come; answers how many."""
        async with self._database.read() as tx:
            due = await self._departures.due(tx, self._clock.now(), _AT_ONCE)
        return sum([await self._leave(account_id) for account_id in due])

    async def _leave(self, account_id: str) -> bool:
        async with self._database.write() as tx:
            account = (await self._persons.hold(tx, [account_id]))[0]
            # frozen meanwhile: an order, or a suspicion, comes first, and the wish waits for its end
            if account.status is not AccountStatus.ACTIVE or not await self._departures.remove(tx, account_id):
                return False
            deliveries = await self._close.within(tx, account, CloseReason.OWN_WISH, SYSTEM)
            await tx.commit()
        await self._deliver.attempt(deliveries)
        return True


def _staff_first() -> Conflict:
    return Conflict(
        "staff-leave-first",
        Text(
            "您现在有单位的岗位。请先让单位取消岗位，再注销账号。",
            "You have a role at an office. Have it ended there first, then close the account.",
        ),
    )
