"""Hands messages to the city's gateway over HTTP: one signed request for each.

RFC 9421 (HTTP Message Signatures), RFC 9530 (Content-Digest). The gateway answers 2xx when it has the message, 4xx when
it never will; anything else means "not now". It drops a message whose `id` it has already.
"""

from __future__ import annotations

import orjson

from core.clock import Clock
from core.egress.errors import AddressRefused, FetchFailed
from core.egress.port import Fetcher
from core.http_signature import signature_headers
from idp.messages.ports import GatewayBusy, GatewayRefused, Letter, MessageGateway

_LATER = frozenset({408, 425, 429})


class HttpGateway:
    """Implements `MessageGateway`.

    Args:
        key_id, key: under which requests are signed; shared with the gateway.
    """

    def __init__(self, fetcher: Fetcher, url: str, *, key_id: str, key: bytes, clock: Clock) -> None:
        self._fetcher = fetcher
        self._url = url
        self._key_id = key_id
        self._key = key
        self._clock = clock

    async def deliver(self, letter: Letter) -> None:
        body = orjson.dumps(
            {
                "id": letter.id,
                "channel": letter.to.kind.value,
                "to": letter.to.value,
                "subject": letter.subject or None,
                "text": letter.text,
            }
        )
        signed = signature_headers("POST", self._url, body, key_id=self._key_id, key=self._key, at=self._clock.now())
        try:
            answer = await self._fetcher.fetch(
                self._url, method="POST", body=body, headers={"Content-Type": "application/json", **signed}
            )
        except FetchFailed as error:
            raise GatewayBusy(error.reason) from None
        except AddressRefused as error:
            raise GatewayRefused(error.reason) from None
        if answer.status in _LATER or answer.status >= 500:
            raise GatewayBusy(f"http-{answer.status}")
        if not 200 <= answer.status < 300:
            raise GatewayRefused(f"http-{answer.status}")


_: type[MessageGateway] = HttpGateway
