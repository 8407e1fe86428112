"""Whether a secret of the key ring is still needed: asked before it is retired, and again before it is destroyed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence

from core.clock import Clock
from core.db.database import Database
from keys.ports import KeyRecord, KeyUsage
from keys.reencrypt.model import KeyRef
from keys.reencrypt.ports import KeyHolder
from keys.secrets.purposes import FORMER_FIELDS, FORMER_INDEX, SHORT_LIVED
from keys.spec import FIXED_PURPOSES, KeyState

SHORT_LIFE = dt.timedelta(hours=24)  # nothing short-lived is kept for longer
_FORMER = frozenset({FORMER_FIELDS, FORMER_INDEX})  # their keys are active by state, but nothing new is put under them


class StoredKeyUsage:
    """Implements `keys.ports.KeyUsage` by looking: exact, and True wherever looking does not help.

    Args:
        find: the key store's record of a key, also of a retired one.
        holders: everything that is stored under secrets of the ring.
    """

    def __init__(
        self,
        database: Database,
        find: Callable[[str], Awaitable[KeyRecord | None]],
        holders: Sequence[KeyHolder],
        clock: Clock,
    ) -> None:
        self._database = database
        self._find = find
        self._holders = holders
        self._clock = clock

    async def needed(self, key_id: str) -> bool:
        record = await self._find(key_id)
        if record is None or record.purpose in FIXED_PURPOSES:
            return True
        if record.state is KeyState.ACTIVE and record.purpose not in _FORMER:
            return True
        if record.purpose in (SHORT_LIVED, FORMER_FIELDS) and self._clock.now() < record.state_since + SHORT_LIFE:
            return True  # short-lived values cannot be counted, but they do not outlive this
        until = record.state_since if record.state is KeyState.VERIFY_ONLY else None
        return bool(await self.holders(KeyRef(key_id, record.purpose, until)))

    async def holders(self, key: KeyRef) -> Sequence[str]:
        """Names of what still needs the key."""
        async with self._database.read() as tx:
            return [holder.name for holder in self._holders if await holder.holds(tx, key)]


_: type[KeyUsage] = StoredKeyUsage
