"""Steps that every way of registering and changing takes inside its own unit of work."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import WriteTx
from core.errors import Conflict
from core.ids import new_id
from core.text import Text
from idp.clients.description import CORE, ClientDescription, changes, described, sensitive
from idp.clients.ports import ClientProposals, PermitStore, RegisteredClients, RegistrationStore
from idp.clients.records import ClientProposal, ProposalKind, ProposalState, Registration
from idp.clients.rules.addresses import redirect_hosts
from idp.clients.secrets import WITH_SECRET, ClientSecrets, MadeSecret
from idp.model import Client, ClientAuthMethod, ClientStatus
from idp.protocol.redirect_uri import host_of


@dataclass(frozen=True, slots=True)
class RegistrationStores:
    """The stores that registration writes together."""

    clients: RegisteredClients
    registrations: RegistrationStore
    proposals: ClientProposals
    permits: PermitStore


@dataclass(frozen=True, slots=True)
class Difference:
    """How a description differs from the client as it is.

    Attributes:
        changed: registered names of the members.
        sensitive: those that a second person must look at.
    """

    changed: tuple[str, ...]
    sensitive: tuple[str, ...]


def difference(client: Client, new: ClientDescription) -> Difference:
    """What would change; a description without a sector of its own keeps what its addresses say."""
    settled = dataclasses.replace(new, client_id=client.id, sector=sector_of(new, client.id))
    changed = changes(described(client), settled)
    return Difference(changed, sensitive(changed))


def redescribed(client: Client, new: ClientDescription) -> Client:
    """The client as the description has it; status and secrets stay."""
    core = {name: getattr(new, name) for name in CORE}
    return dataclasses.replace(client, **core, sector=sector_of(new, client.id), metadata=new.metadata)


def made_client(
    new: ClientDescription,
    client_id: str,
    secret: MadeSecret | None,
    clock: Clock,
    *,
    status: ClientStatus = ClientStatus.ACTIVE,
) -> Client:
    """The client that a validated description becomes."""
    return Client(
        id=client_id,
        name=new.name,
        redirect_uris=new.redirect_uris,
        post_logout_redirect_uris=new.post_logout_redirect_uris,
        backchannel_logout_uri=new.backchannel_logout_uri,
        auth_method=new.auth_method,
        secret_digest=secret.digest if secret else None,
        secret_sealed=secret.sealed if secret else None,
        scopes=new.scopes,
        grants=new.grants,
        id_token_alg=new.id_token_alg,
        organisation=new.organisation,
        realname_approved=new.realname_approved,
        sector=sector_of(new, client_id),
        status=status,
        created_at=clock.now(),
        metadata=new.metadata,
    )


def sector_of(new: ClientDescription, client_id: str) -> str:
    """What pairwise subjects are computed for (OIDC Core §8.1): a host, or the client alone where there is none."""
    if new.sector is not None:
        return new.sector
    if new.metadata.sector_identifier_uri is not None:
        return host_of(new.metadata.sector_identifier_uri)
    hosts = redirect_hosts(new)
    return next(iter(hosts)) if len(hosts) == 1 and "" not in hosts else client_id


class WriteRegistrations:
    """Writes clients with their records and proposals."""

    def __init__(self, stores: RegistrationStores, secrets: ClientSecrets, clock: Clock) -> None:
        self._stores = stores
        self._secrets = secrets
        self._clock = clock

    async def add(
        self,
        tx: WriteTx,
        new: ClientDescription,
        client_id: str,
        record: Registration,
        *,
        active: bool,
        chosen: str | None = None,
    ) -> tuple[Client, MadeSecret | None]:
        """A new client, waiting unless it is active at once.

        Args:
            chosen: a secret made elsewhere.

        Raises:
            Conflict: `client-exists`.
        """
        secret = self._secrets.make(client_id, new.auth_method, chosen=chosen)
        status = ClientStatus.ACTIVE if active else ClientStatus.PENDING
        client = made_client(new, client_id, secret, self._clock, status=status)
        if not await self._stores.clients.add(tx, client):
            raise Conflict(
                "client-exists", Text("这个客户端标识已经有了，请换一个。", "This client id is taken. Choose another.")
            )
        await self._stores.registrations.add(tx, record)
        return client, secret

    async def change(
        self, tx: WriteTx, client: Client, new: ClientDescription, revision: int, *, show: bool
    ) -> tuple[Client, MadeSecret | None]:
        """Write the description; secrets that do not fit its method are gone.

        Args:
            show: the client hears the answer, so that a secret is made where the method needs one.

        Raises:
            Conflict: `client-moved-on`.
        """
        if not await self._stores.registrations.advance(tx, client.id, revision=revision, at=self._clock.now()):
            raise client_moved_on()
        changed = redescribed(client, new)
        await self._stores.clients.redescribe(tx, changed)
        fitting, secret = self._with_fitting_secret(client, changed, show=show)
        if fitting is not changed and not await self._stores.clients.write_secrets(tx, fitting, known=client):
            raise client_moved_on()
        return fitting, secret

    def _with_fitting_secret(self, old: Client, new: Client, *, show: bool) -> tuple[Client, MadeSecret | None]:
        if old.auth_method is new.auth_method:
            return new, None
        sealed = new.auth_method is not ClientAuthMethod.SECRET_JWT or old.secret_sealed is not None
        if new.auth_method in WITH_SECRET and old.secret_digest is not None and sealed:
            return new, None
        secret = self._secrets.make(new.id, new.auth_method) if show else None
        return with_secret(without_secrets(new), secret), secret

    async def propose(
        self,
        tx: WriteTx,
        kind: ProposalKind,
        client: Client,
        new: ClientDescription,
        *,
        changed: Sequence[str],
        revision: int,
        by: str,
    ) -> ClientProposal:
        """
        Raises:
            Conflict: `proposal-open`.
        """
        proposal = ClientProposal(
            id=new_id(self._clock, "cpr"),
            client_id=client.id,
            kind=kind,
            description=new,
            changed=tuple(changed),
            revision=revision,
            organisation=client.organisation,
            proposed_by=by,
            proposed_at=self._clock.now(),
        )
        if not await self._stores.proposals.add(tx, proposal):
            raise Conflict(
                "proposal-open",
                Text(
                    "这个客户端已有一项变更在等审核，请等它办完或先撤回。",
                    "A change of this client waits for review already. Wait until it is decided, or withdraw it.",
                ),
            )
        return proposal

    async def remove(self, tx: WriteTx, client: Client, *, by: str) -> bool:
        """End a client for good: nothing of it can be used again. True for the one caller who removed it."""
        living = (ClientStatus.PENDING, ClientStatus.ACTIVE, ClientStatus.DISABLED)
        if not await self._stores.clients.move(tx, client.id, expected=living, new=ClientStatus.REMOVED):
            return False
        now = self._clock.now()
        await self._stores.clients.write_secrets(tx, without_secrets(client), known=client)
        await self._stores.proposals.decide_of_client(tx, client.id, ProposalState.WITHDRAWN, by=by, at=now)
        record = await self._stores.registrations.get(tx, client.id)
        if record is not None:
            await self._stores.registrations.advance(tx, client.id, revision=record.revision, at=now)
            if record.access_digest is not None:
                await self._stores.registrations.exchange_token(tx, client.id, old=record.access_digest, new=None)
            if record.permit is not None:
                await self._stores.permits.release(tx, record.permit)
        return True


def with_secret(client: Client, secret: MadeSecret | None) -> Client:
    """The client with this secret as its only one."""
    if secret is None:
        return client
    return dataclasses.replace(client, secret_digest=secret.digest, secret_sealed=secret.sealed)


def without_secrets(client: Client) -> Client:
    return dataclasses.replace(
        client,
        secret_digest=None,
        secret_sealed=None,
        earlier_secret_digest=None,
        earlier_secret_sealed=None,
        earlier_secret_ends_at=None,
    )


def client_moved_on() -> Conflict:
    return Conflict(
        "client-moved-on",
        Text(
            "这个客户端在此期间变过，请重新读取后再改。",
            "The client has changed meanwhile. Read it again, then change it.",
        ),
    )
