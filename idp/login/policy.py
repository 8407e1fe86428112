"""How much must be proved at a log-in: what the city demands, two factors of staff, and what the client wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from idp import levels
from idp.levels import TWO_FACTORS
from idp.login.circumstances import Circumstances
from idp.login.ports import LoginPolicy, Requirement
from idp.login.proofs import Method
from idp.login.rules import LoginRules
from idp.model import ONE_FACTOR, Account, StaffRole


class KnownBrowsers(Protocol):
    """Knows browsers again."""

    async def name(self, account_id: str | None, cookie: str | None) -> str | None:
        """None for one from which the person never logged in."""


class Policy:
    """Implements `LoginPolicy`."""

    def __init__(self, rules: LoginRules, browsers: KnownBrowsers) -> None:
        self._rules = rules
        self._browsers = browsers

    async def needed(
        self,
        account: Account,
        roles: Sequence[StaffRole],
        circumstances: Circumstances,
        *,
        client_id: str | None,
        wanted_acr: Sequence[str],
    ) -> Requirement:
        """The weakest contexts that will do."""
        must = _stronger(TWO_FACTORS if roles else ONE_FACTOR, await self._rules.demanded(account, roles, client_id))
        known = [acr for acr in wanted_acr if levels.rank(acr)]
        wanted = _stronger(must, min(known, key=levels.rank, default=must))
        return Requirement(
            must,
            _stronger(wanted, await self._for_browser(account, circumstances)),
            await self._counting(account, roles),
        )

    async def _for_browser(self, account: Account, circumstances: Circumstances) -> str:
        extra = await self._rules.from_new_device()
        if extra == ONE_FACTOR or await self._browsers.name(account.id, circumstances.device_cookie) is not None:
            return ONE_FACTOR
        return extra

    async def _counting(self, account: Account, roles: Sequence[StaffRole]) -> frozenset[Method] | None:
        refused = await self._rules.refused(account, roles)
        return frozenset(Method) - refused if refused else None


def _stronger(one: str, other: str) -> str:
    return max(one, other, key=levels.rank)


_: type[LoginPolicy] = Policy
