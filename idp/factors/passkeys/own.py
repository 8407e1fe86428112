"""A person's own passkeys: seen, named, removed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.db.database import Database, ReadTx
from idp.factors.changes import BoundKeyEvidence
from idp.factors.errors import KeyUnknown
from idp.factors.key_names import read_key_name
from idp.factors.passkeys.enrol import TOLD
from idp.factors.passkeys.model import Passkey, PasskeyState, name_context
from idp.factors.passkeys.ports import PasskeyStore
from idp.factors.strong import StrongVisits, actor_of
from idp.factors.ways_in import WaysIn
from idp.login.proofs import Method
from idp.model import Account, NoticeKind
from idp.telling import TellPerson
from keys.ports import FieldCipher


@dataclass(frozen=True, slots=True)
class OwnPasskey:
    """One of them, as its owner sees it."""

    id: str
    name: str = field(repr=False)
    model: str | None
    bound: bool
    suspended: bool
    created_at: dt.datetime
    used_at: dt.datetime | None


class OwnPasskeys:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        passkeys: PasskeyStore,
        visits: StrongVisits,
        ways_in: WaysIn,
        fields: FieldCipher,
        evidence: BoundKeyEvidence,
        tell: TellPerson,
    ) -> None:
        self._database = database
        self._passkeys = passkeys
        self._visits = visits
        self._ways_in = ways_in
        self._fields = fields
        self._evidence = evidence
        self._tell = tell

    async def of(self, account_id: str) -> Sequence[OwnPasskey]:
        """In the order in which they were made."""
        async with self._database.read() as tx:
            return [self._shown(one) for one in await self._passkeys.of_account(tx, account_id)]

    async def get(self, account_id: str, passkey_id: str) -> OwnPasskey:
        """
        Raises:
            KeyUnknown: also for somebody else's (attacks O-68).
        """
        async with self._database.read() as tx:
            return self._shown(await self._own(tx, account_id, passkey_id))

    async def rename(self, session_cookie: str | None, passkey_id: str, name: str) -> None:
        """
        Raises:
            NotAuthenticated, NotFresh, KeyNameInvalid, KeyUnknown.
        """
        visit = await self._visits.require(session_cookie)
        sealed = self._fields.encrypt(read_key_name(name), context=name_context(passkey_id))
        async with self._database.write() as tx:
            if not await self._passkeys.rename(tx, passkey_id, account_id=visit.account.id, name=sealed):
                raise KeyUnknown
            await tx.commit()

    async def remove(self, session_cookie: str | None, passkey_id: str) -> None:
        """
        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            KeyUnknown: also for somebody else's.
            LastWayIn: nothing else would be left.
        """
        visit = await self._visits.require(session_cookie)
        async with self._database.write() as tx:
            passkey = await self._own(tx, visit.account.id, passkey_id)
            await self._ways_in.require_other(tx, visit.account, Method.PASSKEY, passkey_id)
            await self._passkeys.remove(tx, passkey_id, account_id=visit.account.id)
            if passkey.bound:
                await self._evidence.unbound(tx, visit.account.id, method=Method.PASSKEY, reference=passkey_id)
            detail = {"passkey": passkey_id}
            tx.audit(AuditEvent("passkey.remove", "done", actor_of(visit), visit.account.id, detail=detail))
            told = await self._tell.write(tx, visit.account.id, NoticeKind.FACTOR_REMOVED, detail=TOLD)
            await tx.commit()
        self._tell.send(told)

    async def _own(self, tx: ReadTx, account_id: str, passkey_id: str) -> Passkey:
        for one in await self._passkeys.of_account(tx, account_id):
            if one.id == passkey_id:
                return one
        raise KeyUnknown

    def _shown(self, passkey: Passkey) -> OwnPasskey:
        name = self._fields.decrypt(passkey.name, context=name_context(passkey.id))
        suspended = passkey.state is PasskeyState.SUSPENDED
        return OwnPasskey(
            passkey.id, name, passkey.model, passkey.bound, suspended, passkey.created_at, passkey.used_at
        )


class PasskeyFactor:
    """Implements `idp.login.ports.SecondFactor`.

    Args:
        offered: browsers make passkeys at our address.
    """

    method = Method.PASSKEY

    def __init__(self, database: Database, passkeys: PasskeyStore, *, offered: bool) -> None:
        self._database = database
        self._passkeys = passkeys
        self._offered = offered

    async def usable(self, account: Account) -> bool:
        """Whether there is one that can be used."""
        return self._offered and bool(await self.credentials(account))

    async def credentials(self, account: Account) -> Sequence[Passkey]:
        """Those that can be used, for a browser that asks this person's devices only."""
        async with self._database.read() as tx:
            held = await self._passkeys.of_account(tx, account.id)
        return [one for one in held if one.state is PasskeyState.ACTIVE]
