"""Tries that hit nothing, counted for each caller: whoever guesses is paused, whoever works is not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from core.kv.port import KeyValueStore
from core.principal import Principal


@dataclass(frozen=True, slots=True)
class Misses:
    """One kind of try.

    Attributes:
        what: names the kind in keys of the store.
        most: misses in `seconds` after which the caller is paused for as long.
    """

    kv: KeyValueStore
    what: str
    most: int
    seconds: int

    async def paused(self, actor: Principal) -> bool:
        """To be asked before anything is looked at: a hit while paused would tell as much as one before."""
        return await self.kv.get(f"certstore:{self.what}:paused:{_named(actor)}") is not None

    async def count(self, actor: Principal) -> None:
        who = _named(actor)
        if await self.kv.incr(f"certstore:{self.what}:misses:{who}", self.seconds) >= self.most:
            await self.kv.put(f"certstore:{self.what}:paused:{who}", b"1", self.seconds)


def _named(actor: Principal) -> str:
    return hashlib.sha256(actor.id.encode()).hexdigest()[:32]
