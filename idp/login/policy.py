"""How much must be proved at a log-in: two factors for staff, and never less than what the client must have."""

from __future__ import annotations

from collections.abc import Sequence

from idp import levels
from idp.levels import TWO_FACTORS
from idp.login.circumstances import Circumstances
from idp.model import ONE_FACTOR, Account, StaffRole


class Policy:
    """Implements `idp.login.ports.LoginPolicy`."""

    async def needed(
        self,
        account: Account,
        roles: Sequence[StaffRole],
        circumstances: Circumstances,
        *,
        client_id: str | None,
        essential_acr: Sequence[str],
    ) -> str:
        """The weakest context that will do for all."""
        known = [acr for acr in essential_acr if levels.rank(acr)]
        wanted = min(known, key=levels.rank, default=ONE_FACTOR)
        return max(wanted, TWO_FACTORS if roles else ONE_FACTOR, key=levels.rank)
