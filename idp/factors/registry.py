"""Which ways to log in somebody has, for their own page and for whoever helps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.db.database import Database
from core.errors import NotAuthenticated
from core.text import Text
from idp.factors.addresses import Addresses, masked
from idp.factors.recovery.factor import RecoveryFactor
from idp.factors.sent_codes import CHANNELS
from idp.login.ports import SecondFactor
from idp.login.proofs import KINDS, Kind, Method
from idp.model import Account, AccountStatus
from idp.ports import AccountStore


@dataclass(frozen=True, slots=True)
class HeldFactor:
    """One way to log in.

    Attributes:
        usable: the person has it now.
        shown: where a code would go, masked, or how many recovery codes are left; empty otherwise.
    """

    method: Method
    usable: bool
    shown: str = ""


class FactorRegistry:
    """Looks them up.

    Args:
        factors: all that can be added to a log-in, in the order in which they are offered.
    """

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        factors: Sequence[SecondFactor],
        addresses: Addresses,
        recovery: RecoveryFactor,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._factors = factors
        self._addresses = addresses
        self._recovery = recovery

    async def of(self, account_id: str) -> Sequence[HeldFactor]:
        """
        Raises:
            NotAuthenticated: the account ended meanwhile.
        """
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, account_id)
        if account is None or account.status is not AccountStatus.ACTIVE:
            raise NotAuthenticated(
                "not-logged-in", Text("登录已过期，请重新登录。", "Your log-in has expired. Log in again.")
            )
        return [
            HeldFactor(one.method, await one.usable(account), await self._shown(one.method, account))
            for one in self._factors
        ]

    async def _shown(self, method: Method, account: Account) -> str:
        if method in CHANNELS:
            address = await self._addresses.of(account, CHANNELS[method])
            return "" if address is None else masked(address)
        if method is Method.RECOVERY:
            left = await self._recovery.left(account.id)
            return str(left) if left else ""
        return ""


def has_two_factors(held: Sequence[HeldFactor]) -> bool:
    """Whether the ways that somebody has are of two kinds: only then can they log in with two factors."""
    kinds: frozenset[Kind] = frozenset().union(*(KINDS.get(one.method, frozenset()) for one in held if one.usable))
    return len(kinds) > 1
