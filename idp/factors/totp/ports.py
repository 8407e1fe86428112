"""What authenticator apps need of a store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from idp.factors.totp.model import Authenticator


class AuthenticatorStore(Protocol):
    """Authenticator apps."""

    async def add(self, tx: WriteTx, made: Authenticator) -> None: ...

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Authenticator]:
        """In the order in which they were made."""

    async def use(self, tx: WriteTx, authenticator_id: str, *, step: int, at: dt.datetime) -> bool:
        """Use a step up; False when it, or a later one, was used already."""

    async def remove(self, tx: WriteTx, authenticator_id: str, *, account_id: str) -> bool:
        """False when it is not this person's."""
