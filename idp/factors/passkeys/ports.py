"""What passkeys ask of others: a store, and whoever keeps evidence of how surely a person is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from idp.factors.passkeys.model import Passkey
from idp.factors.ways_in import HeldKeys


class PasskeyStore(HeldKeys, Protocol):
    """Keeps passkeys; every method works inside the transaction it is given."""

    async def add(self, tx: WriteTx, passkey: Passkey) -> bool:
        """False, and nothing changes, when the credential is known already, whoever it belongs to (§7.1 step 26)."""

    async def by_credential(self, tx: ReadTx, credential_id: bytes) -> Passkey | None: ...

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Passkey]:
        """In the order in which they were made."""

    async def used(self, tx: WriteTx, passkey_id: str, *, sign_count: int, backed_up: bool, at: dt.datetime) -> bool:
        """Write a use down. False, and no change, when the passkey is gone or suspended, or its counter does not go
        on: then there are two of it, or the answer was used before (§7.2 step 22). One of many callers succeeds."""

    async def suspend(self, tx: WriteTx, passkey_id: str) -> bool:
        """False when it is gone or suspended already."""

    async def rename(self, tx: WriteTx, passkey_id: str, *, account_id: str, name: bytes) -> bool:
        """False when the account has no such passkey."""

    async def remove(self, tx: WriteTx, passkey_id: str, *, account_id: str) -> bool:
        """False when the account has no such passkey."""
