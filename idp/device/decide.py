"""The person's side: which device asks for what, and the decision about it (RFC 8628 §3.3; attacks O-42).

1 the person has logged in and types the code, 2 a page names the client and what it asks for, 3 they agree or not.
Between 2 and 3 lies a ticket that only the session has in which the code was typed, so neither a link nor another
person's page leads to a decision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.principal import Principal, PrincipalKind
from idp.clients.registry import ClientRegistry
from idp.device.guessing import CodeGuessing
from idp.device.model import DeviceState
from idp.device.requests import DeviceRequests, Found
from idp.device.user_code import LENGTH, read_user_code
from idp.errors import UserCodeUnknown
from idp.login.asked_items import AskedItems, AskItems
from idp.login.elsewhere import Agreed, GrantElsewhere
from idp.login.sessions import Visit
from idp.model import Client, GrantType
from idp.protocol.authorization_details import Detail
from idp.settings import IdpSettings
from idp.token_uses import USER_CODE
from keys.ports import TokenDigests


@dataclass(frozen=True, slots=True)
class DeviceQuestion:
    """What the person is asked.

    Attributes:
        user_code: canonical form, to be compared with the device's screen.
        asked: what it would get: no more than the person has to give.
    """

    user_code: str = field(repr=False)
    client: Client
    asked: AskedItems
    authorization_details: tuple[Detail, ...]
    asked_at: dt.datetime
    expires_at: dt.datetime


class DecideDevice:
    """The use case behind the page `/device`."""

    def __init__(
        self,
        database: Database,
        requests: DeviceRequests,
        guessing: CodeGuessing,
        registry: ClientRegistry,
        ask: AskItems,
        grant: GrantElsewhere,
        kv: KeyValueStore,
        digests: TokenDigests,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._requests = requests
        self._guessing = guessing
        self._registry = registry
        self._ask = ask
        self._grant = grant
        self._kv = kv
        self._digests = digests
        self._clock = clock
        self._settings = settings

    async def enter(self, visit: Visit, typed: str, source: str) -> str:
        """A ticket for the next page.

        Args:
            source: network address of the browser.

        Raises:
            LimitExceeded: `too-many-codes`.
            UserCodeUnknown: no such code waits; the same for all that is wrong with it.
        """
        code = read_user_code(typed)
        if code is None:
            raise UserCodeUnknown()  # no code looks like that, so nothing was guessed
        await self._guessing.admit(visit.account.id, source)
        await self._waiting(code)
        ticket = code + new_secret(24)
        await self._kv.put(self._ticket_keys(ticket, visit)[0], b"", self._settings.device_lifetime)
        return ticket

    async def question(self, visit: Visit, ticket: str) -> DeviceQuestion:
        """
        Raises:
            UserCodeUnknown: another session's ticket, or the request is not waiting any more.
        """
        code = await self._ticket(visit, ticket)
        found, client = await self._waiting(code)
        return DeviceQuestion(
            code,
            client,
            await self._ask(client, found.request.scopes, visit.account.id),
            found.request.authorization_details,
            dt.datetime.fromtimestamp(found.request.asked_at, dt.UTC),
            dt.datetime.fromtimestamp(found.request.expires_at, dt.UTC),
        )

    async def decide(self, visit: Visit, ticket: str, *, granted: bool, left_out: Collection[str] = ()) -> None:
        """Write the decision down; the device learns of it at its next poll.

        Args:
            left_out: scopes that the person does not give; what may not be left out is not.

        Raises:
            UserCodeUnknown: as `question`, or somebody else has decided.
            NotPermitted: `log-in-too-weak`.
        """
        question = await self.question(visit, ticket)
        if granted:
            await self._grant.check(visit, question.client)
        found = await self._requests.take_user_code(question.user_code)  # of several who decide, one does
        if found is None:
            raise UserCodeUnknown()
        state, family_id = DeviceState.REFUSED, None
        if granted:
            state, family_id = DeviceState.APPROVED, await self._approve(visit, question, found, left_out)
        else:
            await self._note_refusal(visit, question)
        if not await self._requests.decide(found, state, family_id):
            raise UserCodeUnknown()

    async def _approve(self, visit: Visit, question: DeviceQuestion, found: Found, left_out: Collection[str]) -> str:
        scopes, declined = question.asked.decided(left_out)
        agreed = Agreed(
            GrantType.DEVICE_CODE,
            scopes,
            question.expires_at,
            found.request.resources,
            found.request.authorization_details,
            declined,
        )
        async with self._database.write() as tx:
            family = await self._grant(tx, visit, question.client, agreed)
            await tx.commit()
        return family.id

    async def _note_refusal(self, visit: Visit, question: DeviceQuestion) -> None:
        actor = Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)
        detail = {"client": question.client.id, "grant": "device"}
        await self._database.record(AuditEvent("portal.enter", "refused", actor, visit.account.id, detail=detail))

    async def _waiting(self, code: str) -> tuple[Found, Client]:
        found = await self._requests.by_user_code(code)
        if found is None or found.request.expires_at <= self._clock.now().timestamp():
            raise UserCodeUnknown()
        client = await self._registry.active(found.request.client_id)
        if client is None:
            raise UserCodeUnknown()
        return found, client

    async def _ticket(self, visit: Visit, ticket: str) -> str:
        """The code that was typed in this session."""
        for key in self._ticket_keys(ticket, visit):
            if await self._kv.get(key) is not None:
                return ticket[:LENGTH]
        raise UserCodeUnknown()

    def _ticket_keys(self, ticket: str, visit: Visit) -> list[str]:
        name = f"{visit.session.id}\x00{ticket}"
        return [f"idp:device-ticket:{digest}" for digest in self._digests.digests(USER_CODE, name)]
