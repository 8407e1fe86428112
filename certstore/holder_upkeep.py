"""What a worker does for holders and departments besides answering: counts, reminds, clears away."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence

from certstore.attachments.keep import Attachments
from certstore.departures.follow import FollowDeaths
from certstore.departures.ports import DepartureStore
from certstore.entrust.ports import EntrustmentStore
from certstore.entrust.rules import KEPT_DAYS as KEEP_ENTRUSTMENTS
from certstore.objections.looking import SweepObjections
from certstore.reminders.ports import ReminderStore
from certstore.reminders.remind import KEPT_DAYS as KEEP_REMINDERS
from certstore.reminders.remind import RemindHolders
from certstore.repository import Repository
from certstore.shares.model import KEPT_DAYS as KEEP_SHARES
from certstore.shares.ports import ShareStore
from certstore.statistics.count import CountUse
from certstore.statistics.model import CASES_KEPT_DAYS, KEPT_MONTHS
from certstore.statistics.ports import StatisticStore
from core.db.database import WriteTx

_log = logging.getLogger(__name__)
_DAYS_OF_A_MONTH = 31


class HolderUpkeep:
    """Runs for the life of a worker; any number of workers may.

    Args:
        every: seconds between two rounds.
    """

    def __init__(
        self,
        repository: Repository,
        count: CountUse,
        remind: RemindHolders,
        follow_deaths: FollowDeaths,
        sweep_objections: SweepObjections,
        attachments: Attachments,
        *,
        shares: ShareStore,
        reminders: ReminderStore,
        statistics: StatisticStore,
        departures: DepartureStore,
        entrustments: EntrustmentStore,
        every: float = 60.0,
    ) -> None:
        self._repository = repository
        self._count = count
        self._remind = remind
        self._follow_deaths = follow_deaths
        self._sweep_objections = sweep_objections
        self._attachments = attachments
        self._shares = shares
        self._reminders = reminders
        self._statistics = statistics
        self._departures = departures
        self._entrustments = entrustments
        self._every = every

    async def forever(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            for step in (self._follow_deaths, self._count, self._remind, self.sweep):
                try:
                    await step()
                except Exception as error:  # whatever it is, the other steps and the next round must come
                    _log.warning("upkeep for holders failed: %s", type(error).__name__)

    async def sweep(self) -> None:
        """Remove what is past its time."""
        now, today = self._repository.now(), self._repository.today()
        parts: Sequence[Callable[[WriteTx], Awaitable[int]]] = (
            lambda tx: self._shares.delete_before(tx, now - dt.timedelta(days=KEEP_SHARES)),
            lambda tx: self._reminders.delete_before(tx, today - dt.timedelta(days=KEEP_REMINDERS)),
            self._departures.delete_ended,
            lambda tx: self._entrustments.delete_before(tx, today - dt.timedelta(days=KEEP_ENTRUSTMENTS)),
            lambda tx: self._statistics.delete_before(tx, today - dt.timedelta(days=KEPT_MONTHS * _DAYS_OF_A_MONTH)),
            lambda tx: self._statistics.delete_cases(tx, today - dt.timedelta(days=CASES_KEPT_DAYS)),
        )
        for remove in parts:
            while await self._part(remove):
                pass
        await self._sweep_objections()
        await self._attachments.sweep()

    async def _part(self, remove: Callable[[WriteTx], Awaitable[int]]) -> int:
        async with self._repository.database.write() as tx:
            removed = await remove(tx)
            await tx.commit()
        return removed
