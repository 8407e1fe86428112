"""Ports of the guard: the devices that it knows again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.db.database import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A browser from which a person logged in.

    Attributes:
        id: keyed digest of the account and the value of the browser's cookie.
    """

    id: str
    account_id: str
    user_agent: str
    first_at: dt.datetime
    seen_at: dt.datetime


class KnownDeviceStore(Protocol):
    """Keeps a bounded number of devices for each person."""

    async def find(self, tx: ReadTx, ids: Sequence[str]) -> KnownDevice | None:
        """The device under one of the digests that its cookie may have."""

    async def put(self, tx: WriteTx, device: KnownDevice, *, keep: int) -> bool:
        """Remember it, or that it was seen again; True when it is new. The longest unseen beyond `keep` go."""

    async def any_of(self, tx: ReadTx, account_id: str) -> bool:
        """Whether the person ever logged in from a device that is still known."""

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[KnownDevice]:
        """The person's devices, the one that was seen last first."""

    async def forget(self, tx: WriteTx, account_id: str, *, but: Sequence[str] = ()) -> int:
        """Forget the person's devices; answers how many."""

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        """Remove a part of those that were not seen since; answers how many."""
