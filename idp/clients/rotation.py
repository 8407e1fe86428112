"""A portal changes its secret without a pause: a second one counts beside the first until that ends.

Never more than two count (RFC 7591 says nothing of it; every portal with several servers needs it). A new secret is
shown once. Which of two parallel calls makes it is decided by one conditional write.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.principal import Principal
from core.text import Text
from idp.clients.duties import Duties
from idp.clients.looking import LookAtClients
from idp.clients.registry import ClientRegistry
from idp.clients.secrets import ClientSecrets
from idp.clients.writing import RegistrationStores, client_moved_on
from idp.model import Client

LONGEST_OVERLAP = dt.timedelta(days=30)
OVERLAP = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret, shown this once.

    Attributes:
        earlier_ends_at: until when the one before counts too; None where there was none.
    """

    value: str = field(repr=False)
    earlier_ends_at: dt.datetime | None


class RotateSecrets:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        stores: RegistrationStores,
        look: LookAtClients,
        secrets: ClientSecrets,
        registry: ClientRegistry,
        clock: Clock,
    ) -> None:
        self._database = database
        self._stores = stores
        self._look = look
        self._secrets = secrets
        self._registry = registry
        self._clock = clock
        self._duties = Duties(database)

    async def add(self, client_id: str, actor: Principal, *, overlap: dt.timedelta = OVERLAP) -> NewSecret:
        """Make a secret; the one before counts for `overlap` more.

        Raises:
            NotFound: `client-not-found`.
            NotPermitted: `duty-missing`.
            InvalidInput: `overlap-invalid`; `client-has-no-secret` for a client that authenticates without one.
            Conflict: `two-secrets`: two count already; `client-moved-on`.
        """
        if not dt.timedelta(0) <= overlap <= LONGEST_OVERLAP:
            raise InvalidInput(
                "overlap-invalid",
                Text("旧密钥最多再用 30 天。", "The earlier secret may count for 30 days more at most."),
                field="overlap",
            )
        client = await self._managed(client_id, actor, "client.add-secret")
        made = self._secrets.make(client.id, client.auth_method)
        if made is None:
            raise InvalidInput(
                "client-has-no-secret",
                Text("这个客户端的认证方式不用密钥。", "This client does not authenticate by a secret."),
            )
        now = self._clock.now()
        if client.earlier_secret_ends_at is not None and client.earlier_secret_ends_at > now:
            raise Conflict(
                "two-secrets",
                Text(
                    "已有两个有效密钥，请等旧的到期，或先停用旧的。",
                    "Two secrets count already. Wait until the earlier one ends, or end it first.",
                ),
            )
        ends_at = now + overlap if client.secret_digest is not None and overlap else None
        changed = dataclasses.replace(
            client,
            secret_digest=made.digest,
            secret_sealed=made.sealed,
            earlier_secret_digest=client.secret_digest if ends_at else None,
            earlier_secret_sealed=client.secret_sealed if ends_at else None,
            earlier_secret_ends_at=ends_at,
        )
        detail = {"overlap_seconds": int(overlap.total_seconds()) if ends_at else 0}
        await self._write(client, changed, AuditEvent("client.add-secret", "done", actor, client_id, detail=detail))
        return NewSecret(made.value, ends_at)

    async def end_earlier(self, client_id: str, actor: Principal) -> None:
        """The earlier of two secrets counts no longer.

        Raises:
            NotFound: `client-not-found`; `no-earlier-secret`.
            NotPermitted: `duty-missing`.
            Conflict: `client-moved-on`.
        """
        client = await self._managed(client_id, actor, "client.end-secret")
        if client.earlier_secret_digest is None:
            raise NotFound("no-earlier-secret", Text("没有旧密钥可停用。", "There is no earlier secret to end."))
        changed = dataclasses.replace(
            client, earlier_secret_digest=None, earlier_secret_sealed=None, earlier_secret_ends_at=None
        )
        await self._write(client, changed, AuditEvent("client.end-secret", "done", actor, client_id))

    async def _managed(self, client_id: str, actor: Principal, action: str) -> Client:
        client = (await self._look.read(client_id, actor)).client
        await self._duties.check_manages(actor, client.organisation, action, client_id)
        return client

    async def _write(self, known: Client, changed: Client, event: AuditEvent) -> None:
        async with self._database.write() as tx:
            if not await self._stores.clients.write_secrets(tx, changed, known=known):
                raise client_moved_on()
            tx.audit(event)
            await tx.commit()
        self._registry.forget(known.id)
