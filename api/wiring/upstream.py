"""Puts the upstream log-in together, on the parts of the identity provider that it shares."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.ground import Ground
from core.egress.port import Fetcher
from idp import levels
from idp.directory import PersonVault
from idp.evidence.book import EvidenceBook
from idp.login.interactions import Interactions
from idp.login.sessions import Sessions
from idp.login.steps import LoginSteps
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.people import CreateAccount
from idp.ports import AccountStore
from idp.settings import IdpSettings
from idp.stores.upstream import SqlLinkStore, SqlProviderStore, SqlUpstreamSessionStore
from idp.upstream.administration import Providers
from idp.upstream.arrive import Arrive
from idp.upstream.attempts import Attempts
from idp.upstream.begin import BeginSessions
from idp.upstream.check import CheckProvider
from idp.upstream.credentials import ClientCredentials
from idp.upstream.depart import Depart
from idp.upstream.documents import Documents
from idp.upstream.exchange import Exchange
from idp.upstream.id_token import ProviderTokens
from idp.upstream.identities import Identities
from idp.upstream.log_out import ReceiveLogout, SayGoodbye
from idp.upstream.names import UpstreamNames
from idp.upstream.ports import LinkStore, ProviderStore, UpstreamSessionStore
from idp.upstream.registry import ProviderRegistry
from idp.upstream.settle import SettleAccount
from idp.upstream.transport import Transport


@dataclass(frozen=True)
class UpstreamStores:
    """The stores of the upstream log-in; tests put wrapped ones in."""

    providers: ProviderStore
    links: LinkStore
    begun: UpstreamSessionStore


@dataclass(frozen=True)
class UpstreamServices:
    """Ready use cases."""

    registry: ProviderRegistry
    depart: Depart
    arrive: Arrive
    receive_logout: ReceiveLogout
    goodbye: SayGoodbye
    identities: Identities
    providers: Providers
    check: CheckProvider
    credentials: ClientCredentials


@dataclass(frozen=True)
class SharedParts:
    """What the upstream log-in uses of the identity provider."""

    accounts: AccountStore
    create_account: CreateAccount
    book: EvidenceBook
    vault: PersonVault
    sessions: Sessions
    steps: LoginSteps
    interactions: Interactions
    end: EndSession
    deliver: DeliverLogouts


def upstream_stores() -> UpstreamStores:
    return UpstreamStores(SqlProviderStore(), SqlLinkStore(), SqlUpstreamSessionStore())


def build_upstream(
    ground: Ground,
    shared: SharedParts,
    begin: BeginSessions,
    fetcher: Fetcher,
    settings: IdpSettings,
    stores: UpstreamStores,
) -> UpstreamServices:
    """Compose on the ground."""
    database, clock, kv, keys = ground.database, ground.clock, ground.kv, ground.keys
    digests, secrets = keys.secrets.tokens, keys.secrets
    transport = Transport(fetcher)

    def fresh_documents() -> Documents:
        return Documents(transport, clock, secure=settings.secure)

    documents = fresh_documents()
    credentials = ClientCredentials(keys.ring, secrets.fields.people, clock)
    own = levels.reachable(bound_keys=settings.bound_keys)
    registry = ProviderRegistry(database, stores.providers, clock, lifetime=settings.upstream_cache, own=own)
    attempts = Attempts(kv, digests, secrets.fields.short_lived, settings)
    names = UpstreamNames(keys.ring)
    tokens = ProviderTokens(documents, clock)
    exchange = Exchange(documents, transport, credentials, tokens, names, clock, settings)
    settle = SettleAccount(shared.accounts, stores.links, shared.create_account, shared.book, shared.vault, clock)
    return UpstreamServices(
        registry=registry,
        depart=Depart(
            registry,
            documents,
            transport,
            credentials,
            attempts,
            shared.interactions,
            shared.sessions,
            kv,
            clock,
            settings,
        ),
        arrive=Arrive(
            database,
            registry,
            attempts,
            exchange,
            settle,
            shared.steps,
            begin,
            shared.interactions,
            shared.sessions,
        ),
        receive_logout=ReceiveLogout(
            database, registry, tokens, names, stores.begun, shared.end, shared.deliver, kv, digests, clock
        ),
        goodbye=SayGoodbye(database, registry, documents, stores.begun, secrets.fields.people, settings),
        identities=Identities(
            database,
            stores.providers,
            stores.links,
            stores.begun,
            shared.sessions,
            shared.end,
            shared.deliver,
            clock,
            settings,
        ),
        providers=Providers(database, stores.providers, registry, credentials, clock, settings),
        check=CheckProvider(fresh_documents, transport, credentials, settings),
        credentials=credentials,
    )
