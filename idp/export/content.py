"""Where a finished copy lies: encrypted in the short-lived store, which forgets it by itself."""

from __future__ import annotations

import base64
import zlib

from core.kv.port import KeyValueStore
from keys.ports import FieldCipher


class ExportContent:
    """Over the key-value store; never in the database, so never in a backup."""

    def __init__(self, kv: KeyValueStore, cipher: FieldCipher) -> None:
        self._kv = kv
        self._cipher = cipher

    async def put(self, export_id: str, content: bytes, *, seconds: int) -> None:
        key = _key(export_id)
        packed = base64.b64encode(zlib.compress(content)).decode()
        await self._kv.put(key, self._cipher.encrypt(packed, context=key), seconds)

    async def get(self, export_id: str) -> bytes | None:
        key = _key(export_id)
        sealed = await self._kv.get(key)
        return None if sealed is None else zlib.decompress(base64.b64decode(self._cipher.decrypt(sealed, context=key)))

    async def drop(self, export_id: str) -> None:
        await self._kv.delete(_key(export_id))


def _key(export_id: str) -> str:
    return f"idp:export:{export_id}"
