"""Somebody leaves: their roles, what is proposed for them, their sessions and tokens end in one transaction.

The account stays, for the person is a citizen still; what they may do for an office ends with the commit.
"""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.principal import Principal
from idp.directory import account_not_found
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.model import LogoutDelivery
from idp.ports import AccountStore, SessionStore, TokenStore
from idp.staff.duties import Duties
from idp.staff.ports import RoleProposals, StaffRoleStore, StaffStore

LEFT = "staff-left"


class LeaveStaff:
    """The use case."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        staff: StaffStore,
        roles: StaffRoleStore,
        proposals: RoleProposals,
        sessions: SessionStore,
        tokens: TokenStore,
        end_session: EndSession,
        deliver: DeliverLogouts,
        duties: Duties,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._staff = staff
        self._roles = roles
        self._proposals = proposals
        self._sessions = sessions
        self._tokens = tokens
        self._end_session = end_session
        self._deliver = deliver
        self._duties = duties
        self._clock = clock

    async def __call__(self, account_id: str, actor: Principal) -> int:
        """
        Returns:
            How many roles ended; 0 for somebody who had left already.

        Raises:
            NotPermitted: `duty-missing`, for anybody but system and security administrators.
            NotFound: `account-not-found`.
        """
        if not self._duties.proposes_everywhere(actor):
            await self._duties.check_decides(actor, "staff.leave", None)
        async with self._database.write() as tx:
            if not account_id.isprintable() or await self._accounts.get(tx, account_id) is None:
                raise account_not_found()
            member = await self._staff.of_account(tx, account_id)
            if member is not None and member.active:
                await self._staff.leave(tx, member.id, self._clock.now())
            ended, deliveries = await self.within(tx, account_id, actor)
            await tx.commit()
        await self._deliver.attempt(deliveries)
        return ended

    async def within(self, tx: WriteTx, account_id: str, actor: Principal) -> tuple[int, list[LogoutDelivery]]:
        """The same inside the caller's transaction; the caller commits, then has the deliveries attempted."""
        now = self._clock.now()
        # first what is proposed: an approval that is under way is waited for, and the role that it gives ends as well
        await self._proposals.withdraw_about(tx, account_id, by=actor.id, at=now)
        ended = await self._roles.end_all(tx, account_id)
        deliveries: list[LogoutDelivery] = []
        for session in await self._sessions.live_of_account(tx, account_id, now):
            deliveries += await self._end_session(tx, session, reason=LEFT)
        # those that outlive their session, and those of a session that nobody has swept yet
        await self._tokens.revoke_account(tx, account_id, at=now, reason=LEFT)
        tx.audit(AuditEvent("staff.leave", "done", actor, account_id, detail={"roles": len(ended)}))
        return len(ended), deliveries
