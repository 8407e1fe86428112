"""Posts to clients' notification endpoints through the one way out (CIBA Core §10.2, §10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from core.egress.errors import AddressRefused, FetchFailed
from core.egress.port import Fetcher
from idp.ciba.ports import NotificationMessenger

_AGAIN = frozenset({408, 425, 429})  # of the answers below 500, those that ask to come back


class HttpNotificationMessenger:
    """Implements `idp.ciba.ports.NotificationMessenger`: no redirect is followed, no body is read (§10.2)."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    async def post(self, uri: str, token: str, content: Mapping[str, Any]) -> str:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            answer = await self._fetcher.fetch(uri, method="POST", body=orjson.dumps(content), headers=headers)
        except AddressRefused:
            return "refused-address"
        except FetchFailed as error:
            return error.reason
        if 200 <= answer.status < 300:
            return "delivered"
        useless = answer.status < 500 and answer.status not in _AGAIN
        return f"refused-{answer.status}" if useless else f"status-{answer.status}"


_: type[NotificationMessenger] = HttpNotificationMessenger
