"""Keeps what a page shows for some minutes, so that it can be reloaded, translated and printed.

What lies here may be personal data: it is encrypted, its key in the store is a keyed digest, and only the browser
session that put it there finds it again.
"""

from __future__ import annotations

import base64

from starlette.requests import Request

from api.deps import container
from core.ids import new_secret
from core.kv.port import KeyValueStore
from keys.ports import FieldCipher, TokenDigests

LONGEST = 24 * 3600  # after this time nothing is under a key that has given way (`keys.reencrypt.usage`)
PUBLIC = "public"  # owner of what visitors without a log-in put here: only the token protects it


class Shelf:
    """Short-lived page state over the key-value store."""

    def __init__(self, kv: KeyValueStore, cipher: FieldCipher, digests: TokenDigests) -> None:
        self._kv = kv
        self._cipher = cipher
        self._digests = digests

    async def put(self, content: bytes, *, owner: str, seconds: int) -> str:
        """Keep `content`; answers the token for its address. `owner` is a session id or `PUBLIC`."""
        token = new_secret(32)
        await self.put_at(token, "", content, owner=owner, seconds=seconds)
        return token

    async def put_at(self, token: str, part: str, content: bytes, *, owner: str, seconds: int) -> None:
        """Keep a further part under a token that exists."""
        key, *_ = self._keys(owner, token, part)
        sealed = self._cipher.encrypt(base64.b64encode(content).decode(), context=key)
        await self._kv.put(key, sealed, min(seconds, LONGEST))

    async def get(self, token: str, *, owner: str, part: str = "") -> bytes | None:
        """What was kept; None when it is gone, never was, or is another's."""
        for key in self._keys(owner, token, part):
            sealed = await self._kv.get(key)
            if sealed is not None:
                return base64.b64decode(self._cipher.decrypt(sealed, context=key))
        return None

    async def drop(self, token: str, *, owner: str, part: str = "") -> None:
        """Forget one part at once."""
        for key in self._keys(owner, token, part):
            await self._kv.delete(key)

    def _keys(self, owner: str, token: str, part: str) -> tuple[str, ...]:
        """Where it lies: under today's key of digests, or under one that is being replaced."""
        name = "\x00".join((owner, token, part))
        return tuple(f"shelf:{digest}" for digest in self._digests.digests("shelf", name))


def shelf(request: Request) -> Shelf:
    """The shelf of this service."""
    ground = container(request).ground
    secrets = ground.keys.secrets
    return Shelf(ground.kv, secrets.fields.short_lived, secrets.tokens)
