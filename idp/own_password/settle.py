"""What belongs to every new password, whichever way it came: other log-ins end, other browsers become strangers, the
person is told (ASVS 6.2.3, 7.4.3; attacks O-56)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import WriteTx
from core.principal import Principal
from idp.abuse.devices import KnownDevices
from idp.logout.end_session import EndSession
from idp.model import Account, LogoutDelivery, NoticeKind
from idp.ports import AccountStore, SessionStore
from idp.telling import TellPerson, Told


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be done after the commit."""

    deliveries: Sequence[LogoutDelivery]
    told: Told


class SettlePassword:
    """Works inside the caller's transaction; the caller commits."""

    def __init__(
        self,
        accounts: AccountStore,
        sessions: SessionStore,
        end_session: EndSession,
        devices: KnownDevices,
        tell: TellPerson,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._end_session = end_session
        self._devices = devices
        self._tell = tell
        self._clock = clock

    async def __call__(
        self,
        tx: WriteTx,
        account: Account,
        new_hash: str,
        kind: NoticeKind,
        actor: Principal,
        *,
        source: str,
        device_cookie: str | None = None,
    ) -> Settled | None:
        """
        Args:
            actor: whose session stays, if it has one.
            device_cookie: of the browser that stays known.

        Returns:
            None, and nothing changed, when the account has another password by now.
        """
        if not await self._accounts.renew_password_hash(tx, account.id, old=account.password_hash, new=new_hash):
            return None
        deliveries: list[LogoutDelivery] = []
        for session in await self._sessions.live_of_account(tx, account.id, self._clock.now()):
            if session.id != actor.session:
                deliveries += await self._end_session(tx, session, reason=kind.value)
        await self._devices.forget_others(tx, account.id, device_cookie)
        told = await self._tell.write(tx, account.id, kind, source=source)
        tx.audit(AuditEvent("account.change-password", "done", actor, account.id, detail={"by": kind.value}))
        return Settled(deliveries, told)
