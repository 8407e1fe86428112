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
from idp.logout.farewell import Farewells, Return
from idp.logout.questions import LogoutQuestion, LogoutQuestions
from idp.model import Client, LogoutDelivery, SessionClient
from idp.ports import SessionStore
from idp.protocol.params import Parameters, parse_parameters
from idp.protocol.redirect_uri import is_registered, with_parameters
from idp.tokens.id_token import Hint, IdTokens

_LONGEST = 2_048


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The session is over.

    Attributes:
        location: where the portal wants the person; None for a page of ours.
        ended_own: the session ended is the one in this browser, so its cookie can go.
        farewell: what the page of ours must do first, or show.
    """

    location: str | None = field(repr=False)
    ended_own: bool
    farewell: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ConfirmLogOut:
    """Nothing is proved: ask the person. `question` is the id of what the page may say about it."""

    question: str | None = field(default=None, repr=False)


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
        farewells: Farewells,
        questions: LogoutQuestions,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._session_store = session_store
        self._registry = registry
        self._id_tokens = id_tokens
        self._end = end
        self._deliver = deliver
        self._farewells = farewells
        self._questions = questions

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
            return await self._unproved(parameters, visit)
        entered = await self._entered(hint)
        session_id = None if entered is None else entered.session_id
        if visit is not None and session_id is not None and visit.session.id != session_id:
            return await self._ask(parameters)  # §2: the hint is not about who is here now
        if not _same_person(parameters.get("logout_hint"), hint):
            return await self._ask(parameters)
        await self._end_session(session_id, visit)
        back = self._return(parameters, await self._registry.active(hint.client_id), proved=True)
        farewell = await self._farewells.begin(session_id, back)
        return LoggedOut(None if back is None else back.address, ended_own=True, farewell=farewell)

    def _hint(self, parameters: Parameters) -> Hint | None:
        hint = self._id_tokens.read_hint(parameters.get("id_token_hint", ""))
        if hint is not None and parameters.get("client_id", hint.client_id) != hint.client_id:
            return None  # RP-Initiated Logout §2: client_id must be the one that the hint was issued to
        return hint

    async def _unproved(self, parameters: Parameters, visit: Visit | None) -> EndSessionOutcome:
        """Nobody is here to be logged out: then there is nothing to ask, and the way back may be shown."""
        if visit is not None:
            return await self._ask(parameters)
        question = await self._question(parameters)
        return LoggedOut(None, ended_own=True, farewell=await self._farewells.begin(None, question.back))

    async def _ask(self, parameters: Parameters) -> ConfirmLogOut:
        return ConfirmLogOut(await self._questions.put(await self._question(parameters)))

    async def _question(self, parameters: Parameters) -> LogoutQuestion:
        client_id = parameters.get("client_id", "")
        client = await self._registry.active(client_id) if client_id else None
        return LogoutQuestion(
            portal=None if client is None else client.name,
            back=self._return(parameters, client, proved=False),
            ui_locales=parameters.get("ui_locales", "")[:_LONGEST],
        )

    async def _entered(self, hint: Hint) -> SessionClient | None:
        async with self._database.read() as tx:
            entered = await self._session_store.by_sid(tx, client_id=hint.client_id, sid=hint.sid)
        return None if entered is None or entered.subject != hint.subject else entered

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

    def _return(self, parameters: Parameters, client: Client | None, *, proved: bool) -> Return | None:
        uri = parameters.get("post_logout_redirect_uri")
        if uri is None or client is None or not is_registered(uri, client.post_logout_redirect_uris):
            return None
        return Return(client.name, with_parameters(uri, {"state": parameters.get("state")}), proved)


def _same_person(logout_hint: str | None, hint: Hint) -> bool:
    """§2: what `logout_hint` says must not speak against the token; we know people by `sub` and `sid` only."""
    return logout_hint is None or logout_hint in (hint.subject, hint.sid)
