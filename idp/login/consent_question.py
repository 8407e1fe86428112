"""What the consent page says: who asks, for which items, and on whose responsibility (PIPL Art. 17)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.db.database import Database
from core.text import Text
from idp.clients.registry import ClientRegistry
from idp.errors import InteractionGone
from idp.login.consent_terms import Item, items_of
from idp.login.interactions import Interactions, PendingInteraction
from idp.login.rights import WithinRights
from idp.model import Client, Organisation
from idp.ports import ConsentStore, OrganisationStore
from idp.protocol.redirect_uri import host_of, origin_of
from idp.resources.register import ResourceRegister
from idp.tokens.lifetimes import RefreshLifetimes


@dataclass(frozen=True, slots=True)
class ConsentQuestion:
    """One question to one person.

    Attributes:
        office: the organisation that the portal belongs to; None for one of nobody's here.
        host: of the address that the person is sent back to.
        resource_scopes: words for scopes that only protected resources know.
        details: what is asked in detail (RFC 9396).
        lasts: the longest that what is given with `offline_access` can be used.
    """

    client: Client
    office: Organisation | None
    host: str
    return_origin: str = field(repr=False)
    items: tuple[Item, ...]
    resource_scopes: Mapping[str, Text]
    details: tuple[Mapping[str, Any], ...]
    lasts: dt.timedelta
    ui_locales: tuple[str, ...] = ()


class AskConsent:
    """The use case behind the page."""

    def __init__(
        self,
        database: Database,
        interactions: Interactions,
        registry: ClientRegistry,
        organisations: OrganisationStore,
        consents: ConsentStore,
        resources: ResourceRegister,
        within_rights: WithinRights,
        lifetimes: RefreshLifetimes,
    ) -> None:
        self._database = database
        self._interactions = interactions
        self._registry = registry
        self._organisations = organisations
        self._consents = consents
        self._resources = resources
        self._within_rights = within_rights
        self._lifetimes = lifetimes

    async def __call__(self, interaction_id: str, account_id: str) -> ConsentQuestion:
        """
        Raises:
            InteractionGone: unknown, expired or finished.
        """
        pending = await self._interactions.pending(interaction_id)
        client = await self._registry.active(pending.request.client_id)
        if client is None:
            raise InteractionGone(private="client disabled")
        return await self._question(pending, client, account_id)

    async def _question(self, pending: PendingInteraction, client: Client, account_id: str) -> ConsentQuestion:
        request = pending.request
        words = await self._resources.words(request.scopes)
        can_give = pending.can_give
        if can_give is None:
            can_give = await self._within_rights(tuple(s for s in request.scopes if s not in words), account_id)
        async with self._database.read() as tx:
            earlier = await self._consents.get(tx, account_id=account_id, client_id=client.id)
            office = await self._organisations.get(tx, client.organisation) if client.organisation else None
        return ConsentQuestion(
            client=client,
            office=office,
            host=host_of(request.redirect_uri),
            return_origin=origin_of(request.redirect_uri),
            items=items_of(request, client, {*can_give, *words}, earlier),
            resource_scopes=words,
            details=request.authorization_details,
            lasts=self._lifetimes.absolute_of(client),
            ui_locales=request.ui_locales,
        )
