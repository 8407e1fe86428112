"""The side of the phone: what was scanned is looked at, and decided.

A code can be passed on: shown on a fraud's page, sent as a picture. So the phone says where the screen stands, which
browser it is and what it wants to enter, and asks for two digits that only the screen shows, and only after the scan:
one try. Whoever relays a code must relay the digits as well, while the person looks at the wrong place.
"""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass, field

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal, PrincipalKind
from idp.clients.registry import ClientRegistry
from idp.factors.refusals import Refusals
from idp.login.proofs import Method
from idp.login.sessions import Visit
from idp.model import Client
from idp.qr_login.errors import QrGone, QrNotFresh, QrTaken, QrWrongNumber
from idp.qr_login.model import DECIDE_SECONDS, FRESH_SECONDS, KEPT_SECONDS, QrFound, QrRequest, QrState
from idp.qr_login.requests import QrRequests
from idp.security_events.model import SecurityEventKind
from idp.source import source_of

_SWAPS = 4


@dataclass(frozen=True, slots=True)
class PhoneView:
    """What the phone shows.

    Attributes:
        client: the portal that it is for; None for our own pages.
        source: network address of the screen.
        same_network: the phone comes from the same one.
        user_agent: what the screen's browser says that it is.
        expires_at: until when one can decide.
    """

    client: Client | None
    source: str = field(repr=False)
    same_network: bool
    user_agent: str
    begun_at: dt.datetime
    expires_at: dt.datetime


class QrPhone:
    """The use cases of the phone."""

    def __init__(
        self,
        database: Database,
        requests: QrRequests,
        registry: ClientRegistry,
        refusals: Refusals,
        clock: Clock,
    ) -> None:
        self._database = database
        self._requests = requests
        self._registry = registry
        self._refusals = refusals
        self._clock = clock

    async def scan(self, visit: Visit, code: str, source: str) -> PhoneView:
        """Look at what was scanned; the screen learns that somebody does. Whoever looks first is the one to decide.

        Args:
            source: network address of the phone.

        Raises:
            QrNotFresh, QrGone, QrTaken.
        """
        self._require_fresh(visit)
        request = await self._scanned(visit, code)
        client = None if request.client_id is None else await self._registry.active(request.client_id)
        same = request.source == source_of(source)
        return PhoneView(client, request.source, same, request.user_agent, request.begun_at, request.expires_at)

    async def decide(self, visit: Visit, code: str, *, granted: bool, number: str) -> None:
        """Say yes or no; of many callers one decides.

        Args:
            number: the digits that the screen shows; not looked at for a no.

        Raises:
            QrNotFresh, QrGone, QrTaken.
            QrWrongNumber: and the request is over: there is no second try.
        """
        self._require_fresh(visit)
        found = await self._found(code)
        if found.request.account_id != visit.account.id:
            raise QrTaken if found.request.account_id else QrGone(private="not scanned")
        if found.request.state is not QrState.SCANNED:
            raise QrGone(private="decided already")
        right = hmac.compare_digest(number.strip().encode(), found.request.number.encode())
        state = QrState.APPROVED if granted and right else QrState.REFUSED
        until = self._clock.now() + dt.timedelta(seconds=KEPT_SECONDS)
        if not await self._requests.change(found, state=state, session_id=visit.session.id, expires_at=until):
            raise QrGone(private="decided by another request")
        await self._record(visit, found.request, "" if granted and right else "wrong-number" if granted else "no")
        if granted and not right:
            raise QrWrongNumber

    def _require_fresh(self, visit: Visit) -> None:
        if (self._clock.now() - visit.session.authenticated_at).total_seconds() >= FRESH_SECONDS:
            raise QrNotFresh

    async def _scanned(self, visit: Visit, code: str) -> QrRequest:
        for _ in range(_SWAPS):
            found = await self._found(code)
            request = found.request
            if request.account_id is not None and request.account_id != visit.account.id:
                raise QrTaken
            if request.state is QrState.SCANNED:
                return request
            if request.state is not QrState.WAITING:
                raise QrGone(private="decided already")
            until = self._clock.now() + dt.timedelta(seconds=DECIDE_SECONDS)
            await self._requests.change(found, state=QrState.SCANNED, account_id=visit.account.id, expires_at=until)
        raise QrTaken

    async def _found(self, code: str) -> QrFound:
        found = await self._requests.find(code)
        if found is None or self._requests.is_over(found.request):
            raise QrGone(private="unknown or expired")
        return found

    async def _record(self, visit: Visit, request: QrRequest, reason: str) -> None:
        actor = Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)
        detail: Detail = {"client": request.client_id or ""} | ({"reason": reason} if reason else {})
        event = AuditEvent("qr-login.decide", "refused" if reason else "done", actor, visit.account.id, detail=detail)
        await self._database.record(event)
        if reason:
            self._refusals.note(
                visit.account.id,
                Method.QR,
                f"qr-{reason}",
                source=request.source,
                user_agent=request.user_agent,
                kind=SecurityEventKind.CONFIRMATION_REFUSED,
            )
