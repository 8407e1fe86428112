"""A person's own list of the identities by which they log in, and the way out of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database
from core.errors import NotFound
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.login.fresh import is_fresh, require_fresh
from idp.login.sessions import Sessions, Visit
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.model import LogoutDelivery
from idp.settings import IdpSettings
from idp.upstream.errors import last_way_in
from idp.upstream.model import Link, ProviderStatus
from idp.upstream.ports import LinkStore, ProviderStore, UpstreamSessionStore


@dataclass(frozen=True, slots=True)
class Identity:
    """One provider, and since when the person's identity there is linked; None when it is not."""

    provider_id: str
    name: Text
    linked_at: dt.datetime | None = None
    used_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class OwnIdentities:
    """What the page shows. `fresh` is True while the person may change it without logging in once more."""

    identities: Sequence[Identity]
    has_password: bool
    fresh: bool


class Identities:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        providers: ProviderStore,
        links: LinkStore,
        begun: UpstreamSessionStore,
        sessions: Sessions,
        end: EndSession,
        deliver: DeliverLogouts,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._providers = providers
        self._links = links
        self._begun = begun
        self._sessions = sessions
        self._end = end
        self._deliver = deliver
        self._clock = clock
        self._settings = settings

    async def of(self, session_cookie: str | None) -> OwnIdentities | None:
        """Linked ones first, then providers that could be linked; None for the public."""
        visit = await self._sessions.find(session_cookie)
        if visit is None:
            return None
        async with self._database.read() as tx:
            links = {link.provider_id: link for link in await self._links.of_account(tx, visit.account.id)}
            known = await self._providers.all(tx)
        linked = [Identity(one.id, one.name, *_times(links[one.id])) for one in known if one.id in links]
        others = [
            Identity(one.id, one.name) for one in known if one.id not in links and one.status is ProviderStatus.ACTIVE
        ]
        fresh = is_fresh(visit, self._clock, self._settings)
        return OwnIdentities([*linked, *others], bool(visit.account.password_hash), fresh)

    async def unlink(self, provider_id: str, session_cookie: str | None) -> None:
        """The identity opens the account no more, and the provider cannot find the account by itself either.

        Sessions that were begun through it end, but for the one that does this.

        Raises:
            NotAuthenticated: nobody is logged in.
            NotFresh: the log-in is too long ago.
            UpstreamRefused: `upstream-last-way-in`.
            NotFound: `link-not-found`.
        """
        visit = await require_fresh(self._sessions, session_cookie, self._clock, self._settings)
        account_id, deliveries = visit.account.id, list[LogoutDelivery]()
        async with self._database.write() as tx:
            links = await self._links.of_account(tx, account_id)
            link = next((one for one in links if one.provider_id == provider_id), None)
            if link is None or not await self._links.remove(tx, provider_id=provider_id, account_id=account_id):
                raise NotFound("link-not-found", Text("这种登录方式没有绑定。", "This way to log in is not linked."))
            if not visit.account.password_hash and len(links) == 1:
                raise last_way_in()  # the unit of work is rolled back
            await self._links.bar(tx, provider_id=provider_id, account_id=account_id, at=self._clock.now())
            for session in await self._begun.live(tx, provider_id=provider_id, subject=link.subject):
                if session.id != visit.session.id:
                    deliveries += await self._end(tx, session, reason="upstream-unlinked")
            tx.audit(AuditEvent("identity.unlink", "done", _actor(visit), account_id, detail=_detail(provider_id)))
            await tx.commit()
        await self._deliver.attempt(deliveries)


def _times(link: Link) -> tuple[dt.datetime, dt.datetime]:
    return link.linked_at, link.used_at


def _actor(visit: Visit) -> Principal:
    return Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)


def _detail(provider_id: str) -> Detail:
    return {"provider": provider_id}
