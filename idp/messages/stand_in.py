"""A gateway that keeps the newest messages to be read on a page instead of carrying them: demo city and tests only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from core.clock import Clock
from core.kv.port import KeyValueStore
from idp.messages.ports import AddressKind, Letter, MessageGateway

_KEY = "demo:phone"
_KEPT, _LIFETIME, _SWAPS = 60, 86400, 20


class KeptMessage(msgspec.Struct, frozen=True):
    """A message as its receiver would read it."""

    id: str
    kind: AddressKind
    to: str
    subject: str
    text: str
    at: dt.datetime


class StandInGateway:
    """Implements `MessageGateway`; workers share what is kept."""

    def __init__(self, kv: KeyValueStore, clock: Clock) -> None:
        self._kv = kv
        self._clock = clock

    async def deliver(self, letter: Letter) -> None:
        kept = KeptMessage(letter.id, letter.to.kind, letter.to.value, letter.subject, letter.text, self._clock.now())
        for _ in range(_SWAPS):
            raw = await self._kv.get(_KEY)
            if raw is None and await self._kv.put_if_absent(_KEY, msgspec.json.encode([kept]), _LIFETIME):
                return
            before = [] if raw is None else msgspec.json.decode(raw, type=list[KeptMessage])
            if any(one.id == letter.id for one in before):
                return
            after = msgspec.json.encode([kept, *before][:_KEPT])
            if raw is not None and await self._kv.compare_and_swap(_KEY, raw, after, _LIFETIME):
                return

    async def read(self) -> Sequence[KeptMessage]:
        """The newest first."""
        raw = await self._kv.get(_KEY)
        return [] if raw is None else msgspec.json.decode(raw, type=list[KeptMessage])


_: type[MessageGateway] = StandInGateway
