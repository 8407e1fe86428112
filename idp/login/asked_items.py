"""What a client that waits elsewhere asks of a person, item by item, as on the consent page (PIPL Art. 14, 16, 17)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from core.db.database import Database
from core.text import Text
from idp.login.consent_terms import Item, items_for
from idp.login.rights import WithinRights
from idp.model import Client
from idp.ports import ConsentStore
from idp.protocol.scopes import NEEDS_NO_CONSENT
from idp.resources.register import ResourceRegister
from idp.tokens.lifetimes import RefreshLifetimes


@dataclass(frozen=True, slots=True)
class AskedItems:
    """What is asked, within what this person has to give.

    Attributes:
        scopes: all of it, `openid` too.
        resource_scopes: words for scopes that only protected resources know.
        lasts: the longest that what is given with `offline_access` can be used.
    """

    scopes: tuple[str, ...]
    items: tuple[Item, ...]
    resource_scopes: Mapping[str, Text]
    lasts: dt.timedelta

    def decided(self, left_out: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is given, and what is not; what may not be left out is not."""
        declined = tuple(item.scope for item in self.items if item.optional and item.scope in left_out)
        return tuple(scope for scope in self.scopes if scope not in declined), declined


class AskItems:
    """Puts the items together."""

    def __init__(
        self,
        database: Database,
        consents: ConsentStore,
        resources: ResourceRegister,
        within_rights: WithinRights,
        lifetimes: RefreshLifetimes,
    ) -> None:
        self._database = database
        self._consents = consents
        self._resources = resources
        self._within_rights = within_rights
        self._lifetimes = lifetimes

    async def __call__(self, client: Client, asked: tuple[str, ...], account_id: str) -> AskedItems:
        words = await self._resources.words(asked)
        can_give = {*await self._within_rights(tuple(one for one in asked if one not in words), account_id), *words}
        async with self._database.read() as tx:
            earlier = await self._consents.get(tx, account_id=account_id, client_id=client.id)
        return AskedItems(
            tuple(scope for scope in asked if scope in can_give or scope in NEEDS_NO_CONSENT),
            items_for(asked, can_give, earlier),
            words,
            self._lifetimes.absolute_of(client),
        )
