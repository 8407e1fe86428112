"""Codes, screens and presentations in short-lived state: encrypted, found by keyed digests, decided by one operation.

A code is read by one `take`; a presentation changes only by compare-and-swap. What is stored under a code cannot be
found without it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TypeVar

import msgspec

from certstore.presentation.codes import new_presentation_code
from certstore.presentation.model import KEPT_SECONDS, OpenCode, Presentation, Showing, ShownCode
from core.clock import Clock
from core.ids import is_id
from core.kv.port import KeyValueStore
from keys.ports import FieldCipher, TokenDigests

_CODE, _SCREEN = "presentation-code", "presentation-screen"
_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A stored code, and where it lies."""

    key: str = dataclasses.field(repr=False)
    code: ShownCode


class Kept:
    """Keeps them."""

    def __init__(self, kv: KeyValueStore, cipher: FieldCipher, digests: TokenDigests, clock: Clock) -> None:
        self._kv = kv
        self._cipher = cipher
        self._digests = digests
        self._clock = clock

    # codes

    async def put_code(self, shown: ShownCode) -> OpenCode:
        """Make a code for what is shown; no two live codes are the same."""
        seconds = (shown.expires_at - self._clock.now()).total_seconds()
        while True:
            code = new_presentation_code()
            key = _code_key(self._digests.digest(_CODE, code))
            if await self._kv.put_if_absent(key, self._sealed(key, shown), max(1.0, seconds)):
                return OpenCode(code, shown.presentation, self._clock.now())

    async def find_code(self, code: str) -> Found | None:
        for digest in self._digests.digests(_CODE, code):
            key = _code_key(digest)
            stored = await self._kv.get(key)
            if stored is not None:
                shown = self._opened(key, stored, ShownCode)
                return Found(key, shown) if self._clock.now() < shown.expires_at else None
        return None

    async def take_code(self, found: Found) -> bool:
        """True for exactly one caller."""
        return await self._kv.take(found.key) is not None

    async def drop_code(self, code: str) -> None:
        for digest in self._digests.digests(_CODE, code):
            await self._kv.delete(_code_key(digest))

    # screens

    async def screen(self, owner: str, licence_id: str) -> Showing | None:
        for key in self._screen_keys(owner, licence_id):
            stored = await self._kv.get(key)
            if stored is not None:
                return self._opened(key, stored, Showing)
        return None

    async def put_screen(self, owner: str, showing: Showing, before: Showing | None) -> bool:
        """False, and no change, when another window of the same session was faster."""
        key, *_ = self._screen_keys(owner, showing.licence_id)
        sealed = self._sealed(key, showing)
        stored = await self._kv.get(key) if before is not None else None
        if stored is None:
            return await self._kv.put_if_absent(key, sealed, KEPT_SECONDS)
        if self._opened(key, stored, Showing) != before:
            return False
        return await self._kv.compare_and_swap(key, stored, sealed, KEPT_SECONDS)

    async def drop_screen(self, owner: str, licence_id: str) -> None:
        for key in self._screen_keys(owner, licence_id):
            await self._kv.delete(key)

    # presentations

    async def put(self, made: Presentation) -> None:
        key = _key(made.id)
        await self._kv.put(key, self._sealed(key, made), KEPT_SECONDS)

    async def presentation(self, presentation_id: str) -> Presentation | None:
        found = await self._stored(presentation_id)
        return found[1] if found else None

    async def change(self, presentation: Presentation, **changes: object) -> bool:
        """False, and no change, when it was changed or removed meanwhile."""
        found = await self._stored(presentation.id)
        if found is None or found[1] != presentation:
            return False
        key = _key(presentation.id)
        changed = dataclasses.replace(presentation, **changes)  # type: ignore[arg-type]  # names of its fields
        left = presentation.read_at + dt.timedelta(seconds=KEPT_SECONDS) - self._clock.now()
        seconds = max(1.0, left.total_seconds())
        return await self._kv.compare_and_swap(key, found[0], self._sealed(key, changed), seconds)

    async def _stored(self, presentation_id: str) -> tuple[bytes, Presentation] | None:
        if not is_id(presentation_id):  # what somebody sent instead may not even be a key
            return None
        key = _key(presentation_id)
        stored = await self._kv.get(key)
        return None if stored is None else (stored, self._opened(key, stored, Presentation))

    def _screen_keys(self, owner: str, licence_id: str) -> tuple[str, ...]:
        name = f"{owner}\x00{licence_id}"
        return tuple(f"certstore:show:screen:{digest}" for digest in self._digests.digests(_SCREEN, name))

    def _sealed(self, key: str, content: object) -> bytes:
        return self._cipher.encrypt(msgspec.json.encode(content).decode(), context=key)

    def _opened(self, key: str, stored: bytes, kind: type[_T]) -> _T:
        return msgspec.json.decode(self._cipher.decrypt(stored, context=key), type=kind)


def _code_key(digest: str) -> str:
    return f"certstore:show:code:{digest}"


def _key(presentation_id: str) -> str:
    return f"certstore:show:read:{presentation_id}"
