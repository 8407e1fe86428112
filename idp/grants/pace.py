"""How often a client may poll (RFC 8628 §3.5, CIBA Core §11): too early is answered `slow_down`.

Five seconds are added for every poll that came too early, for this and all later ones, up to a minute.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from core.clock import Clock
from core.kv.port import KeyValueStore
from idp.errors import SlowDown

STEP = 5  # seconds, RFC 8628 §3.5
_SLACK = 1.0  # a client counts from when it asked or from when it was answered; networks are not even
_LONGEST = 60
_SWAPS = 8


@dataclass(frozen=True, slots=True)
class _Pace:
    earliest: float
    interval: int


class PollPace:
    """Decides over each poll, by compare-and-swap."""

    def __init__(self, kv: KeyValueStore, clock: Clock, interval: int) -> None:
        self._kv = kv
        self._clock = clock
        self._interval = interval

    async def keep(self, name: str, lifetime: int) -> None:
        """Count a poll.

        Args:
            name: what is polled for.
            lifetime: seconds after which nobody polls for it any more.

        Raises:
            SlowDown: it came too early.
        """
        key = f"idp:pace:{name}"
        for _ in range(_SWAPS):
            stored = await self._kv.get(key)
            before = None if stored is None else msgspec.json.decode(stored, type=_Pace)
            now = self._clock.now().timestamp()
            early = before is not None and now < before.earliest
            after = msgspec.json.encode(self._after(before, now, early=early))
            if stored is None:
                done = await self._kv.put_if_absent(key, after, lifetime)
            else:
                done = await self._kv.compare_and_swap(key, stored, after, lifetime)
            if done and not early:
                return
            if done:
                break
        raise SlowDown("polled too often; wait five seconds longer from now on")

    def _after(self, before: _Pace | None, now: float, *, early: bool) -> _Pace:
        interval = self._interval if before is None else before.interval
        if early:
            interval = min(interval + STEP, max(_LONGEST, self._interval))
        return _Pace(now + interval - _SLACK, interval)
