"""The single sign-on session behind the cookie: found, kept alive, turned into a principal."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.clock import Clock, calendar_day
from core.db.database import Database, ReadTx, WriteTx
from core.ids import new_id, new_secret
from core.principal import Principal, PrincipalKind
from idp.directory import PersonVault
from idp.model import ONE_FACTOR, Account, AccountStatus, Session, StaffRole
from idp.ports import AccountStore, SessionStore
from idp.rights import rights_of
from idp.settings import IdpSettings
from idp.token_uses import SESSION
from keys.ports import TokenDigests

_TOUCH_AFTER = dt.timedelta(seconds=60)  # a visit is written down at most once a minute
_COOKIE_LENGTH = 43
_AGENT_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Visit:
    """A live session and whose it is.

    Attributes:
        entered: the client that asks was entered through it before; False where nobody asked.
    """

    session: Session
    account: Account
    entered: bool = False


class Sessions:
    """Finds live sessions."""

    def __init__(
        self,
        database: Database,
        sessions: SessionStore,
        accounts: AccountStore,
        vault: PersonVault,
        digests: TokenDigests,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._accounts = accounts
        self._vault = vault
        self._digests = digests
        self._clock = clock
        self._settings = settings

    async def find(self, cookie: str | None) -> Visit | None:
        """The visit behind a cookie's value; None when it is unknown, ended, idle for too long or frozen."""
        if cookie is None:
            return None
        async with self._database.quick_read() as tx:
            visit = await self.look(tx, cookie)
        if visit is not None and self._is_due(visit.session):
            async with self._database.quick_write() as tx:
                await self.touch(tx, visit.session)
                await tx.commit()
        return visit

    async def look(self, tx: ReadTx, cookie: str, *, client_id: str = "") -> Visit | None:
        """As `find`, within a transaction and for a client; whoever asks so calls `touch` when they write."""
        if len(cookie) != _COOKIE_LENGTH:
            return None
        found = await self._sessions.arrival(tx, self._digests.digests(SESSION, cookie), client_id=client_id)
        if found is None or not self.is_live(found.session) or found.account.status is not AccountStatus.ACTIVE:
            return None
        return Visit(found.session, found.account, found.entered)

    async def touch(self, tx: WriteTx, session: Session) -> None:
        """Write the visit down, if the last one was not just now."""
        if self._is_due(session):
            await self._sessions.touch(tx, session.id, self._clock.now())

    def _is_due(self, session: Session) -> bool:
        return self._clock.now() - session.seen_at >= _TOUCH_AFTER

    async def previous(self, tx: ReadTx, cookie: str | None) -> Session | None:
        """The session that a browser brings to a log-in, dead or alive but not ended."""
        if cookie is None or len(cookie) != _COOKIE_LENGTH:
            return None
        session = await self._sessions.by_cookie(tx, self._digests.digests(SESSION, cookie))
        return session if session is not None and session.ended_at is None else None

    def is_live(self, session: Session) -> bool:
        now = self._clock.now()
        idle_until = session.seen_at + dt.timedelta(seconds=self._settings.session_idle)
        return session.ended_at is None and session.expires_at > now and idle_until > now

    async def principal(self, cookie: str | None) -> Principal | None:
        """Who looks at a page: STAFF with a role, else PERSON; their own name is opened for the page's header."""
        visit = await self.find(cookie)
        if visit is None:
            return None
        async with self._database.read() as tx:
            roles = await self._accounts.roles(tx, visit.account.id)
        today, name = calendar_day(self._clock.now()), self._vault.name(visit.account)
        return person_principal(visit.account, roles, today, session=visit.session.id, name=name)


def person_principal(
    account: Account, roles: Sequence[StaffRole], day: dt.date, *, session: str, name: str | None
) -> Principal:
    """The principal of a person; with roles in several organisations, they act for the one that came first."""
    rights = rights_of(roles, day)
    if rights is None:
        return Principal(PrincipalKind.PERSON, account.id, name=name, session=session)
    return Principal(
        PrincipalKind.STAFF,
        account.id,
        organisation=rights.organisation,
        name=name,
        scopes=rights.scopes,
        roles=rights.roles,
        session=session,
        types=rights.types,
    )


@dataclass(frozen=True, slots=True)
class Authentication:
    """How somebody authenticated.

    Attributes:
        method: a short word for the audit log.
        at: when; None for now.
        provider: id of the upstream provider that vouches for it.
        user_agent, source: of the browser, as in `Session`.
    """

    method: str
    acr: str = ONE_FACTOR
    amr: tuple[str, ...] = ("pwd",)
    at: dt.datetime | None = None
    provider: str | None = None
    user_agent: str = ""
    source: str = field(default="", repr=False)


PASSWORD = Authentication("password")


class StartSession:
    """Begins or renews a session at an authentication; always with a new cookie value (attacks O-50)."""

    def __init__(self, sessions: SessionStore, digests: TokenDigests, clock: Clock, settings: IdpSettings) -> None:
        self._sessions = sessions
        self._digests = digests
        self._clock = clock
        self._settings = settings

    async def __call__(
        self, tx: WriteTx, account: Account, previous: Session | None, how: Authentication = PASSWORD
    ) -> tuple[Session, str]:
        """The session and its cookie's value.

        The same person in the same browser keeps the session, so that one log-out still reaches every portal;
        the value that the cookie had before is dead.
        """
        cookie = new_secret()
        now = self._clock.now()
        fresh = Session(
            id=new_id(self._clock, "ses"),
            cookie_digest=self._digests.digest(SESSION, cookie),
            account_id=account.id,
            authenticated_at=now if how.at is None else min(how.at, now),
            seen_at=now,
            expires_at=now + dt.timedelta(seconds=self._settings.session_absolute),
            acr=how.acr,
            amr=how.amr,
            provider=how.provider,
            user_agent=how.user_agent[:_AGENT_LENGTH],
            source=how.source,
        )
        if previous is not None and previous.account_id == account.id:
            renewed = dataclasses.replace(fresh, id=previous.id, acting_for=previous.acting_for)
            if await self._sessions.renew(tx, renewed, old_digest=previous.cookie_digest):
                return renewed, cookie
        await self._sessions.add(tx, fresh)
        return fresh, cookie
