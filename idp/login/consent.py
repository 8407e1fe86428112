"""Consent to a portal: decided once, remembered per portal and scopes, withdrawn with one step (PIPL Art. 13–16)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.audit.event import AuditEvent, Detail, Outcome
from core.clock import Clock
from core.db.database import Database
from core.errors import NotAuthenticated, NotFound
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.clients.description import CLIENT_ID
from idp.login.consent_question import AskConsent, ConsentQuestion
from idp.login.consent_terms import extended
from idp.login.interactions import Interactions
from idp.login.sessions import Sessions, Visit
from idp.model import Consent
from idp.ports import ConsentStore, TokenStore


class DecideConsent:
    """The use case behind the consent page's buttons."""

    def __init__(
        self,
        database: Database,
        consents: ConsentStore,
        interactions: Interactions,
        sessions: Sessions,
        ask: AskConsent,
        clock: Clock,
    ) -> None:
        self._database = database
        self._consents = consents
        self._interactions = interactions
        self._sessions = sessions
        self._ask = ask
        self._clock = clock

    async def __call__(
        self, interaction_id: str, session: str | None, granted: bool, left_out: Collection[str] = ()
    ) -> None:
        """Write the decision down; the portal learns of it when the browser goes on to `/authorize/resume`.

        Args:
            session: value of the session cookie.
            left_out: scopes that the person does not give; what may not be left out is not.

        Raises:
            NotAuthenticated: `not-logged-in`.
            InteractionGone: the portal's request has expired.
        """
        visit = await self._sessions.find(session)
        if visit is None:
            raise NotAuthenticated(
                "not-logged-in", Text("登录已过期，请重新登录。", "Your log-in has expired. Log in again.")
            )
        question = await self._ask(interaction_id, visit.account.id)
        declined = tuple(item.scope for item in question.items if item.optional and item.scope in left_out)
        agreed = tuple(item.scope for item in question.items if item.scope not in declined)
        await self._record(visit, question, granted, agreed, declined)
        await self._interactions.decided(interaction_id, visit.session.id, granted=granted, agreed=agreed)

    async def _record(
        self,
        visit: Visit,
        question: ConsentQuestion,
        granted: bool,
        agreed: Sequence[str],
        declined: Sequence[str],
    ) -> None:
        account_id, client_id = visit.account.id, question.client.id
        actor = Principal(PrincipalKind.PERSON, account_id, session=visit.session.id)
        async with self._database.write() as tx:
            if granted:
                earlier = await self._consents.get(tx, account_id=account_id, client_id=client_id)
                now = self._clock.now()
                await self._consents.remember(
                    tx, extended(earlier, account_id, client_id, agreed=agreed, declined=declined, at=now)
                )
            detail: Detail = {
                "client": client_id,
                "scopes": " ".join(agreed),
                "left_out": " ".join(declined),
                "details": " ".join(str(one["type"]) for one in question.details),
            }
            outcome: Outcome = "done" if granted else "refused"
            tx.audit(AuditEvent("portal-consent.grant", outcome, actor, account_id, detail=detail))
            await tx.commit()


class Consents:
    """A person's own list of consents to portals, and the way back out."""

    def __init__(self, database: Database, consents: ConsentStore, tokens: TokenStore, clock: Clock) -> None:
        self._database = database
        self._consents = consents
        self._tokens = tokens
        self._clock = clock

    async def of(self, person: Principal) -> Sequence[Consent]:
        """The newest first."""
        async with self._database.read() as tx:
            return await self._consents.of_account(tx, person.id)

    async def withdraw(self, person: Principal, client_id: str) -> None:
        """Forget the consent; tokens that rest on it are dead at once (PIPL Art. 15).

        Raises:
            NotFound: `consent-not-found`.
        """
        async with self._database.write() as tx:
            known = CLIENT_ID.fullmatch(client_id) is not None
            if not known or not await self._consents.withdraw(tx, account_id=person.id, client_id=client_id):
                raise NotFound("consent-not-found", Text("没有这项授权。", "There is no such consent."))
            revoked = await self._tokens.revoke_between(
                tx,
                account_id=person.id,
                client_id=client_id,
                at=self._clock.now(),
                reason="consent-withdrawn",
            )
            detail: Detail = {"client": client_id, "tokens": revoked}
            tx.audit(AuditEvent("portal-consent.withdraw", "done", person, person.id, detail=detail))
            await tx.commit()
