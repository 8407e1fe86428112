"""Who hears when a person adds or removes a key: whoever keeps evidence of real names."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from core.db.database import WriteTx
from idp.login.proofs import Method
from idp.model import Account


class BoundKeyEvidence(Protocol):
    """Hears of keys that their holders cannot give away; the highest real-name level rests on them."""

    async def bound(
        self, tx: WriteTx, account: Account, *, method: Method, reference: str, until: dt.datetime | None
    ) -> None:
        """A key was bound by a person who is known in person (`idp.real_name.IN_PERSON`).

        Args:
            reference: id of the passkey or certificate.
            until: when the key runs out; None where it does not.
        """

    async def unbound(self, tx: WriteTx, account_id: str, *, method: Method, reference: str) -> None:
        """The key counts no more."""
