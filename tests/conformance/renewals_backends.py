"""Proposed renewals over SQLite and PostgreSQL, ready for their contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from keys.renewals.ports import ProposalStore
from keys.stores.renewals import SqlProposalStore
from tests.conformance import database_backends
from tests.conformance.harness import Backend, Surroundings
from tests.conformance.renewals import CountingRenewer, RenewalsHarness


def over(opened: Callable[..., Any], store: ProposalStore) -> Callable[[Surroundings], Any]:
    """The same databases as everybody's, with this store."""

    @asynccontextmanager
    async def harness(around: Surroundings) -> AsyncIterator[RenewalsHarness]:
        async with opened(around) as databases:
            yield RenewalsHarness((databases.database, databases.other), store, CountingRenewer(), around.clock)

    return harness


BACKENDS = [Backend(one.id, one.requires, over(one.open, SqlProposalStore())) for one in database_backends.BACKENDS]
