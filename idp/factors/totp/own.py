"""A person's own authenticator apps: set up with a first code, seen, removed (attacks O-55, O-57)."""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.ids import new_id
from core.kv.port import KeyValueStore
from idp.factors.codes import as_typed
from idp.factors.errors import KeyUnknown, TooManyKeys
from idp.factors.key_names import read_key_name
from idp.factors.strong import StrongVisits, actor_of
from idp.factors.totp.errors import EnrolmentGone, wrong_code
from idp.factors.totp.model import Authenticator, name_context, secret_context
from idp.factors.totp.ports import AuthenticatorStore
from idp.factors.totp.values import SECRET_BYTES, matching_step, otpauth_address, spelled
from idp.login.proofs import Method
from idp.login.sessions import Visit
from idp.model import NoticeKind
from idp.telling import TellPerson
from keys.ports import FieldCipher

MOST = 3
_LIFETIME = 600
_TRIES = 10


@dataclass(frozen=True, slots=True)
class OwnAuthenticator:
    """One of them, as its owner sees it."""

    id: str
    name: str = field(repr=False)
    created_at: dt.datetime
    used_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Setup:
    """What goes into the app: as the address behind a QR code, and to type."""

    address: str = field(repr=False)
    secret: str = field(repr=False)


class OwnAuthenticators:
    """The use cases.

    Args:
        issuer: what the app calls us.
    """

    def __init__(
        self,
        database: Database,
        store: AuthenticatorStore,
        visits: StrongVisits,
        fields: FieldCipher,
        short_lived: FieldCipher,
        kv: KeyValueStore,
        tell: TellPerson,
        clock: Clock,
        *,
        issuer: str,
    ) -> None:
        self._database = database
        self._store = store
        self._visits = visits
        self._fields = fields
        self._short_lived = short_lived
        self._kv = kv
        self._tell = tell
        self._clock = clock
        self._issuer = issuer

    async def of(self, account_id: str) -> Sequence[OwnAuthenticator]:
        """In the order in which they were made."""
        async with self._database.read() as tx:
            return [self._shown(one) for one in await self._store.of_account(tx, account_id)]

    async def begin(self, session_cookie: str | None) -> Setup:
        """A new secret for this session; the one before it is forgotten.

        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            TooManyKeys.
        """
        visit = await self._visits.require(session_cookie)
        if len(await self.of(visit.account.id)) >= MOST:
            raise TooManyKeys(MOST)
        secret, key = secrets.token_bytes(SECRET_BYTES), _key(visit)
        sealed = self._short_lived.encrypt(base64.b32encode(secret).decode(), context=key)
        await self._kv.put(key, sealed, _LIFETIME)
        return self._setup(secret)

    async def pending(self, session_cookie: str | None) -> Setup:
        """What is being set up, to be shown again.

        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            EnrolmentGone.
        """
        visit = await self._visits.require(session_cookie)
        return self._setup(self._secret(visit, await self._kept(visit)))

    async def confirm(self, session_cookie: str | None, typed: str, name: str) -> None:
        """The app shows the right code, so it works: keep it.

        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            EnrolmentGone.
            InvalidInput: `totp-wrong`.
            KeyNameInvalid, TooManyKeys.
        """
        visit = await self._visits.require(session_cookie)
        label, raw, now = read_key_name(name), await self._kept(visit), self._clock.now()
        secret = self._secret(visit, raw)
        if await self._kv.incr(f"{_key(visit)}:tries", _LIFETIME) > _TRIES:
            await self._kv.delete(_key(visit))
            raise EnrolmentGone
        step = matching_step(secret, as_typed(typed), now, after=0)
        if step is None:
            raise wrong_code()
        if not await self._kv.compare_and_swap(_key(visit), raw, b"-", 1):
            raise EnrolmentGone  # another request was first
        await self._keep(visit, secret, label, step)

    async def remove(self, session_cookie: str | None, authenticator_id: str) -> None:
        """
        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            KeyUnknown: also for somebody else's (attacks O-68).
        """
        visit = await self._visits.require(session_cookie)
        async with self._database.write() as tx:
            if not await self._store.remove(tx, authenticator_id, account_id=visit.account.id):
                raise KeyUnknown
            detail = {"authenticator": authenticator_id}
            tx.audit(AuditEvent("authenticator.remove", "done", actor_of(visit), visit.account.id, detail=detail))
            told = await self._tell.write(
                tx, visit.account.id, NoticeKind.FACTOR_REMOVED, detail={"method": Method.TOTP.value}
            )
            await tx.commit()
        self._tell.send(told)

    async def _keep(self, visit: Visit, secret: bytes, label: str, step: int) -> None:
        made_id, now = new_id(self._clock, "aut"), self._clock.now()
        made = Authenticator(
            made_id,
            visit.account.id,
            self._fields.encrypt(label, context=name_context(made_id)),
            self._fields.encrypt(base64.b32encode(secret).decode(), context=secret_context(made_id)),
            step,
            now,
        )
        async with self._database.write() as tx:
            if len(await self._store.of_account(tx, visit.account.id)) >= MOST:
                raise TooManyKeys(MOST)
            await self._store.add(tx, made)
            detail = {"authenticator": made_id}
            tx.audit(AuditEvent("authenticator.add", "done", actor_of(visit), visit.account.id, detail=detail))
            told = await self._tell.write(
                tx, visit.account.id, NoticeKind.FACTOR_ADDED, detail={"method": Method.TOTP.value}
            )
            await tx.commit()
        self._tell.send(told)

    async def _kept(self, visit: Visit) -> bytes:
        raw = await self._kv.get(_key(visit))
        if raw is None or raw == b"-":
            raise EnrolmentGone
        return raw

    def _secret(self, visit: Visit, raw: bytes) -> bytes:
        return base64.b32decode(self._short_lived.decrypt(raw, context=_key(visit)))

    def _setup(self, secret: bytes) -> Setup:
        return Setup(otpauth_address(secret, issuer=self._issuer, label=self._issuer), spelled(secret))

    def _shown(self, one: Authenticator) -> OwnAuthenticator:
        name = self._fields.decrypt(one.name, context=name_context(one.id))
        return OwnAuthenticator(one.id, name, one.created_at, one.used_at)


def _key(visit: Visit) -> str:
    return f"idp:totp-setup:{visit.session.id}"
