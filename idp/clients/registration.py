"""Registers clients; done by an administrator, never by the clients themselves (attacks O-44)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import new_id, new_secret
from core.principal import Principal
from core.text import Text
from idp.clients.registry import ClientRegistry
from idp.directory import organisation_not_found
from idp.model import Client, ClientAuthMethod, ClientStatus, GrantType
from idp.ports import ClientStore, OrganisationStore
from idp.protocol.redirect_uri import check_registered_uri
from idp.protocol.scopes import ALL_SCOPES, OIDC_SCOPES, OPENID, REALNAME
from idp.token_uses import CLIENT_SECRET
from keys.jose.jwk import TOKEN_PURPOSES
from keys.ports import TokenDigests
from keys.spec import SignatureAlgorithm

_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,63}", re.ASCII)
_CODE_GRANTS = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN})


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client as the administrator describes it.

    Attributes:
        client_id: chosen name, or None to have one made.
        organisation: USCC of the organisation that the client's own tokens act for.
        sector: None for the host of its redirect URIs (OIDC Core §8.1).
        id_token_alg: RS256 is what a client gets that asks for nothing (OIDC Core §15.1).
        secret: a secret made elsewhere (demo data); None to have one made.
    """

    name: Text
    client_id: str | None = None
    redirect_uris: Sequence[str] = ()
    post_logout_redirect_uris: Sequence[str] = ()
    backchannel_logout_uri: str | None = None
    auth_method: ClientAuthMethod = ClientAuthMethod.BASIC
    grants: frozenset[GrantType] = _CODE_GRANTS
    scopes: frozenset[str] = frozenset({OPENID})
    id_token_alg: SignatureAlgorithm = SignatureAlgorithm.RS256
    organisation: str | None = None
    realname_approved: bool = False
    sector: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """The client, and its secret, which is shown this once; None for public clients."""

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
        digests: TokenDigests,
        clock: Clock,
    ) -> None:
        self._database = database
        self._clients = clients
        self._organisations = organisations
        self._digests = digests
        self._clock = clock

    async def __call__(self, new: NewClient, actor: Principal) -> RegisteredClient:
        """
        Raises:
            InvalidInput: `client-invalid`, `uri-not-allowed`; `field` says which part.
            NotFound: `organisation-not-found`.
            Conflict: `client-exists`.
        """
        _check(new)
        secret = None if new.auth_method is ClientAuthMethod.NONE else new.secret or new_secret()
        client = self._client(new, secret)
        async with self._database.write() as tx:
            if client.organisation and await self._organisations.get(tx, client.organisation) is None:
                raise organisation_not_found()
            if not await self._clients.add(tx, client):
                raise Conflict(
                    "client-exists",
                    Text("这个客户端标识已经有了，请换一个。", "This client id is taken. Choose another."),
                )
            detail: Detail = {"scopes": " ".join(sorted(client.scopes)), "realname": client.realname_approved}
            tx.audit(AuditEvent("client.register", "done", actor, subject=client.id, detail=detail))
            await tx.commit()
        return RegisteredClient(client, secret)

    def _client(self, new: NewClient, secret: str | None) -> Client:
        client_id = new.client_id or new_id(self._clock, "cli")
        return Client(
            id=client_id,
            name=new.name,
            redirect_uris=tuple(new.redirect_uris),
            post_logout_redirect_uris=tuple(new.post_logout_redirect_uris),
            backchannel_logout_uri=new.backchannel_logout_uri,
            auth_method=new.auth_method,
            secret_digest=None if secret is None else self._digests.digest(CLIENT_SECRET, secret),
            scopes=frozenset(new.scopes),
            grants=frozenset(new.grants),
            id_token_alg=new.id_token_alg,
            organisation=new.organisation,
            realname_approved=new.realname_approved,
            sector=new.sector or _sector(new.redirect_uris) or client_id,
            status=ClientStatus.ACTIVE,
            created_at=self._clock.now(),
        )


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
                raise NotFound("client-not-found", Text("没有这个客户端。", "There is no such client."))
            tx.audit(AuditEvent("client.change-status", "done", actor, client_id, detail={"status": status.value}))
            await tx.commit()
        self._registry.forget(client_id)


def _sector(redirect_uris: Sequence[str]) -> str | None:
    hosts = {urlsplit(uri).netloc for uri in redirect_uris}
    if len(hosts) > 1:  # OIDC Core §8.1: then somebody must say what the sector is
        raise _invalid("sector", "several redirect hosts need a sector of their own")
    return hosts.pop() if hosts else None


def _check(new: NewClient) -> None:
    if new.client_id is not None and not _CLIENT_ID.fullmatch(new.client_id):
        raise _invalid("client_id", "client ids take 3 to 64 letters, digits, dots, dashes")
    if not new.scopes <= ALL_SCOPES:
        raise _invalid("scopes", "a scope does not exist")
    if REALNAME in new.scopes and not new.realname_approved:
        raise _invalid("scopes", "the scope realname needs approval")
    if GrantType.CLIENT_CREDENTIALS in new.grants and new.auth_method is ClientAuthMethod.NONE:
        raise _invalid("grants", "client_credentials needs a client that can prove who it is")  # RFC 6749 §4.4
    if GrantType.AUTHORIZATION_CODE in new.grants and (not new.redirect_uris or OPENID not in new.scopes):
        raise _invalid("redirect_uris", "a portal needs a redirect URI and the scope openid")
    if GrantType.AUTHORIZATION_CODE not in new.grants and new.scopes & OIDC_SCOPES:
        raise _invalid("scopes", "without log-in there are no OpenID Connect scopes")
    if new.id_token_alg not in TOKEN_PURPOSES:
        raise _invalid("id_token_signed_response_alg", f"ID tokens are signed with {' or '.join(TOKEN_PURPOSES)}")
    if new.secret is not None and len(new.secret) < 32:
        raise _invalid("secret", "a client secret takes at least 32 characters")
    for uri in new.redirect_uris:
        check_registered_uri(uri, field="redirect_uris")
    for uri in new.post_logout_redirect_uris:
        check_registered_uri(uri, field="post_logout_redirect_uris")
    if new.backchannel_logout_uri is not None:
        check_registered_uri(new.backchannel_logout_uri, field="backchannel_logout_uri", callback=False)


def _invalid(field: str, private: str) -> InvalidInput:
    text = Text("客户端的 {field} 不合规则，请对照说明改一改。", "The client's {field} is not as required: {why}.")
    return InvalidInput("client-invalid", text.format(field=field, why=private), field=field, private=private)
