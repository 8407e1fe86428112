"""Removes what registration needs no longer, so that its tables stay as large as what is alive."""

from __future__ import annotations

import datetime as dt

from core.db.database import WriteTx
from idp.clients.errors_log import KEPT_FOR
from idp.clients.ports import ClientErrorStore
from idp.clients.writing import RegistrationStores

_KEEP_DECIDED = dt.timedelta(days=365)
_KEEP_OVER = dt.timedelta(days=30)
_MOST_CLIENTS = 100


class SweepRegistrations:
    """For the worker, within its sweep."""

    def __init__(self, stores: RegistrationStores, errors: ClientErrorStore) -> None:
        self._stores = stores
        self._errors = errors

    async def __call__(self, tx: WriteTx, now: dt.datetime) -> int:
        """How many rows went. The audit log keeps who decided what, for good."""
        count = await self._errors.delete_before(tx, now - KEPT_FOR)
        count += await self._stores.proposals.delete_decided(tx, now - _KEEP_DECIDED)
        count += await self._stores.clients.delete_removed(tx, now - _KEEP_OVER, _MOST_CLIENTS)
        return count + await self._stores.permits.delete_over(tx, now - _KEEP_OVER)
