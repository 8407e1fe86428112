"""RP-initiated log-out (OpenID Connect RP-Initiated Logout 1.0 §2, §3).

A good `id_token_hint` proves the portal: the session ends, and only then may the browser be sent to a registered
address. Without that proof there is never a redirect to a portal; a page of ours asks the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.db.database import Database
from idp.clients.registry import ClientRegistry
from idp.errors import InvalidRequest
from idp.login.sessions import Sessions, Visit
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.model import LogoutDelivery
from idp.ports import SessionStore
from idp.protocol.params import Parameters, parse_parameters
from idp.protocol.redirect_uri import is_registered, with_parameters
from idp.tokens.id_token import Hint, IdTokens


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The session is over; `location` is where the portal wants the person, None for a page of ours."""

    location: str | None = field(repr=False)
    ended_own: bool  # the session ended is the one in this browser, so its cookie can go


@dataclass(frozen=True, slots=True)
class ConfirmLogOut:
    """Nothing is proved: ask the person."""


EndSessionOutcome = LoggedOut | ConfirmLogOut


class EndSessionEndpoint:
    """The use case."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        session_store: SessionStore,
        registry: ClientRegistry,
        id_tokens: IdTokens,
        end: EndSession,
        deliver: DeliverLogouts,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._session_store = session_store
        self._registry = registry
        self._id_tokens = id_tokens
        self._end = end
        self._deliver = deliver

    async def __call__(self, *sources: bytes, session_cookie: str | None) -> EndSessionOutcome:
        """
        Args:
            sources: the urlencoded query, and the body of a POST.
        """
        try:
            parameters = parse_parameters(*sources)
        except InvalidRequest:
            return ConfirmLogOut()
        visit = await self._sessions.find(session_cookie)
        hint = self._hint(parameters)
        if hint is None:
            return ConfirmLogOut() if visit is not None else LoggedOut(None, ended_own=True)
        session_id = await self._session_of(hint)
        if visit is not None and session_id is not None and visit.session.id != session_id:
            return ConfirmLogOut()  # RP-Initiated Logout §2: the hint is not about who is here now
        await self._end_session(session_id, visit)
        return LoggedOut(await self._return_address(hint, parameters), ended_own=True)

    def _hint(self, parameters: Parameters) -> Hint | None:
        hint = self._id_tokens.read_hint(parameters.get("id_token_hint", ""))
        if hint is not None and parameters.get("client_id", hint.client_id) != hint.client_id:
            return None  # RP-Initiated Logout §2: client_id must be the one that the hint was issued to
        return hint

    async def _session_of(self, hint: Hint) -> str | None:
        async with self._database.read() as tx:
            entered = await self._session_store.by_sid(tx, client_id=hint.client_id, sid=hint.sid)
        return None if entered is None or entered.subject != hint.subject else entered.session_id

    async def _end_session(self, session_id: str | None, visit: Visit | None) -> None:
        """Ending what is gone already is success."""
        if session_id is None:
            return
        deliveries: Sequence[LogoutDelivery] = ()
        async with self._database.write() as tx:
            session = await self._session_store.get(tx, session_id)
            if session is not None:
                deliveries = await self._end(tx, session, reason="portal-log-out")
                await tx.commit()
        await self._deliver.attempt(deliveries)

    async def _return_address(self, hint: Hint, parameters: Parameters) -> str | None:
        uri = parameters.get("post_logout_redirect_uri")
        client = await self._registry.active(hint.client_id)
        if uri is None or client is None or not is_registered(uri, client.post_logout_redirect_uris):
            return None
        return with_parameters(uri, {"state": parameters.get("state")})
