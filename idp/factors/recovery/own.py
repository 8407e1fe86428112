"""A person's own recovery codes: made anew, shown once, taken away (attacks O-55)."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import NotFound
from core.principal import Principal
from core.text import Text
from idp.directory import account_not_found
from idp.factors.recovery.codes import hashed, new_codes
from idp.factors.recovery.factor import sealed_codes
from idp.factors.recovery.ports import RecoveryCodes, RecoveryCodeStore
from idp.factors.strong import StrongVisits, actor_of
from idp.login.proofs import Method
from idp.model import AccountStatus, NoticeKind
from idp.ports import AccountStore
from idp.telling import TellPerson, Told
from keys.ports import FieldCipher


class OwnRecoveryCodes:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        store: RecoveryCodeStore,
        accounts: AccountStore,
        visits: StrongVisits,
        fields: FieldCipher,
        tell: TellPerson,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._accounts = accounts
        self._visits = visits
        self._fields = fields
        self._tell = tell
        self._clock = clock

    async def make(self, session_cookie: str | None) -> Sequence[str]:
        """Ten new codes; the earlier ones are dead. They are shown now and never again.

        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
        """
        visit = await self._visits.require(session_cookie)
        async with self._database.write() as tx:
            codes, told = await self._made(tx, visit.account.id, actor_of(visit))
            await tx.commit()
        self._tell.send(told)
        return codes

    async def make_for(self, account_id: str, actor: Principal) -> Sequence[str]:
        """The same, handed to a person whom an operator has before them: the way in for the first administrator.

        Raises:
            NotFound: `account-not-found`.
        """
        async with self._database.write() as tx:
            account = await self._accounts.get(tx, account_id)
            if account is None or account.status is AccountStatus.CLOSED:
                raise account_not_found()
            codes, told = await self._made(tx, account_id, actor)
            await tx.commit()
        self._tell.send(told)
        return codes

    async def remove(self, session_cookie: str | None) -> None:
        """
        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            NotFound: `recovery-codes-not-found`.
        """
        visit = await self._visits.require(session_cookie)
        async with self._database.write() as tx:
            if not await self._store.remove(tx, visit.account.id):
                raise NotFound("recovery-codes-not-found", Text("没有恢复码。", "There are no recovery codes."))
            tx.audit(AuditEvent("recovery-codes.remove", "done", actor_of(visit), visit.account.id))
            told = await self._tell.write(tx, visit.account.id, NoticeKind.FACTOR_REMOVED, detail=_DETAIL)
            await tx.commit()
        self._tell.send(told)

    async def _made(self, tx: WriteTx, account_id: str, actor: Principal) -> tuple[Sequence[str], Told]:
        codes, before = new_codes(), await self._store.get(tx, account_id)
        revision = 1 if before is None else before.revision + 1
        content = sealed_codes(self._fields, account_id, hashed(codes))
        await self._store.put(tx, RecoveryCodes(account_id, content, revision, self._clock.now()))
        tx.audit(AuditEvent("recovery-codes.make", "done", actor, account_id))
        return codes, await self._tell.write(tx, account_id, NoticeKind.FACTOR_ADDED, detail=_DETAIL)


_DETAIL = {"method": Method.RECOVERY.value}
