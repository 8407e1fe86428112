"""Lists clients and shows one with what is known of its registration and what waits for a decision."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from core.db.database import Database
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from idp.clients import duties
from idp.clients.description import CLIENT_ID
from idp.clients.duties import Duties, client_not_found
from idp.clients.ports import ClientSearch
from idp.clients.records import ClientProposal, Registration
from idp.clients.writing import RegistrationStores
from idp.model import Client, ClientStatus

_LAST_PROPOSALS = 20


@dataclass(frozen=True, slots=True)
class PortalView:
    """A client, how it came here, and the latest proposals about it, the newest first."""

    client: Client
    registration: Registration
    proposals: Sequence[ClientProposal] = ()


class LookAtClients:
    """The use cases."""

    def __init__(self, database: Database, stores: RegistrationStores) -> None:
        self._database = database
        self._stores = stores
        self._duties = Duties(database)

    async def search(
        self, search: ClientSearch, actor: Principal, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[Client]:
        """By client id; portal managers find the clients of their own organisation only.

        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `cursor-invalid`.
        """
        only = duties.within(actor)
        if only is not None:
            if search.organisation not in (None, only):
                return Page(())
            search = dataclasses.replace(search, organisation=only)
        size = page_size(limit)
        after = last_id(cursor)
        if not all((part or "").isprintable() for part in (search.text, search.organisation)):
            return Page(())  # nothing is named so, and a database may refuse to look for it
        async with self._database.read() as tx:
            found = await self._stores.clients.page(tx, search, after=after, limit=size + 1)
        return Page(found[:size], encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def read(self, client_id: str, actor: Principal) -> PortalView:
        """
        Raises:
            NotFound: `client-not-found`.
            NotPermitted: `duty-missing`.
        """
        duties.within(actor)
        if not CLIENT_ID.fullmatch(client_id):
            raise client_not_found()
        async with self._database.read() as tx:
            client = await self._stores.clients.get(tx, client_id)
            record = await self._stores.registrations.get(tx, client_id)
            proposals = await self._stores.proposals.of_client(tx, client_id, _LAST_PROPOSALS)
        if client is None or record is None or client.status is ClientStatus.REMOVED:
            raise client_not_found()
        await self._duties.check_sees(actor, client.organisation, "client.read", client_id)
        return PortalView(client, record, proposals)
