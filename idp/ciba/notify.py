"""Tells clients of decisions: a ping, or the tokens themselves; at once, then a few times more from the worker.

CIBA Core §10.2, §10.3, §12. Two workers never attempt the same message at once. Pushed tokens are made anew for each
attempt, so none lies in a queue.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.text import Text
from idp.ciba.model import BackchannelRequest, RequestState
from idp.ciba.ports import BackchannelStore, NotificationMessenger
from idp.ciba.sealed import SealedRequestParts
from idp.client_metadata import DeliveryMode
from idp.clients.registry import ClientRegistry
from idp.errors import OAuthError
from idp.model import Client, DeliveryState
from idp.ports import ClientErrors
from idp.settings import IdpSettings

_ARRIVED = "delivered"
_PARALLEL = 16
_CLAIMED_FOR = dt.timedelta(seconds=30)


class PushedTokens(Protocol):
    """Makes the tokens of an approved request."""

    async def __call__(self, client: Client, family_id: str, auth_req_id: str) -> Mapping[str, Any]:
        """The members of a token response.

        Raises:
            idp.errors.OAuthError: what was granted has ended meanwhile.
        """


class NotifyClients:
    """Attempts messages."""

    def __init__(
        self,
        database: Database,
        store: BackchannelStore,
        sealed: SealedRequestParts,
        registry: ClientRegistry,
        tokens: PushedTokens,
        messenger: NotificationMessenger,
        errors: ClientErrors,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._store = store
        self._sealed = sealed
        self._registry = registry
        self._tokens = tokens
        self._messenger = messenger
        self._errors = errors
        self._clock = clock
        self._settings = settings
        self._slots = asyncio.Semaphore(_PARALLEL)

    async def run(self, request_id: str) -> None:
        """Attempt the message of one request that was just decided."""
        async with self._database.read() as tx:
            request = await self._store.get(tx, request_id)
        if request is not None:
            await self._attempt([request])

    async def run_due(self, limit: int = 50) -> int:
        """Attempt what is due; answers how many. For the worker, every few seconds."""
        async with self._database.read() as tx:
            due = await self._store.due(tx, self._clock.now(), limit)
        return await self._attempt(due)

    async def _attempt(self, requests: Sequence[BackchannelRequest]) -> int:
        if not requests:
            return 0
        now = self._clock.now()
        async with self._database.write() as tx:
            claimed = [one for one in requests if await self._store.claim(tx, one, at=now, until=now + _CLAIMED_FOR)]
            await tx.commit()
        results = await asyncio.gather(*(self._post(one) for one in claimed))
        for request, result in zip(claimed, results, strict=True):
            if result != _ARRIVED:
                self._errors.note(request.client_id, "backchannel-notification", _failed(result))
        async with self._database.write() as tx:
            for request, result in zip(claimed, results, strict=True):
                await self._store.finish(tx, self._after(request, result))
            await tx.commit()
        return len(claimed)

    async def _post(self, request: BackchannelRequest) -> str:
        client = await self._registry.active(request.client_id)
        uri = client.metadata.backchannel_client_notification_endpoint if client else None
        parts = await self._sealed.get(request.id)
        if client is None or uri is None or parts is None or parts.notification_token is None:
            return "refused-not-registered"
        async with self._slots:
            content = await self._content(request, client, parts.auth_req_id)
            return await self._messenger.post(uri, parts.notification_token, content)

    async def _content(self, request: BackchannelRequest, client: Client, auth_req_id: str) -> Mapping[str, Any]:
        if request.mode is DeliveryMode.PING:
            return {"auth_req_id": auth_req_id}  # §10.2: what was decided the client asks for itself
        if request.state is RequestState.PENDING:
            return _error(auth_req_id, "expired_token", "the person has not decided in time")  # §12
        if request.state is RequestState.REFUSED or request.family_id is None:
            return _error(auth_req_id, "access_denied", "the person did not agree")
        try:
            return {"auth_req_id": auth_req_id, **await self._tokens(client, request.family_id, auth_req_id)}
        except OAuthError as error:
            return _error(auth_req_id, "transaction_failed", error.description)

    def _after(self, request: BackchannelRequest, result: str) -> BackchannelRequest:
        attempts = request.notice_attempts + 1
        if result == _ARRIVED:
            state = DeliveryState.DELIVERED
        elif result.startswith("refused") or attempts >= self._settings.notice_attempts:
            state = DeliveryState.GIVEN_UP
        else:
            state = DeliveryState.PENDING
        pause = self._settings.notice_retry_after * 2 ** (attempts - 1)  # 5 s, 10 s, 20 s, 40 s
        due_at = self._clock.now() + dt.timedelta(seconds=pause)
        return dataclasses.replace(request, notice=state, notice_due_at=due_at, notice_result=result)


def _failed(result: str) -> AppError:
    """For the client's developers, who see no answer of ours to look into."""
    text = Text("通知没有送到：{result}。", "the notification endpoint did not take the message: {result}")
    return AppError("notification-failed", text.format(result=result))


def _error(auth_req_id: str, code: str, description: str) -> Mapping[str, str]:
    return {"auth_req_id": auth_req_id, "error": code, "error_description": description}
