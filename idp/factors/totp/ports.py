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

    async def remove_all(self, tx: WriteTx, account_id: str) -> int:
        """All of an account that ends; answers how many."""

    async def move(self, tx: WriteTx, *, account_id: str, to: str) -> int:
        """To the account that another one is merged into; answers how many."""
