"""Keeps what a page shows for some minutes, so that it can be reloaded, translated and printed.

What lies here may be personal data: it is encrypted, its key in the store is a digest, and only the browser session
that put it there finds it again.
"""

from __future__ import annotations

import base64
import hashlib

from starlette.requests import Request

from api.deps import container
from core.ids import new_secret
from core.kv.port import KeyValueStore
from keys.ports import FieldCipher

PUBLIC = "public"  # owner of what visitors without a log-in put here: only the token protects it


class Shelf:
    """Short-lived page state over the key-value store."""

    def __init__(self, kv: KeyValueStore, cipher: FieldCipher) -> None:
        self._kv = kv
        self._cipher = cipher

    async def put(self, content: bytes, *, owner: str, seconds: int) -> str:
        """Keep `content`; answers the token for its address. `owner` is a session id or `PUBLIC`."""
        token = new_secret(32)
        await self.put_at(token, "", content, owner=owner, seconds=seconds)
        return token

    async def put_at(self, token: str, part: str, content: bytes, *, owner: str, seconds: int) -> None:
        """Keep a further part under a token that exists."""
        key = _key(owner, token, part)
        sealed = self._cipher.encrypt(base64.b64encode(content).decode(), context=key)
        await self._kv.put(key, sealed, seconds)

    async def get(self, token: str, *, owner: str, part: str = "") -> bytes | None:
        """What was kept; None when it is gone, never was, or is another's."""
        key = _key(owner, token, part)
        sealed = await self._kv.get(key)
        return None if sealed is None else base64.b64decode(self._cipher.decrypt(sealed, context=key))

    async def drop(self, token: str, *, owner: str, part: str = "") -> None:
        """Forget one part at once."""
        await self._kv.delete(_key(owner, token, part))


def shelf(request: Request) -> Shelf:
    """The shelf of this service."""
    ground = container(request).ground
    return Shelf(ground.kv, ground.keys.secrets.fields.short_lived)


def _key(owner: str, token: str, part: str) -> str:
    digest = hashlib.sha256("\x00".join((owner, token, part)).encode("utf-8", "replace")).hexdigest()
    return f"shelf:{digest}"
