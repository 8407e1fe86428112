"""Device requests in short-lived state: found by device code and by user code, decided once, fetched once.

Both codes are stored as keyed digests only. Whoever takes the user code decides; whoever takes an approved request gets
its tokens: one atomic step each, whatever number of workers is asked (attacks O-42).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import msgspec

from core.clock import Clock
from core.errors import Unavailable
from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.text import Text
from idp.device.model import DeviceRequest, DeviceState
from idp.device.user_code import new_user_code
from idp.token_uses import DEVICE_CODE, USER_CODE
from keys.ports import TokenDigests

KEPT_AFTER = 600
"""Seconds for which an expired request can still be told from one that never was (`expired_token`)."""

_DRAWS = 5  # the same code twice among some thousands is unlikely; five times in a row does not happen


@dataclass(frozen=True, slots=True)
class Issued:
    """The two codes of a new request; the only place where they stand in the clear."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """A stored request, and where it lies."""

    key: str = field(repr=False)
    stored: bytes = field(repr=False)
    request: DeviceRequest


class DeviceRequests:
    """Keeps them."""

    def __init__(self, kv: KeyValueStore, digests: TokenDigests, clock: Clock) -> None:
        self._kv = kv
        self._digests = digests
        self._clock = clock

    async def begin(self, request: DeviceRequest, lifetime: int) -> Issued:
        """Store a new request.

        Raises:
            Unavailable: `no-user-code`.
        """
        device_code = new_secret()
        key = _key(self._digests.digest(DEVICE_CODE, device_code))
        await self._kv.put(key, msgspec.json.encode(request), lifetime + KEPT_AFTER)
        for _ in range(_DRAWS):
            user_code = new_user_code()
            name = _user_key(self._digests.digest(USER_CODE, user_code))
            if await self._kv.put_if_absent(name, key.encode(), lifetime):
                return Issued(device_code, user_code)
        raise Unavailable("no-user-code", Text("暂时给不出代码，请再试一次。", "No code is free. Try again."))

    async def by_device_code(self, device_code: str) -> Found | None:
        for digest in self._digests.digests(DEVICE_CODE, device_code):
            found = await self._read(_key(digest))
            if found is not None:
                return found
        return None

    async def by_user_code(self, user_code: str) -> Found | None:
        """The request that waits for a decision under this code."""
        for digest in self._digests.digests(USER_CODE, user_code):
            key = await self._kv.get(_user_key(digest))
            if key is not None:
                return await self._read(key.decode())
        return None

    async def take_user_code(self, user_code: str) -> Found | None:
        """The same, for the one caller who may decide; afterwards the code leads nowhere."""
        for digest in self._digests.digests(USER_CODE, user_code):
            key = await self._kv.take(_user_key(digest))
            if key is not None:
                return await self._read(key.decode())
        return None

    async def decide(self, found: Found, state: DeviceState, family_id: str | None = None) -> bool:
        """Write the decision down; False when the request is not pending any more."""
        decided = dataclasses.replace(found.request, state=state, family_id=family_id)
        kept = max(1.0, found.request.expires_at - self._clock.now().timestamp()) + KEPT_AFTER
        return await self._kv.compare_and_swap(found.key, found.stored, msgspec.json.encode(decided), kept)

    async def take(self, found: Found) -> DeviceRequest | None:
        """The request, removed, for exactly one caller."""
        stored = await self._kv.take(found.key)
        return None if stored is None else msgspec.json.decode(stored, type=DeviceRequest)

    async def _read(self, key: str) -> Found | None:
        stored = await self._kv.get(key)
        return None if stored is None else Found(key, stored, msgspec.json.decode(stored, type=DeviceRequest))


def _key(digest: str) -> str:
    return f"idp:device:{digest}"


def _user_key(digest: str) -> str:
    return f"idp:device-user:{digest}"
