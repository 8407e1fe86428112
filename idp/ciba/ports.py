"""What CIBA needs: a store of requests, and a messenger to the clients' notification endpoints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from core.db.database import ReadTx, WriteTx
from idp.ciba.model import BackchannelRequest, RequestState


class BackchannelStore(Protocol):
    """Every method works inside the transaction it is given; one-time things answer True to one caller."""

    async def add(self, tx: WriteTx, request: BackchannelRequest) -> None: ...

    async def get(self, tx: ReadTx, request_id: str) -> BackchannelRequest | None: ...

    async def waiting(self, tx: ReadTx, account_id: str, now: dt.datetime) -> Sequence[BackchannelRequest]:
        """What a person is asked now, the newest first."""

    async def decide(
        self,
        tx: WriteTx,
        request_id: str,
        state: RequestState,
        *,
        at: dt.datetime,
        family_id: str | None,
        notify: bool,
    ) -> bool:
        """Write the decision of a request that waits; `notify` makes its message due at once."""

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[BackchannelRequest]:
        """Requests whose message is due, the longest waiting first: decided ones, and those in push mode that nobody
        decided in time."""

    async def claim(self, tx: WriteTx, request: BackchannelRequest, *, at: dt.datetime, until: dt.datetime) -> bool:
        """Take a due message for one attempt; True for one caller only until `until`."""

    async def finish(self, tx: WriteTx, request: BackchannelRequest) -> None:
        """Write state, due time and result of an attempt."""

    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int: ...


class NotificationMessenger(Protocol):
    """Posts a message to a client's notification endpoint (CIBA Core §10.2, §10.3)."""

    async def post(self, uri: str, token: str, content: Mapping[str, Any]) -> str:
        """
        Args:
            token: the client's `client_notification_token`.

        Returns:
            `delivered`, `refused-401` and the like where another try is useless, or a short word for what went
            wrong: `status-500`, `timeout`, `unreachable`.
        """
