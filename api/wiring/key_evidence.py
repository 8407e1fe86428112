"""Who hears of keys that people add and remove, where nobody else listens."""

from __future__ import annotations

import datetime as dt

from core.db.database import WriteTx
from idp.login.proofs import Method
from idp.model import Account


class NoEvidence:
    """Implements `idp.factors.changes.BoundKeyEvidence`: nobody's level rests on keys."""

    async def bound(
        self, tx: WriteTx, account: Account, *, method: Method, reference: str, until: dt.datetime | None
    ) -> None:
        return None

    async def unbound(self, tx: WriteTx, account_id: str, *, method: Method, reference: str) -> None:
        return None
