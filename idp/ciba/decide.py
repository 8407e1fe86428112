"""The person's side: what they are asked on their own phone, and what they say (CIBA Core §8).

Whoever looks has logged in to our pages; a request is shown to the person it is about and to nobody else. The decision,
the session and the token family that it begins are written in one transaction; only then the client is told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import NotFound
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.ciba.model import BackchannelRequest, RequestState
from idp.ciba.notify import NotifyClients
from idp.ciba.ports import BackchannelStore
from idp.ciba.sealed import SealedRequestParts
from idp.client_metadata import DeliveryMode
from idp.clients.registry import ClientRegistry
from idp.login.asked_items import AskedItems, AskItems
from idp.login.elsewhere import Agreed, GrantElsewhere
from idp.login.sessions import Visit
from idp.model import Client, GrantType


@dataclass(frozen=True, slots=True)
class BackchannelQuestion:
    """What the person is asked.

    Attributes:
        asked: what the client would get: no more than the person has to give.
        binding_message: to be compared with what the client's screen shows.
    """

    request: BackchannelRequest
    client: Client
    asked: AskedItems
    binding_message: str | None = field(repr=False)


class DecideBackchannel:
    """The use case behind the pages under `/me/sign-ins`."""

    def __init__(
        self,
        database: Database,
        store: BackchannelStore,
        sealed: SealedRequestParts,
        registry: ClientRegistry,
        ask: AskItems,
        grant: GrantElsewhere,
        notify: NotifyClients,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._sealed = sealed
        self._registry = registry
        self._ask = ask
        self._grant = grant
        self._notify = notify
        self._clock = clock

    async def waiting(self, account_id: str) -> Sequence[BackchannelQuestion]:
        """What waits for this person's answer, the newest first."""
        async with self._database.read() as tx:
            requests = await self._store.waiting(tx, account_id, self._clock.now())
        questions = [await self._question(one) for one in requests]
        return [one for one in questions if one is not None]

    async def question(self, account_id: str, request_id: str) -> BackchannelQuestion:
        """
        Raises:
            NotFound: `request-gone`: decided, expired, unknown, or somebody else's (attacks O-68).
        """
        async with self._database.read() as tx:
            request = await self._store.get(tx, request_id)
        if (
            request is None
            or request.account_id != account_id
            or request.state is not RequestState.PENDING
            or request.expires_at <= self._clock.now()
        ):
            raise _gone()
        question = await self._question(request)
        if question is None:
            raise _gone()
        return question

    async def decide(self, visit: Visit, request_id: str, *, granted: bool, left_out: Collection[str] = ()) -> None:
        """Write the decision down; a client that wants to be told has been told, or the time-out has passed, when this
        returns.

        Args:
            left_out: scopes that the person does not give; what may not be left out is not.

        Raises:
            NotFound: `request-gone`, also if somebody else has decided meanwhile.
            NotPermitted: `log-in-too-weak`.
        """
        question = await self.question(visit.account.id, request_id)
        if granted:
            await self._grant.check(visit, question.client)
        request, now = question.request, self._clock.now()
        state = RequestState.APPROVED if granted else RequestState.REFUSED
        async with self._database.write() as tx:
            family_id = await self._begin(tx, visit, question, left_out) if granted else None
            if not granted:
                tx.audit(_refusal(visit, question))
            notify = request.mode is not DeliveryMode.POLL
            if not await self._store.decide(tx, request_id, state, at=now, family_id=family_id, notify=notify):
                raise _gone()  # of several decisions one counts; what this one began is rolled back
            await tx.commit()
        if notify:
            await self._notify.run(request_id)

    async def _begin(self, tx: WriteTx, visit: Visit, question: BackchannelQuestion, left_out: Collection[str]) -> str:
        request = question.request
        scopes, declined = question.asked.decided(left_out)
        agreed = Agreed(
            GrantType.CIBA,
            scopes,
            request.expires_at,
            request.resources,
            request.authorization_details,
            declined,
        )
        return (await self._grant(tx, visit, question.client, agreed)).id

    async def _question(self, request: BackchannelRequest) -> BackchannelQuestion | None:
        client = await self._registry.active(request.client_id)
        parts = await self._sealed.get(request.id)
        if client is None or parts is None:
            return None
        asked = await self._ask(client, request.scopes, request.account_id)
        return BackchannelQuestion(request, client, asked, parts.binding_message)


def _refusal(visit: Visit, question: BackchannelQuestion) -> AuditEvent:
    actor = Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)
    detail = {"client": question.client.id, "grant": "ciba"}
    return AuditEvent("portal.enter", "refused", actor, visit.account.id, detail=detail)


def _gone() -> NotFound:
    return NotFound(
        "request-gone",
        Text(
            "这个登录请求已经处理过，或者过期了。需要的话，请对方重新发起。",
            "This request was decided already, or has expired. If needed, they can ask again.",
        ),
    )
