"""Limits guessing without handing anybody a way to lock somebody else out (attacks F-08, O-53, O-54).

A budget belongs to an identifier *and* the source it is tried from. A second, wider budget per identifier counts
only sources from which nobody ever logged in to it, so the person at their own machine is not concerned by it.
Every attempt is counted before the password is looked at, by one atomic increment, so a parallel burst gains nothing.
"""

from __future__ import annotations

import hashlib
import ipaddress

from core.errors import LimitExceeded
from core.kv.port import KeyValueStore
from core.text import Text
from idp.settings import IdpSettings


class LoginThrottle:
    """Admits or refuses attempts to log in."""

    def __init__(self, kv: KeyValueStore, settings: IdpSettings) -> None:
        self._kv = kv
        self._settings = settings

    async def admit(self, identifier: bytes, source: str) -> int:
        """Count an attempt.

        Args:
            identifier: blind index of what was typed; it need not belong to an account.
            source: network address of the browser.

        Returns:
            How many attempts are left after this one.

        Raises:
            LimitExceeded: `too-many-tries`.
        """
        settings, place = self._settings, source_of(source)
        if await self._count("source", place, ttl=settings.try_window_wide) > settings.tries_per_source_wide:
            raise _too_many(settings.try_window_wide)
        pair = _name(identifier, place)
        count = await self._count("pair", pair, ttl=settings.try_window)
        if count > settings.tries_per_source:
            raise _too_many(settings.try_window)
        if await self._kv.get(f"idp:known:{pair}") is None:
            wide = await self._count("identifier", _name(identifier), ttl=settings.try_window_wide)
            if wide > settings.tries_per_identifier:
                raise _too_many(settings.try_window_wide)
        return settings.tries_per_source - count

    async def succeeded(self, identifier: bytes, source: str) -> None:
        """The right password came: forget the wrong ones of this source, and know it from now on."""
        pair = _name(identifier, source_of(source))
        await self._kv.delete(f"idp:try:pair:{pair}")
        await self._kv.put(f"idp:known:{pair}", b"1", self._settings.known_source_lifetime)

    async def _count(self, kind: str, name: str, *, ttl: int) -> int:
        return await self._kv.incr(f"idp:try:{kind}:{name}", ttl)


def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 that an IPv6 customer has to themself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return _name(address.encode())
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)


def _name(identifier: bytes, place: str = "") -> str:
    return hashlib.sha256(len(identifier).to_bytes(2, "big") + identifier + place.encode()).hexdigest()[:32]


def _too_many(window: int) -> LimitExceeded:
    return LimitExceeded(
        "too-many-tries",
        Text(
            "试错次数太多，这里暂时不能登录。请 {minutes} 分钟后再试；换一个网络或设备可以马上登录。",
            "Too many wrong tries, so logging in from here is closed for now. Try again in {minutes} minutes; "
            "from another network or device you can log in at once.",
        ).format(minutes=window // 60),
        retry_after=window,
    )
