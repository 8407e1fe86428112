"""The side of the screen: a code is shown, watched, and what was approved on the phone becomes a log-in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.ids import new_code
from core.kv.port import KeyValueStore
from core.principal import ANONYMOUS
from idp import levels
from idp.levels import TWO_FACTORS
from idp.login.circumstances import Circumstances
from idp.login.interactions import Interactions
from idp.login.proofs import Kind, Method, Proof
from idp.login.sessions import Sessions
from idp.login.steps import LoginSteps, MoreNeeded, SignedIn
from idp.model import Account, AccountStatus, Session
from idp.ports import AccountStore, SessionStore
from idp.qr_login.errors import QrGone, TooManyCodes
from idp.qr_login.model import SCAN_SECONDS, QrFound, QrRequest, QrState
from idp.qr_login.requests import QrRequests, code_of
from idp.settings import IdpSettings
from idp.source import source_of

_AGENT_LENGTH = 255
_WINDOW = 600  # seconds
_TWO_CHANNELS = "mca"  # RFC 8176 §2: more than one channel
_KNOWN_BY = frozenset({"pwd", "pin", "kba"})  # RFC 8176: what rests on knowledge


@dataclass(frozen=True, slots=True)
class ScreenView:
    """What the screen shows.

    Attributes:
        code: to be scanned; empty once it was.
        number: for the phone; empty before it was scanned.
        seconds: how long it still counts.
    """

    state: QrState
    code: str = field(repr=False)
    number: str = field(repr=False)
    seconds: int
    interaction_id: str | None = field(default=None, repr=False)
    goal: str | None = None


class QrScreen:
    """The use cases of the screen."""

    def __init__(
        self,
        database: Database,
        requests: QrRequests,
        accounts: AccountStore,
        session_store: SessionStore,
        sessions: Sessions,
        interactions: Interactions,
        steps: LoginSteps,
        kv: KeyValueStore,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._requests = requests
        self._accounts = accounts
        self._session_store = session_store
        self._sessions = sessions
        self._interactions = interactions
        self._steps = steps
        self._kv = kv
        self._clock = clock
        self._settings = settings

    async def begin(self, circumstances: Circumstances) -> str:
        """A new code; answers the secret for the screen's cookie.

        Raises:
            InteractionGone: the portal's request has expired.
            TooManyCodes: this source asks for too many.
        """
        client_id = None
        if circumstances.interaction_id is not None:
            client_id = (await self._interactions.pending(circumstances.interaction_id)).request.client_id
        source = source_of(circumstances.source)
        if await self._kv.incr(f"idp:qr-codes:{source}", _WINDOW) > self._settings.qr_codes_per_source:
            raise TooManyCodes(_WINDOW)
        now = self._clock.now()
        return await self._requests.begin(
            QrRequest(
                QrState.WAITING,
                number=new_code("123456789", 1) + new_code("0123456789", 1),
                source=source,
                user_agent=circumstances.user_agent[:_AGENT_LENGTH],
                begun_at=now,
                expires_at=now + dt.timedelta(seconds=SCAN_SECONDS),
                client_id=client_id,
                interaction_id=circumstances.interaction_id,
                goal=circumstances.goal,
            )
        )

    async def look(self, secret: str | None) -> ScreenView:
        """
        Raises:
            QrGone: there is none, or its time is over.
        """
        request = (await self._found(secret)).request
        if self._requests.is_over(request) and request.state in (QrState.WAITING, QrState.SCANNED):
            raise QrGone(private="expired")
        waiting = request.state is QrState.WAITING
        seconds = max(0, int((request.expires_at - self._clock.now()).total_seconds()))
        code = code_of(secret or "") if waiting else ""
        number = request.number if request.state is QrState.SCANNED else ""
        return ScreenView(request.state, code, number, seconds, request.interaction_id, request.goal)

    async def finish(self, secret: str | None, circumstances: Circumstances) -> SignedIn | MoreNeeded:
        """Log in with what was approved; once.

        Raises:
            QrGone: nothing was approved, it was used, or the phone has logged out meanwhile.
            InteractionGone: the portal's request has expired.
        """
        found = await self._found(secret)
        if found.request.state is not QrState.APPROVED or self._requests.is_over(found.request):
            raise QrGone(private="not approved, or too late")
        taken = await self._requests.take(found)
        if taken is None:
            raise QrGone(private="finished by another request")
        account, session = await self._confirmed_by(taken)
        proof = Proof(Method.QR, (_TWO_CHANNELS, *session.amr), _kinds(session), self._clock.now())
        return await self._steps.proved(account, proof, circumstances)

    async def _confirmed_by(self, request: QrRequest) -> tuple[Account, Session]:
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, request.account_id or "")
            session = await self._session_store.get(tx, request.session_id or "")
        if account is None or session is None or session.account_id != account.id:
            raise QrGone(private="whoever confirmed it is gone")
        if account.status is not AccountStatus.ACTIVE or not self._sessions.is_live(session):
            detail = {"reason": "qr-phone-logged-out"}
            await self._database.record(AuditEvent("session.start", "refused", ANONYMOUS, account.id, detail=detail))
            raise QrGone(private="the phone's session has ended")
        return account, session

    async def _found(self, secret: str | None) -> QrFound:
        found = None if not secret else await self._requests.find(code_of(secret))
        if found is None:
            raise QrGone(private="unknown")
        return found


def _kinds(session: Session) -> frozenset[Kind]:
    """What the phone's own log-in rested on: a screen is never surer of somebody than the phone is. The key of the
    phone's passkey was not used here, so nothing is bound."""
    if levels.rank(session.acr) >= levels.rank(TWO_FACTORS):
        return frozenset({Kind.KNOWLEDGE, Kind.POSSESSION})
    return frozenset({Kind.KNOWLEDGE if _KNOWN_BY & set(session.amr) else Kind.POSSESSION})
