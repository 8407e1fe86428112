"""Registers clients at once: for operators at the command line and for data that we bring along.

People and clients themselves go other ways (`review`, `dynamic`); every way goes through `validation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.clients.description import ClientDescription
from idp.clients.policy import ADMINISTRATOR
from idp.clients.registry import ClientRegistry
from idp.clients.rules.addresses import redirect_hosts
from idp.clients.secrets import SHORTEST, ClientSecrets, MadeSecret
from idp.clients.validation import read_description, validated
from idp.directory import organisation_not_found
from idp.errors import InvalidRedirectUri, RegistrationError
from idp.model import Client, ClientStatus
from idp.ports import ClientStore, OrganisationStore
from idp.protocol.redirect_uri import host_of


@dataclass(frozen=True, slots=True)
class NewClient(ClientDescription):
    """A client as the administrator describes it.

    Attributes:
        secret: a secret made elsewhere (demo data); None to have one made.
    """

    secret: str | None = None


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """The client, and its secret, which is shown this once; None for clients without one."""

    client: Client
    secret: str | None

    def __repr__(self) -> str:
        return f"RegisteredClient({self.client.id})"


class RegisterClient:
    """The use case."""

    def __init__(
        self,
        database: Database,
        clients: ClientStore,
        organisations: OrganisationStore,
        secrets: ClientSecrets,
        clock: Clock,
    ) -> None:
        self._database = database
        self._clients = clients
        self._organisations = organisations
        self._secrets = secrets
        self._clock = clock

    async def __call__(self, new: NewClient, actor: Principal) -> RegisteredClient:
        """
        Raises:
            InvalidInput: `client-invalid`, `uri-not-allowed`; `field` is the registered name of the member.
            NotFound: `organisation-not-found`.
            Conflict: `client-exists`.
        """
        if new.secret is not None and len(new.secret) < SHORTEST:
            raise client_invalid("client_secret", f"a client secret takes at least {SHORTEST} characters")
        return await self._register(_validated(new), new.secret, actor)

    async def from_document(self, document: Mapping[str, object], actor: Principal) -> RegisteredClient:
        """The same from a registration document with the members that administrators add, `client_id` among them.

        Raises: as above.
        """
        return await self._register(read_by_administrator(document), None, actor)

    async def _register(self, new: ClientDescription, chosen: str | None, actor: Principal) -> RegisteredClient:
        client_id = new.client_id or new_id(self._clock, "cli")
        secret = self._secrets.make(client_id, new.auth_method, chosen=chosen)
        client = made_client(new, client_id, secret, self._clock)
        async with self._database.write() as tx:
            if client.organisation and await self._organisations.get(tx, client.organisation) is None:
                raise organisation_not_found()
            if not await self._clients.add(tx, client):
                raise client_exists()
            detail: Detail = {"scopes": " ".join(sorted(client.scopes)), "realname": client.realname_approved}
            tx.audit(AuditEvent("client.register", "done", actor, subject=client.id, detail=detail))
            await tx.commit()
        return RegisteredClient(client, secret.value if secret else None)


class ChangeClientStatus:
    """Disables a client, or lets it work again."""

    def __init__(self, database: Database, clients: ClientStore, registry: ClientRegistry) -> None:
        self._database = database
        self._clients = clients
        self._registry = registry

    async def __call__(self, client_id: str, status: ClientStatus, actor: Principal) -> None:
        """
        Raises:
            NotFound: `client-not-found`.
        """
        async with self._database.write() as tx:
            if not await self._clients.change_status(tx, client_id, status):
                raise client_not_found()
            tx.audit(AuditEvent("client.change-status", "done", actor, client_id, detail={"status": status.value}))
            await tx.commit()
        self._registry.forget(client_id)


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


def read_by_administrator(document: Mapping[str, object]) -> ClientDescription:
    """
    Raises:
        InvalidInput: `client-invalid`, `uri-not-allowed`.
    """
    try:
        return read_description(document, ADMINISTRATOR)
    except RegistrationError as error:
        raise told_to_people(error) from None


def _validated(new: ClientDescription) -> ClientDescription:
    try:
        return validated(new, ADMINISTRATOR)
    except RegistrationError as error:
        raise told_to_people(error) from None


def told_to_people(error: RegistrationError) -> InvalidInput:
    """The same for people, who do not speak RFC 7591."""
    if isinstance(error, InvalidRedirectUri) or "https address" in error.description:
        text = Text(
            "这个网址不能登记：要用 https 的完整网址，不带 # 和用户名；回调网址的参数里不能有 code、state 等保留名。",
            "This address cannot be registered: use a complete https address without # and user name; a callback's "
            "query must not hold reserved names such as code or state.",
        )
        return InvalidInput("uri-not-allowed", text, field=error.field, private=error.description)
    return client_invalid(error.field or "document", error.description)


def client_invalid(field: str, why: str) -> InvalidInput:
    text = Text(
        "客户端的 {field} 不合规则，请对照说明改一改：{why}。", "The client's {field} is not as required: {why}."
    )
    return InvalidInput("client-invalid", text.format(field=field, why=why), field=field, private=why)


def client_exists() -> Conflict:
    return Conflict(
        "client-exists", Text("这个客户端标识已经有了，请换一个。", "This client id is taken. Choose another.")
    )


def client_not_found() -> NotFound:
    return NotFound("client-not-found", Text("没有这个客户端。", "There is no such client."))
