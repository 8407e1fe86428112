"""What a worker does besides answering: tries failed notices again, closes accounts whose owners left, sweeps."""

from __future__ import annotations

import asyncio
import logging

from idp.ciba.notify import NotifyClients
from idp.logout.deliver import DeliverLogouts
from idp.persons.departing import Departures
from idp.sweep import SweepExpired

_log = logging.getLogger(__name__)


class Upkeep:
    """Runs for the life of a worker; any number of workers may, for every step is claimed or idempotent.

    Args:
        every: seconds between looks for due notices.
        sweep_after: looks between two sweeps.
    """

    def __init__(
        self,
        deliver: DeliverLogouts,
        notify: NotifyClients,
        sweep: SweepExpired,
        departures: Departures,
        *,
        every: float = 5.0,
        sweep_after: int = 120,
    ) -> None:
        self._deliver = deliver
        self._notify = notify
        self._sweep = sweep
        self._departures = departures
        self._every = every
        self._sweep_after = sweep_after

    async def forever(self) -> None:
        """A step that fails (the database is away for a moment) is tried again at the next look."""
        looks = 0
        while True:
            await asyncio.sleep(self._every)
            looks += 1
            try:
                await self._deliver.run_due()
                await self._notify.run_due()
                if looks % self._sweep_after == 0:
                    await self._departures.carry_out()
                    await self._sweep()
            except Exception as error:  # whatever it is, the next look must come
                _log.warning("upkeep failed: %s", type(error).__name__)
