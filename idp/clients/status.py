"""Disables a client, lets it work again, or removes it for good; works at once, everywhere within seconds."""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.db.database import Database, WriteTx
from core.errors import Conflict
from core.principal import Principal
from core.text import Text
from idp.clients.duties import Duties, decides
from idp.clients.looking import LookAtClients
from idp.clients.registry import ClientRegistry
from idp.clients.writing import RegistrationStores, WriteRegistrations
from idp.model import Client, ClientStatus


class ChangeClientStatus:
    """The use case."""

    def __init__(
        self,
        database: Database,
        stores: RegistrationStores,
        look: LookAtClients,
        writing: WriteRegistrations,
        registry: ClientRegistry,
    ) -> None:
        self._database = database
        self._stores = stores
        self._look = look
        self._writing = writing
        self._registry = registry
        self._duties = Duties(database)

    async def __call__(self, client_id: str, status: ClientStatus, actor: Principal) -> None:
        """Those who look after a client may stop it; only a security administrator lets one work again.

        Raises:
            NotFound: `client-not-found`.
            NotPermitted: `duty-missing`.
            Conflict: `client-status`: there is no way from where it is.
        """
        client = (await self._look.read(client_id, actor)).client
        if status is ClientStatus.ACTIVE:
            await self._duties.check_decides(actor, "client.change-status", client_id)
        elif not decides(actor):
            await self._duties.check_manages(actor, client.organisation, "client.change-status", client_id)
        async with self._database.write() as tx:
            if not await self._move(tx, client, status, actor):
                raise Conflict(
                    "client-status",
                    Text("这个客户端现在不能这样变更。", "The client's state does not allow this step."),
                )
            tx.audit(AuditEvent("client.change-status", "done", actor, client_id, detail={"status": status.value}))
            await tx.commit()
        self._registry.forget(client_id)

    async def _move(self, tx: WriteTx, client: Client, status: ClientStatus, actor: Principal) -> bool:
        if status is ClientStatus.REMOVED:
            return await self._writing.remove(tx, client, by=actor.id)
        if status is ClientStatus.PENDING:
            return False
        expected = (ClientStatus.ACTIVE, ClientStatus.DISABLED)
        return await self._stores.clients.move(tx, client.id, expected=expected, new=status)
