"""The page after a log-out: what it must still do, kept for a moment so that it survives a reload.

Frames tell the portals (OpenID Connect Front-Channel Logout 1.0 §3); then the browser goes on to the address that a
portal proved to be its own, or shows a link to one that it only named.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
    """

    frames: tuple[str, ...] = field(default=(), repr=False)
    back: Return | None = None


class Farewells:
    """Keeps them under the digest of a random id."""

    def __init__(self, kv: KeyValueStore, front_channel: FrontChannel, digests: TokenDigests) -> None:
        self._kv = kv
        self._front_channel = front_channel
        self._digests = digests

    async def begin(self, session_id: str | None, back: Return | None) -> str | None:
        """The id of a farewell; None when there is nothing to do but to go on.

        Args:
            session_id: the session that has ended, if there was one.
        """
        frames = () if session_id is None else await self._front_channel.addresses(session_id)
        if not frames and (back is None or back.proved):
            return None
        farewell_id = new_secret(24)
        await self._kv.put(
            _key(self._digests.digest(FAREWELL, farewell_id)), msgspec.json.encode(Farewell(frames, back)), _LIFETIME
        )
        return farewell_id

    async def get(self, farewell_id: str) -> Farewell:
        """An empty one when it is unknown or long past: the person is logged out all the same."""
        for digest in self._digests.digests(FAREWELL, farewell_id):
            stored = await self._kv.get(_key(digest))
            if stored is not None:
                return msgspec.json.decode(stored, type=Farewell)
        return Farewell()


def _key(digest: str) -> str:
    return f"idp:farewell:{digest}"
