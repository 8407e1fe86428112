"""What is still needed of the person before an authorization request can be answered (OpenID Connect Core §3.1.2.3).

One look into the database says who is there, what they may do, and what they agreed to before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.clock import Clock, calendar_day
from core.db.database import Database, ReadTx
from idp import levels
from idp.agency.acting import Hat
from idp.agency.model import SELF
from idp.client_metadata import ActingDemand
from idp.errors import (
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    OAuthError,
    UnmetAuthentication,
)
from idp.login.interactions import Need, PendingInteraction
from idp.login.sessions import Sessions, Visit
from idp.model import ONE_FACTOR, Client, Consent
from idp.ports import AccountStore, ConsentStore
from idp.protocol.scopes import API_SCOPES, NEEDS_NO_CONSENT, ORGANISATION, scope_behind
from idp.requests.request import AuthorizationRequest
from idp.rights import lacking
from idp.tokens.pairwise import PairwiseNames


@dataclass(frozen=True, slots=True)
class Present:
    """Who is there.

    Attributes:
        visit: their session; None when nobody is logged in.
        scopes: of those asked for, what the person may give.
        consent: what they agreed to before.
        hats: ids of the authorisations under which they may act today; looked up only where it matters.
        reachable: authentication contexts that a log-in could reach; looked up only where one is asked for.
        demanded: the context without which nobody enters this portal.
    """

    visit: Visit | None = None
    scopes: tuple[str, ...] = ()
    consent: Consent | None = None
    hats: frozenset[str] = frozenset()
    reachable: Sequence[str] = levels.REACHABLE
    demanded: str = ONE_FACTOR


class Reach(Protocol):
    """Knows what the ways to log in can reach."""

    async def classes(self) -> Sequence[str]:
        """Authentication contexts (acr) of ours."""


class Demands(Protocol):
    """Knows what the city demands of everybody who enters a portal."""

    async def for_client(self, client_id: str) -> str:
        """An authentication context (acr); asked at every entry, so answered from memory."""


class Authorisations(Protocol):
    """Knows whom somebody may act for."""

    async def hats(self, tx: ReadTx, account_id: str) -> Sequence[Hat]:
        """Today's."""


class Needs:
    """Looks who is there, and says what is needed of them next."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        accounts: AccountStore,
        consents: ConsentStore,
        names: PairwiseNames,
        reach: Reach,
        demands: Demands,
        authorisations: Authorisations,
        clock: Clock,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._accounts = accounts
        self._consents = consents
        self._names = names
        self._reach = reach
        self._demands = demands
        self._authorisations = authorisations
        self._clock = clock

    async def look(self, request: AuthorizationRequest, session_cookie: str | None) -> Present:
        """In one read transaction."""
        asked = request.claims.essential_acr or request.acr_values
        reachable = await self._reach.classes() if asked else levels.REACHABLE
        if session_cookie is None:
            return Present(reachable=reachable)
        async with self._database.quick_read() as tx:
            visit = await self._sessions.look(tx, session_cookie, client_id=request.client_id)
            if visit is None:
                return Present(reachable=reachable)
            hats: frozenset[str] = frozenset()
            if ORGANISATION in request.scopes:
                found = await self._authorisations.hats(tx, visit.account.id)
                hats = frozenset(hat.authorisation.id for hat in found)
            scopes = await self._effective_scopes(tx, request, visit, hats)
            consent = None
            if not NEEDS_NO_CONSENT.issuperset(scopes):
                consent = await self._consents.get(tx, account_id=visit.account.id, client_id=request.client_id)
        return Present(visit, scopes, consent, hats, reachable, await self._demands.for_client(request.client_id))

    def next(
        self, request: AuthorizationRequest, client: Client, present: Present, pending: PendingInteraction | None
    ) -> Need | None:
        """None when everything is there.

        Raises:
            LoginRequired: somebody else than the one asked for has logged in.
            UnmetAuthentication: no log-in here can reach what is essential.
            AccessDenied: the person said no.
        """
        visit = present.visit
        just_now = visit is not None and pending is not None and pending.signed_in == visit.session.cookie_digest
        if "create" in request.prompt and not just_now:
            return "create"
        if visit is None or not self._is_welcome(request, client, visit, present, just_now=just_now):
            return self._log_in(request, present.reachable)
        chosen = just_now or (pending is not None and pending.chosen_in == visit.session.id)
        if "select_account" in request.prompt and not chosen:
            return "select"
        if self._must_choose_whom(request, client, visit, present.hats, pending):
            return "acting"
        if _must_prove(request, visit, pending):
            return "prove"
        return self._consent(request, visit, present, pending)

    def _log_in(self, request: AuthorizationRequest, reachable: Sequence[str]) -> Need:
        essential = request.claims.essential_acr
        if essential and not levels.within_reach(essential, reachable):
            raise UnmetAuthentication("the essential acr cannot be met")  # OIDC Core §5.5.1.1
        return "login"

    def _is_welcome(
        self,
        request: AuthorizationRequest,
        client: Client,
        visit: Visit,
        present: Present,
        *,
        just_now: bool,
    ) -> bool:
        """Whether the session will do, or, right after a log-in, must do."""
        if present.demanded != ONE_FACTOR and levels.rank(visit.session.acr) < levels.rank(present.demanded):
            return False
        if _too_weak(visit, request.claims.essential_acr):
            if just_now:
                raise UnmetAuthentication("the essential acr was not met")  # OIDC Core §5.5.1.1
            return False
        hinted = request.hinted_subject
        if hinted is not None and hinted != self._names.of(client, visit.account.id):
            if just_now:  # OIDC Core §3.1.2.2 step 4
                raise LoginRequired("another person has logged in")
            return False
        return just_now or not (
            "login" in request.prompt
            or (request.max_age is not None and self._age(visit) >= request.max_age)  # OIDC Core §3.1.2.1
            or _could_be_stronger(request.acr_values, visit, present.reachable)
        )

    def _must_choose_whom(
        self,
        request: AuthorizationRequest,
        client: Client,
        visit: Visit,
        hats: frozenset[str],
        pending: PendingInteraction | None,
    ) -> bool:
        """Whether the person has to say for whom they act.

        Raises:
            AccessDenied: the client serves organisations only, and the person may act for none.
        """
        if ORGANISATION not in request.scopes:
            return False
        acting = visit.session.acting_for
        if acting in hats:
            return False
        if client.metadata.acting is ActingDemand.REQUIRED:
            if not hats:
                raise AccessDenied("the person may act for no organisation")
            return True
        chosen = acting == SELF or (pending is not None and pending.acted_in == visit.session.id)
        return bool(hats) and not chosen

    def _age(self, visit: Visit) -> float:
        return (self._clock.now() - visit.session.authenticated_at).total_seconds()

    def _consent(
        self, request: AuthorizationRequest, visit: Visit, present: Present, pending: PendingInteraction | None
    ) -> Need | None:
        if pending is not None and pending.decided_in == visit.session.id:
            if not pending.granted:
                raise AccessDenied("the person did not agree")
            return None
        if "consent" in request.prompt or request.authorization_details:  # what is asked in detail is asked each time
            return "consent"
        return None if self._decided(request, present.consent) >= set(present.scopes) else "consent"

    def _decided(self, request: AuthorizationRequest, earlier: Consent | None) -> frozenset[str]:
        """What need not be asked: what was agreed to, and what was left out unless it is essential now."""
        if earlier is None:
            return NEEDS_NO_CONSENT
        essential = {scope_behind(claim, frozenset(request.scopes)) for claim in request.claims.essential}
        return NEEDS_NO_CONSENT | earlier.scopes | (earlier.declined - essential)

    def given(self, present: Present, pending: PendingInteraction | None) -> tuple[str, ...]:
        """The scopes that the person gives, once nothing is needed any more; never more than was asked."""
        visit, earlier = present.visit, present.consent
        if pending is not None and visit is not None and pending.decided_in == visit.session.id:
            kept = None if pending.agreed is None else NEEDS_NO_CONSENT.union(pending.agreed)
            return present.scopes if kept is None else tuple(scope for scope in present.scopes if scope in kept)
        declined = frozenset() if earlier is None else earlier.declined
        return tuple(scope for scope in present.scopes if scope not in declined)

    async def _effective_scopes(
        self, tx: ReadTx, request: AuthorizationRequest, visit: Visit, hats: frozenset[str]
    ) -> tuple[str, ...]:
        """API scopes need a role that gives them: a portal cannot lend its own rights to a citizen (attacks O-16).

        Whoever acts for themselves has no organisation to tell of.
        """
        given = request.scopes
        if ORGANISATION in given and visit.session.acting_for not in hats:
            given = tuple(scope for scope in given if scope != ORGANISATION)
        if API_SCOPES.isdisjoint(given):
            return given
        roles = await self._accounts.roles(tx, visit.account.id)
        without = lacking(roles, calendar_day(self._clock.now()))
        return tuple(scope for scope in given if scope not in without)


def _could_be_stronger(wanted: Sequence[str], visit: Visit, reachable: Sequence[str]) -> bool:
    """`acr_values` are wishes: what no log-in can reach is no reason to ask for one (OIDC Core §3.1.2.1)."""
    return _too_weak(visit, wanted) and levels.within_reach(wanted, reachable)


def _too_weak(visit: Visit, wanted: Sequence[str]) -> bool:
    return bool(wanted) and levels.met(visit.session.acr, levels.for_log_in(wanted)) is None


def _must_prove(request: AuthorizationRequest, visit: Visit, pending: PendingInteraction | None) -> bool:
    """Whether the person is led to where they can prove who they are; once for each request.

    Raises:
        UnmetAuthentication: they came back from there, and what is essential is still not met (OIDC Core §5.5.1.1).
    """
    essential = request.claims.essential_acr
    if levels.level_lacks(visit.account.level, essential or request.acr_values) is None:
        return False
    if pending is None or pending.proved_in != visit.session.id:
        return True
    if essential:
        raise UnmetAuthentication("the person is not proved to the level that is essential")
    return False


def silent_refusal(need: Need) -> OAuthError:
    """What a request with `prompt=none` is told when a page would be needed (OIDC Core §3.1.2.6)."""
    match need:
        case "login":
            return LoginRequired("a log-in is needed")
        case "consent":
            return ConsentRequired("consent is needed")
        case "select":
            return AccountSelectionRequired("an account must be chosen")
        case "acting":
            return InteractionRequired("the person must say for whom they act")
        case "prove":
            return InteractionRequired("the person would have to prove who they are")
        case "create":
            return InteractionRequired("a page is needed")
