"""The secret and personal parts of a request: sealed, in short-lived state, gone with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from core.kv.port import KeyValueStore
from keys.ports import FieldCipher


@dataclass(frozen=True, slots=True)
class SealedParts:
    """What is kept apart.

    Attributes:
        auth_req_id: as the client knows it, whichever key its MAC was made with.
        notification_token: the bearer token with which we come to the client (CIBA Core §7.1).
        binding_message: what both screens show (§7.1).
    """

    auth_req_id: str = field(repr=False)
    notification_token: str | None = field(default=None, repr=False)
    binding_message: str | None = field(default=None, repr=False)


class SealedRequestParts:
    """Keeps them under the request's id, and bound to it."""

    def __init__(self, kv: KeyValueStore, cipher: FieldCipher) -> None:
        self._kv = kv
        self._cipher = cipher

    async def put(self, request_id: str, parts: SealedParts, lifetime: int) -> None:
        key = _key(request_id)
        await self._kv.put(key, self._cipher.encrypt(msgspec.json.encode(parts).decode(), context=key), lifetime)

    async def get(self, request_id: str) -> SealedParts | None:
        """None when they are gone: then the request is as good as gone too."""
        key = _key(request_id)
        sealed = await self._kv.get(key)
        return (
            None if sealed is None else msgspec.json.decode(self._cipher.decrypt(sealed, context=key), type=SealedParts)
        )


def _key(request_id: str) -> str:
    return f"idp:ciba:{request_id}"
