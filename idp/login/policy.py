"""How much must be proved at a log-in: never less than what the client must have, where a log-in can reach it."""

from __future__ import annotations

from collections.abc import Sequence

from idp import levels
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
        """The weakest context that will do."""
        known = [acr for acr in essential_acr if levels.rank(acr)]
        return min(known, key=levels.rank, default=ONE_FACTOR)
