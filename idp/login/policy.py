"""How much must be proved at a log-in: two factors for staff, and what the client wants, where the person can."""

from __future__ import annotations

from collections.abc import Sequence

from idp import levels
from idp.levels import TWO_FACTORS
from idp.login.circumstances import Circumstances
from idp.login.ports import Requirement
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
        wanted_acr: Sequence[str],
    ) -> Requirement:
        """The weakest contexts that will do."""
        must = TWO_FACTORS if roles else ONE_FACTOR
        known = [acr for acr in wanted_acr if levels.rank(acr)]
        return Requirement(must, max(must, min(known, key=levels.rank, default=must), key=levels.rank))
