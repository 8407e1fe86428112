"""Somebody comes back from a provider: a log-in, or the link that its owner asked for."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.db.database import Database
from core.errors import AppError
from core.principal import ANONYMOUS, Principal, PrincipalKind
from core.text import Text
from idp import levels
from idp.errors import InvalidRequest
from idp.login.circumstances import Circumstances
from idp.login.interactions import Interactions
from idp.login.proofs import Kind, Method, Proof
from idp.login.sessions import Sessions
from idp.login.steps import LoginSteps, MoreNeeded, SignedIn
from idp.model import Account
from idp.protocol.params import Parameters, parse_parameters
from idp.upstream.attempts import Attempt, Attempts
from idp.upstream.begin import BeginSessions
from idp.upstream.errors import AttemptGone, another_linked
from idp.upstream.exchange import Exchange
from idp.upstream.model import Assertion, Provider
from idp.upstream.registry import ProviderRegistry
from idp.upstream.settle import Overtaken, SettleAccount

_TURNS = 4


@dataclass(frozen=True, slots=True)
class Arrived:
    """How it goes on.

    Attributes:
        outcome: of the log-in; None after a link.
        after: the page of ours that was asked for.
        state: whose cookie is not needed any more.
    """

    outcome: SignedIn | MoreNeeded | None
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
        steps: LoginSteps,
        begin: BeginSessions,
        interactions: Interactions,
        sessions: Sessions,
    ) -> None:
        self._database = database
        self._registry = registry
        self._attempts = attempts
        self._exchange = exchange
        self._settle = settle
        self._steps = steps
        self._begin = begin
        self._interactions = interactions
        self._sessions = sessions

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
        self, attempt: Attempt, answer: Parameters, *, flow: str | None, circumstances: Circumstances
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
                return await self._link(provider, attempt, assertion, circumstances.session_cookie, answer["state"])
            here = dataclasses.replace(circumstances, interaction_id=attempt.interaction_id, goal=attempt.after)
            return await self._log_in(provider, attempt, assertion, here, answer["state"])
        except AppError as error:
            await self._record_refusal(attempt, error)
            raise Failed(error, None if provider is None else provider.name) from None

    async def _log_in(
        self, provider: Provider, attempt: Attempt, assertion: Assertion, here: Circumstances, state: str
    ) -> Arrived:
        account = await self._settled(provider, assertion)
        return Arrived(await self._steps.proved(account, self._proof(assertion), here), attempt.after, state)

    async def _settled(self, provider: Provider, assertion: Assertion) -> Account:
        for _ in range(_TURNS):
            try:
                async with self._database.write() as tx:
                    account = await self._settle.for_log_in(tx, provider, assertion)
                    await tx.commit()
                return account
            except Overtaken:
                continue
        raise another_linked(provider.name)

    def _proof(self, assertion: Assertion) -> Proof:
        """Worth what the provider's context means here; it vouches for the methods, we for nothing beyond."""
        kinds = frozenset({Kind.KNOWLEDGE} if levels.rank(assertion.acr) < 2 else {Kind.KNOWLEDGE, Kind.POSSESSION})
        bound = levels.rank(assertion.acr) >= levels.rank(levels.BOUND_KEY)
        vouched = self._begin.vouched(assertion)
        return Proof(Method.UPSTREAM, assertion.amr, kinds, assertion.auth_time, bound, vouched)

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
                return Arrived(None, attempt.after, state, linked=True)
            except Overtaken:
                continue
        raise another_linked(provider.name)

    async def _record_refusal(self, attempt: Attempt, error: AppError) -> None:
        linking = attempt.account_id is not None
        actor = Principal(PrincipalKind.PERSON, attempt.account_id or "") if linking else ANONYMOUS
        action = "identity.link" if linking else "session.start"
        detail = {"provider": attempt.provider_id, "reason": error.code, "why": error.private[:120]}
        await self._database.record(AuditEvent(action, "refused", actor, attempt.account_id, detail=detail))
