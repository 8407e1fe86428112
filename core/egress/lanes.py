"""Bounds how many fetches run at the same time, to one host and in all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_MOST_IN_ALL = 32


class Lanes:
    """A lane for each host that is being called; it is gone when nobody uses it."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._all = asyncio.Semaphore(_MOST_IN_ALL)
        self._hosts: dict[str, tuple[asyncio.Semaphore, list[None]]] = {}

    @asynccontextmanager
    async def taken(self, host: str) -> AsyncIterator[None]:
        """Wait for a place; the caller bounds the time."""
        lane, users = self._hosts.setdefault(host, (asyncio.Semaphore(self._at_once), []))
        users.append(None)
        try:
            async with lane, self._all:
                yield
        finally:
            users.pop()
            if not users:
                self._hosts.pop(host, None)
