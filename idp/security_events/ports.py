"""Ports of the security events: taking note of them, and keeping them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from idp.security_events.model import SecurityEvent, SecurityEventKind, Severity


class SecurityEvents(Protocol):
    """Takes note of what happens."""

    def note(
        self,
        kind: SecurityEventKind,
        *,
        account_id: str | None = None,
        source: str | None = None,
        client_id: str | None = None,
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """Does not wait and never fails: whether there is an account must not show in how long it takes.

        Args:
            source: network address as it came, or shortened.
            detail: short words; no personal data.
        """


class SecurityEventStore(Protocol):
    """Keeps a bounded number of events."""

    async def add(self, tx: WriteTx, events: Sequence[SecurityEvent]) -> None: ...

    async def page(
        self,
        tx: ReadTx,
        *,
        before: str | None,
        after: str | None,
        limit: int,
        severity: Severity | None = None,
        account_id: str | None = None,
    ) -> Sequence[SecurityEvent]:
        """The newest first, by id.

        Args:
            before: only those with a smaller id: the next page.
            after: only those with a greater id: what came since the last look.
        """

    async def trim(self, tx: WriteTx, *, before: dt.datetime, keep: int) -> int:
        """Remove a part of what is older than `before` or beyond the newest `keep`; answers how many went."""
