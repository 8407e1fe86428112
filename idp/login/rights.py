"""What of the scopes that a client asks for a person has to give: API scopes need a role (attacks O-16)."""

from __future__ import annotations

from core.clock import Clock, calendar_day
from core.db.database import Database
from idp.ports import AccountStore
from idp.protocol.scopes import API_SCOPES, ORGANISATION
from idp.rights import lacking


class WithinRights:
    """Looks the person's roles up, only where it matters."""

    def __init__(self, database: Database, accounts: AccountStore, clock: Clock) -> None:
        self._database = database
        self._accounts = accounts
        self._clock = clock

    async def __call__(self, scopes: tuple[str, ...], account_id: str) -> tuple[str, ...]:
        """In the order in which they were asked for."""
        scopes = tuple(scope for scope in scopes if scope != ORGANISATION)  # chosen in a browser's log-in only
        if API_SCOPES.isdisjoint(scopes):
            return scopes
        async with self._database.read() as tx:
            roles = await self._accounts.roles(tx, account_id)
        without = lacking(roles, calendar_day(self._clock.now()))
        return tuple(scope for scope in scopes if scope not in without)
