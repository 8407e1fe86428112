"""Somebody comes back from a provider: a log-in, or the link that its owner asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.principal import ANONYMOUS, Principal, PrincipalKind
from core.text import Text
from idp.errors import InvalidRequest
from idp.login.interactions import Interactions
from idp.login.open_session import OpenedSession, OpenSession
from idp.login.sessions import Authentication, Sessions
from idp.logout.deliver import DeliverLogouts
from idp.protocol.params import Parameters, parse_parameters
from idp.upstream.attempts import Attempt, Attempts
from idp.upstream.errors import AttemptGone, another_linked
from idp.upstream.exchange import Exchange
from idp.upstream.model import Assertion, Provider, UpstreamSession
from idp.upstream.ports import UpstreamSessionStore
from idp.upstream.registry import ProviderRegistry
from idp.upstream.settle import Overtaken, SettleAccount
from keys.ports import FieldCipher

_TURNS = 4


@dataclass(frozen=True, slots=True)
class Arrived:
    """How it goes on.

    Attributes:
        session_cookie_value: the browser's new session; None after a link.
        interaction_id: the portal's request to resume; None for our own pages.
        after: the page of ours that was asked for.
        state: whose cookie is not needed any more.
    """

    session_cookie_value: str | None = field(repr=False)
    interaction_id: str | None = field(repr=False)
    after: str | None
    state: str = field(repr=False)
    linked: bool = False


class Failed(Exception):
    """It came to nothing; `cause` says why, `name` is the provider's, if it is in use."""

    def __init__(self, cause: AppError, name: Text | None) -> None:
        super().__init__(cause.code)
        self.cause = cause
        self.name = name


class Arrive:
    """The use case behind the redirect URI."""

    def __init__(
        self,
        database: Database,
        registry: ProviderRegistry,
        attempts: Attempts,
        exchange: Exchange,
        settle: SettleAccount,
        open_session: OpenSession,
        begun: UpstreamSessionStore,
        interactions: Interactions,
        sessions: Sessions,
        deliver: DeliverLogouts,
        fields: FieldCipher,
        clock: Clock,
    ) -> None:
        self._database = database
        self._registry = registry
        self._attempts = attempts
        self._exchange = exchange
        self._settle = settle
        self._open = open_session
        self._begun = begun
        self._interactions = interactions
        self._sessions = sessions
        self._deliver = deliver
        self._fields = fields
        self._clock = clock

    async def attempt(self, provider_id: str, query: bytes, browser: str | None) -> tuple[Attempt, Parameters]:
        """Use up the attempt that an answer belongs to (step 1).

        Raises:
            AttemptGone: no such attempt in this browser, or the answer cannot be read.
        """
        try:
            answer = parse_parameters(query)
        except InvalidRequest as error:
            raise AttemptGone(private=error.description) from None
        state = answer.get("state", "")
        return await self._attempts.take(state, browser, provider_id=provider_id), answer

    async def __call__(
        self, attempt: Attempt, answer: Parameters, *, flow: str | None, session_cookie: str | None
    ) -> Arrived:
        """
        Args:
            flow: value of the interaction's cookie, when the attempt is for one.

        Raises:
            Failed: with the refusal, which is on record.
        """
        provider = None
        try:
            provider = await self._registry.active(attempt.provider_id)
            if attempt.interaction_id is not None:
                await self._interactions.in_browser(attempt.interaction_id, flow)
            assertion = await self._exchange(provider, attempt, answer)
            if attempt.purpose == "link":
                return await self._link(provider, attempt, assertion, session_cookie, answer["state"])
            return await self._log_in(provider, attempt, assertion, session_cookie, answer["state"])
        except AppError as error:
            await self._record_refusal(attempt, error)
            raise Failed(error, None if provider is None else provider.name) from None

    async def _log_in(
        self, provider: Provider, attempt: Attempt, assertion: Assertion, session_cookie: str | None, state: str
    ) -> Arrived:
        opened = await self._opened(provider, assertion, session_cookie)
        await self._deliver.attempt(opened.deliveries)
        if attempt.interaction_id is not None:
            await self._interactions.signed_in(attempt.interaction_id, opened.session.cookie_digest)
        return Arrived(opened.cookie, attempt.interaction_id, attempt.after, state)

    async def _opened(self, provider: Provider, assertion: Assertion, session_cookie: str | None) -> OpenedSession:
        how = Authentication(f"upstream:{provider.id}", assertion.acr, assertion.amr, assertion.auth_time)
        for _ in range(_TURNS):
            try:
                async with self._database.write() as tx:
                    account = await self._settle.for_log_in(tx, provider, assertion)
                    opened = await self._open(tx, account, session_cookie, how)
                    await self._begun.put(tx, self._session(assertion, opened.session.id))
                    await tx.commit()
                return opened
            except Overtaken:
                continue
        raise another_linked(provider.name)

    async def _link(
        self, provider: Provider, attempt: Attempt, assertion: Assertion, session_cookie: str | None, state: str
    ) -> Arrived:
        """Only in the very session that asked for it: a log-in of somebody else meanwhile must not get the link."""
        visit = await self._sessions.find(session_cookie)
        if visit is None or (visit.account.id, visit.session.id) != (attempt.account_id, attempt.session_id):
            raise AttemptGone(private="another session")
        for _ in range(_TURNS):
            try:
                async with self._database.write() as tx:
                    await self._settle.for_owner(tx, provider, assertion, visit.account)
                    await tx.commit()
                return Arrived(None, None, attempt.after, state, linked=True)
            except Overtaken:
                continue
        raise another_linked(provider.name)

    def _session(self, assertion: Assertion, session_id: str) -> UpstreamSession:
        context = id_token_context(session_id, assertion.provider_id)
        return UpstreamSession(
            session_id=session_id,
            provider_id=assertion.provider_id,
            subject=assertion.subject,
            sid=assertion.sid,
            id_token_sealed=self._fields.encrypt(assertion.id_token, context=context),
            begun_at=self._clock.now(),
        )

    async def _record_refusal(self, attempt: Attempt, error: AppError) -> None:
        linking = attempt.account_id is not None
        actor = Principal(PrincipalKind.PERSON, attempt.account_id or "") if linking else ANONYMOUS
        action = "identity.link" if linking else "session.start"
        detail = {"provider": attempt.provider_id, "reason": error.code, "why": error.private[:120]}
        await self._database.record(AuditEvent(action, "refused", actor, attempt.account_id, detail=detail))


def id_token_context(session_id: str, provider_id: str) -> str:
    """The place that an ID token is bound to."""
    return f"upstream_session.id_token_sealed:{session_id}:{provider_id}"
