"""Nobody locks themselves out: the last way to log in stays."""

from __future__ import annotations

from typing import Protocol

from core.db.database import ReadTx
from idp.factors.errors import LastWayIn
from idp.login.proofs import Method
from idp.model import Account


class HeldKeys(Protocol):
    """One kind of keys that can be logged in with."""

    @property
    def method(self) -> Method: ...

    async def held(self, tx: ReadTx, account_id: str) -> frozenset[str]:
        """Ids of those that work."""


class WaysIn:
    """Counts them.

    Args:
        keys: all kinds of keys by which alone somebody can log in.
    """

    def __init__(self, *keys: HeldKeys) -> None:
        self._keys = keys

    async def require_other(self, tx: ReadTx, account: Account, method: Method, key_id: str) -> None:
        """
        Raises:
            LastWayIn: without this key the person could not log in.
        """
        if account.password_hash:
            return
        for kind in self._keys:
            held = await kind.held(tx, account.id)
            if held - ({key_id} if kind.method is method else frozenset()):
                return
        raise LastWayIn
