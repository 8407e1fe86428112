"""Knows the browsers again from which a person logged in: they are no strangers when the account is under attack.

The cookie is a random value, the same for everybody who uses the browser; what is stored for each person is a keyed
digest of it with the account. It proves nothing and opens nothing: it only keeps the tries of strangers apart from
those of the person (attacks O-54), and lets us tell the person of a browser that is new.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.clock import Clock
from core.db.database import Database, WriteTx
from core.ids import new_secret
from idp.abuse.ports import KnownDevice, KnownDeviceStore
from idp.token_uses import DEVICE
from keys.ports import TokenDigests

KEPT = 20
"""Devices that are kept for one person."""

KEPT_FOR = dt.timedelta(days=180)
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_AGENT_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Seen:
    """A browser in which somebody has just logged in.

    Attributes:
        cookie: what it keeps.
        new: the person has logged in from others, but not from this one.
    """

    cookie: str = field(repr=False)
    new: bool


class KnownDevices:
    """Looks up and remembers."""

    def __init__(self, database: Database, store: KnownDeviceStore, digests: TokenDigests, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._digests = digests
        self._clock = clock

    async def name(self, account_id: str | None, cookie: str | None) -> str | None:
        """The device's name, if the person logged in from it before; the same work where there is no account."""
        if cookie is None or not _COOKIE.fullmatch(cookie):
            return None
        async with self._database.read() as tx:
            found = await self._store.find(tx, self._ids(account_id or "", cookie))
        return None if found is None else found.id

    async def seen(self, tx: WriteTx, account_id: str, cookie: str | None, user_agent: str) -> Seen:
        """The person has logged in there; the caller commits."""
        kept = cookie if cookie is not None and _COOKIE.fullmatch(cookie) else new_secret()
        before, now = await self._store.any_of(tx, account_id), self._clock.now()
        ids = self._ids(account_id, kept)
        known = await self._store.find(tx, ids)
        device = KnownDevice(known.id if known else ids[0], account_id, user_agent[:_AGENT_LENGTH], now, now)
        new = await self._store.put(tx, device, keep=KEPT)
        return Seen(kept, new and before)

    async def forget_others(self, tx: WriteTx, account_id: str, cookie: str | None) -> int:
        """After a change of what the person logs in with: every other browser is a stranger again."""
        kept = self._ids(account_id, cookie) if cookie is not None and _COOKIE.fullmatch(cookie) else ()
        return await self._store.forget(tx, account_id, but=kept)

    def _ids(self, account_id: str, cookie: str) -> Sequence[str]:
        return self._digests.digests(DEVICE, f"{account_id} {cookie}")
