"""Looks providers up; the list of the log-in page is remembered for some seconds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from core.clock import Clock
from core.db.database import Database
from idp.levels import REACHABLE, within_reach
from idp.upstream.errors import provider_not_found
from idp.upstream.model import Provider, ProviderStatus
from idp.upstream.ports import ProviderStore


class ProviderRegistry:
    """Finds providers that may be used.

    Args:
        lifetime: seconds for which the list is remembered; one provider is always looked up anew.
        own: authentication contexts that our own log-in reaches.
    """

    def __init__(
        self, database: Database, providers: ProviderStore, clock: Clock, *, lifetime: float, own: Sequence[str]
    ) -> None:
        self._own = own
        self._database = database
        self._providers = providers
        self._clock = clock
        self._lifetime = dt.timedelta(seconds=lifetime)
        self._listed: tuple[dt.datetime, Sequence[Provider]] | None = None

    async def active(self, provider_id: str) -> Provider:
        """
        Raises:
            NotFound: `upstream-not-found`, also for one that was disabled.
        """
        async with self._database.read() as tx:
            found = await self._providers.get(tx, provider_id)
        if found is None or found.status is not ProviderStatus.ACTIVE:
            raise provider_not_found()
        return found

    async def offered(self) -> Sequence[Provider]:
        """What the log-in page offers."""
        now = self._clock.now()
        if self._listed is None or now - self._listed[0] >= self._lifetime:
            async with self._database.read() as tx:
                found = await self._providers.all(tx)
            self._listed = now, [one for one in found if one.status is ProviderStatus.ACTIVE]
        return self._listed[1]

    async def reaching(self, wanted: Sequence[str]) -> Sequence[Provider]:
        """Those of them that can reach one of these authentication contexts; all of them where none is named."""
        return [one for one in await self.offered() if not wanted or within_reach(wanted, _reached(one))]

    async def hinted(self, hint: str | None, client_id: str) -> Provider | None:
        """The provider that a portal names in `idp_hint`, if it may send people there."""
        if hint is None:
            return None
        return next((one for one in await self.offered() if one.id == hint and client_id in one.hinting_clients), None)

    async def classes(self) -> Sequence[str]:
        """Authentication contexts that our own log-in or a provider on the log-in page can reach."""
        mapped = [acr for one in await self.offered() for acr in _reached(one)]
        return tuple(dict.fromkeys([*self._own, *mapped]))

    def forget(self) -> None:
        """Look anew the next time; after a change in this process."""
        self._listed = None


def _reached(provider: Provider) -> tuple[str, ...]:
    """Every log-in counts as one factor at least."""
    return (*REACHABLE, *provider.mapping.acrs.values())
