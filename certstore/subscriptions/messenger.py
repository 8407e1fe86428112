"""Posts changes to receivers through the one way out, signed under the receiver's secrets (RFC 9421, RFC 9530)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import orjson

from certstore.subscriptions.model import Change, SigningSecret, Subscription
from certstore.subscriptions.ports import Messenger
from core.clock import Clock
from core.egress.address import read_target
from core.egress.errors import AddressRefused, FetchFailed
from core.egress.port import Fetcher
from core.egress.rules import EgressRules
from core.errors import InvalidInput
from core.http_signature import signed_under_each
from core.paging import encode_cursor
from core.text import Text

DELIVERED = "delivered"
REFUSED = "refused"
_MESSAGE_REFUSED = frozenset({400, 409, 413, 415, 422})  # about what was sent; anything else is about the receiver


class HttpMessenger:
    """Implements `certstore.subscriptions.ports.Messenger`: judged, pinned, bounded, no redirects (attacks O-19)."""

    def __init__(self, fetcher: Fetcher, rules: EgressRules, clock: Clock) -> None:
        self._fetcher = fetcher
        self._rules = rules
        self._clock = clock

    async def post(
        self, subscription: Subscription, changes: Sequence[Change], secrets: Sequence[SigningSecret]
    ) -> str:
        body = orjson.dumps({"subscription": subscription.id, "changes": [told(change) for change in changes]})
        return await self.send(subscription, body, secrets)

    async def send(self, subscription: Subscription, body: bytes, secrets: Sequence[SigningSecret]) -> str:
        """Any message, signed as all of them are; answers as `post`."""
        keys = [(secret.key_id, secret.value) for secret in secrets]
        signed = signed_under_each("POST", subscription.address, body, keys=keys, at=self._clock.now())
        headers = {"Content-Type": "application/json", **signed}
        try:
            answer = await self._fetcher.fetch(subscription.address, method="POST", body=body, headers=headers)
        except AddressRefused:
            return "address-refused"
        except FetchFailed as error:
            return error.reason
        if 200 <= answer.status < 300:
            return DELIVERED
        return f"{REFUSED}-{answer.status}" if answer.status in _MESSAGE_REFUSED else f"status-{answer.status}"

    def check(self, address: str) -> None:
        # nothing secret belongs into an address, where every log keeps it: messages are signed instead
        if urlsplit(address).query or urlsplit(address).fragment:
            raise InvalidInput(
                "subscription-address-invalid",
                Text(
                    "接收地址不能带查询参数：密钥不进网址，消息靠签名证明来源。",
                    "The address takes no query: secrets do not belong into addresses, messages are signed.",
                ),
                field="address",
            )
        try:
            read_target(address, self._rules)
        except AddressRefused as refused:
            raise InvalidInput(refused.code, refused.text, field="address", private=refused.private) from None


def told(change: Change) -> dict[str, object]:
    """A change as others are told of it, in the feed and in messages."""
    return {
        "id": f"{change.licence_id}.{change.sequence}",
        "position": change.position,
        "cursor": encode_cursor(change.position),
        "licence": change.licence_id,
        "sequence": change.sequence,
        "event": change.event.value,
        "state": change.state.value,
        "version": change.version,
        "identifier": change.identifier,
        "type": change.type_code,
        "issuer": change.issuer,
        "at": change.at,
    }


_: type[Messenger] = HttpMessenger
