"""The page after a log-out: what it must still do, kept for a moment so that it survives a reload.

Frames tell the portals (OpenID Connect Front-Channel Logout 1.0 §3); then the browser goes on to the address that a
portal proved to be its own, or shows a link to one that it only named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.text import Text
from idp.logout.front_channel import FrontChannel
from idp.token_uses import FAREWELL
from keys.ports import TokenDigests

_LIFETIME = 300  # seconds


@dataclass(frozen=True, slots=True)
class Return:
    """A registered address of a portal.

    Attributes:
        proved: the portal showed that it asks; otherwise a person must choose to go there.
    """

    portal: Text
    address: str = field(repr=False)
    proved: bool


@dataclass(frozen=True, slots=True)
class Farewell:
    """What the page after a log-out has to do.

    Attributes:
        frames: addresses of portals that must be visited before the browser goes on.
        back: where it goes on to; None to stay.
        elsewhere: the provider by which the person had logged in, where they may be logged in still.
        ended: the session that ended; only where there is such a provider.
    """

    frames: tuple[str, ...] = field(default=(), repr=False)
    back: Return | None = None
    elsewhere: Text | None = None
    ended: str | None = None


class Elsewhere(Protocol):
    """Knows where else a log-out may be due."""

    async def offered(self, session_id: str) -> Text | None:
        """Name of the provider at which the person may be logged in still; None where there is nothing to do."""


class Farewells:
    """Keeps them under the digest of a random id."""

    def __init__(
        self, kv: KeyValueStore, front_channel: FrontChannel, elsewhere: Elsewhere, digests: TokenDigests
    ) -> None:
        self._kv = kv
        self._elsewhere = elsewhere
        self._front_channel = front_channel
        self._digests = digests

    async def begin(self, session_id: str | None, back: Return | None) -> str | None:
        """The id of a farewell; None when there is nothing to do but to go on.

        Args:
            session_id: the session that has ended, if there was one.
        """
        frames = () if session_id is None else await self._front_channel.addresses(session_id)
        elsewhere = None if session_id is None else await self._elsewhere.offered(session_id)
        to_show = elsewhere is not None if back is None else not back.proved
        if not frames and not to_show:
            return None
        farewell = Farewell(frames, back, elsewhere, None if elsewhere is None else session_id)
        farewell_id = new_secret(24)
        key = _key(self._digests.digest(FAREWELL, farewell_id))
        await self._kv.put(key, msgspec.json.encode(farewell), _LIFETIME)
        return farewell_id

    async def leave(self, farewell_id: str) -> str | None:
        """The session that ended, for the one request that leads to the log-out elsewhere."""
        ended = (await self.get(farewell_id)).ended
        mark = f"idp:farewell-left:{self._digests.digest(FAREWELL, farewell_id)}"
        if ended is None or not await self._kv.put_if_absent(mark, b"1", _LIFETIME):
            return None
        return ended

    async def get(self, farewell_id: str) -> Farewell:
        """An empty one when it is unknown or long past: the person is logged out all the same."""
        for digest in self._digests.digests(FAREWELL, farewell_id):
            stored = await self._kv.get(_key(digest))
            if stored is not None:
                return msgspec.json.decode(stored, type=Farewell)
        return Farewell()


def _key(digest: str) -> str:
    return f"idp:farewell:{digest}"
