"""Follows what the registers report: deaths and dissolutions, in order, each at least once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.kv.port import KeyValueStore
from idp.proofing.ports import (
    Change,
    OrganisationNews,
    OrganisationSource,
    PersonNews,
    PopulationSource,
    PositionStore,
    SourceAway,
)

DEATHS, DISSOLUTIONS = "population:deaths", "organisations:dissolutions"
_MOST = 100
_LEASE = 120  # seconds for which one worker reads a feed
_log = logging.getLogger(__name__)
Read = Callable[[int, int], Awaitable[Sequence[Change]]]
Tell = Callable[[Change], Awaitable[None]]


class FollowRegisters:
    """For the worker, every minute or so; of many workers one reads a feed at a time."""

    def __init__(
        self,
        database: Database,
        positions: PositionStore,
        population: PopulationSource,
        organisations: OrganisationSource,
        persons: PersonNews,
        legal_persons: OrganisationNews,
        kv: KeyValueStore,
        clock: Clock,
    ) -> None:
        self._database = database
        self._positions = positions
        self._population = population
        self._organisations = organisations
        self._persons = persons
        self._legal_persons = legal_persons
        self._kv = kv
        self._clock = clock

    async def __call__(self) -> int:
        """How many reports were passed on. A register that does not answer is asked again at the next look."""
        count = 0
        if self._population.connected:
            count += await self._feed(DEATHS, self._population.deaths, self._tell_death)
        if self._organisations.connected:
            count += await self._feed(DISSOLUTIONS, self._organisations.dissolutions, self._tell_dissolution)
        return count

    async def _tell_death(self, change: Change) -> None:
        await self._persons.died(change.number, change.on)

    async def _tell_dissolution(self, change: Change) -> None:
        await self._legal_persons.dissolved(change.number, change.on)

    async def _feed(self, feed: str, read: Read, tell: Tell) -> int:
        lease = f"idp:feed:{feed}"
        if not await self._kv.put_if_absent(lease, b"1", _LEASE):
            return 0
        try:
            return await self._read_on(feed, read, tell)
        except SourceAway as error:
            _log.warning("feed %s: %s", feed, error.reason)
            return 0
        finally:
            await self._kv.delete(lease)

    async def _read_on(self, feed: str, read: Read, tell: Tell) -> int:
        async with self._database.read() as tx:
            position = await self._positions.get(tx, feed)
        changes = await read(position, _MOST)
        for change in changes:
            try:
                await tell(change)
            except AppError as error:  # one report that cannot be used must not hold up those behind it
                _log.warning("feed %s, position %s: %s", feed, change.position, error.code)
            async with self._database.write() as tx:
                await self._positions.advance(tx, feed, change.position, self._clock.now())
                await tx.commit()
        return len(changes)
