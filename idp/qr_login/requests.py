"""QR requests in short-lived state: found by the code that the screen shows, changed only by compare-and-swap.

The code is made from a secret that only the screen has, so whoever scans it can decide and never log in with it. What
was approved is removed by one `take`: it logs in once (attacks O-50).
"""

from __future__ import annotations

import dataclasses
import hashlib

import msgspec

from core.clock import Clock
from core.ids import new_secret
from core.kv.port import KeyValueStore
from idp.qr_login.model import KEPT_SECONDS, QrFound, QrRequest
from idp.token_uses import QR_CODE
from keys.ports import FieldCipher, TokenDigests
from keys.primitives import base64url

_CODE_OCTETS = 18  # 24 characters: a small code that nobody guesses


def code_of(screen_secret: str) -> str:
    """What the screen shows: it says nothing about the secret."""
    return base64url.encode(hashlib.sha256(f"qr code:{screen_secret}".encode()).digest()[:_CODE_OCTETS])


class QrRequests:
    """Keeps them."""

    def __init__(self, kv: KeyValueStore, cipher: FieldCipher, digests: TokenDigests, clock: Clock) -> None:
        self._kv = kv
        self._cipher = cipher
        self._digests = digests
        self._clock = clock

    async def begin(self, request: QrRequest) -> str:
        """Store a new request; answers the screen's secret."""
        secret = new_secret()
        key = _key(self._digests.digest(QR_CODE, code_of(secret)))
        await self._kv.put(key, self._sealed(key, request), self._left(request))
        return secret

    async def find(self, code: str) -> QrFound | None:
        for digest in self._digests.digests(QR_CODE, code):
            stored = await self._kv.get(_key(digest))
            if stored is not None:
                return QrFound(_key(digest), stored, self._opened(_key(digest), stored))
        return None

    async def change(self, found: QrFound, **changes: object) -> bool:
        """False, and no change, when it was changed or removed meanwhile."""
        changed = dataclasses.replace(found.request, **changes)  # type: ignore[arg-type]  # names of its fields
        sealed = self._sealed(found.key, changed)
        return await self._kv.compare_and_swap(found.key, found.stored, sealed, self._left(changed))

    async def take(self, found: QrFound) -> QrRequest | None:
        """The request, removed, for exactly one caller."""
        stored = await self._kv.take(found.key)
        return None if stored is None else self._opened(found.key, stored)

    def is_over(self, request: QrRequest) -> bool:
        return request.expires_at <= self._clock.now()

    def _left(self, request: QrRequest) -> float:
        return max(1.0, (request.expires_at - self._clock.now()).total_seconds()) + KEPT_SECONDS

    def _sealed(self, key: str, request: QrRequest) -> bytes:
        return self._cipher.encrypt(msgspec.json.encode(request).decode(), context=key)

    def _opened(self, key: str, stored: bytes) -> QrRequest:
        return msgspec.json.decode(self._cipher.decrypt(stored, context=key), type=QrRequest)


def _key(digest: str) -> str:
    return f"idp:qr:{digest}"
