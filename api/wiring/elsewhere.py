"""Puts together what people grant to screens other than the one that they look at: devices (RFC 8628) and CIBA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.wiring.ground import Ground
from core.egress.port import Fetcher
from idp.binding.replays import Replays
from idp.ciba.auth_req_id import AuthReqIds
from idp.ciba.begin import BeginBackchannel
from idp.ciba.decide import DecideBackchannel
from idp.ciba.hint_tokens import HintTokens
from idp.ciba.hints import FindPerson
from idp.ciba.messenger import HttpNotificationMessenger
from idp.ciba.notify import NotifyClients
from idp.ciba.ports import BackchannelStore
from idp.ciba.sealed import SealedRequestParts
from idp.ciba.signed_request import BackchannelParameters
from idp.clients.authentication import AuthenticateClient
from idp.clients.keys import ClientKeys
from idp.clients.registry import ClientRegistry
from idp.device.begin import BeginDeviceAuthorization
from idp.device.decide import DecideDevice
from idp.device.guessing import CodeGuessing
from idp.device.requests import DeviceRequests
from idp.directory import Directory
from idp.endpoints.pushed_tokens import PushTokens
from idp.endpoints.token import TokenEndpoint
from idp.grants.base import Grant
from idp.grants.ciba import CibaGrant
from idp.grants.device_code import DeviceCodeGrant
from idp.grants.fetch import FetchGranted
from idp.grants.pace import PollPace
from idp.login.asked_items import AskItems
from idp.login.elsewhere import GrantElsewhere
from idp.login.rights import WithinRights
from idp.login.rules import LoginRules
from idp.ports import AccountStore, ClientErrors, ClientStore, ConsentStore, SessionStore, TokenStore
from idp.requests.asked_elsewhere import AskedElsewhere
from idp.resources.known import KnownResources
from idp.resources.register import ResourceRegister
from idp.security_events.ports import SecurityEvents
from idp.settings import IdpSettings
from idp.tokens.id_token import IdTokens
from idp.tokens.lifetimes import RefreshLifetimes
from idp.tokens.pairwise import PairwiseNames


@dataclass(frozen=True)
class ElsewhereStores:
    """The stores that it needs."""

    accounts: AccountStore
    clients: ClientStore
    consents: ConsentStore
    sessions: SessionStore
    tokens: TokenStore
    backchannel: BackchannelStore


@dataclass(frozen=True)
class ElsewhereParts:
    """What both ways share; `grants` are for the token endpoint."""

    stores: ElsewhereStores
    requests: DeviceRequests
    ids: AuthReqIds
    fetch: FetchGranted
    grants: Sequence[Grant]


@dataclass(frozen=True)
class ElsewhereServices:
    """Ready use cases."""

    begin_device: BeginDeviceAuthorization
    decide_device: DecideDevice
    begin_backchannel: BeginBackchannel
    decide_backchannel: DecideBackchannel
    hint_tokens: HintTokens
    notify: NotifyClients


def build_parts(ground: Ground, settings: IdpSettings, stores: ElsewhereStores) -> ElsewhereParts:
    """What is needed before there is a token endpoint."""
    database, clock, kv, digests = ground.database, ground.clock, ground.kv, ground.keys.secrets.tokens
    requests, ids = DeviceRequests(kv, digests, clock), AuthReqIds(digests)
    pace = PollPace(kv, clock, settings.poll_interval)
    fetch = FetchGranted(database, stores.tokens, stores.sessions, clock, settings)
    grants = (
        DeviceCodeGrant(requests, pace, fetch, clock, settings),
        CibaGrant(database, stores.backchannel, ids, pace, fetch, clock, settings),
    )
    return ElsewhereParts(stores, requests, ids, fetch, grants)


def build_elsewhere(
    ground: Ground,
    settings: IdpSettings,
    parts: ElsewhereParts,
    *,
    authenticate: AuthenticateClient,
    registry: ClientRegistry,
    client_keys: ClientKeys,
    replays: Replays,
    directory: Directory,
    names: PairwiseNames,
    rules: LoginRules,
    id_tokens: IdTokens,
    endpoint: TokenEndpoint,
    resources: KnownResources,
    register: ResourceRegister,
    errors: ClientErrors,
    events: SecurityEvents,
    fetcher: Fetcher,
) -> ElsewhereServices:
    """Compose on the ground and around the token endpoint."""
    database, clock, kv, secrets = ground.database, ground.clock, ground.kv, ground.keys.secrets
    stores, requests, asked = parts.stores, parts.requests, AskedElsewhere(resources)
    grant = GrantElsewhere(stores.sessions, stores.clients, stores.consents, stores.tokens, names, rules, clock)
    ask = AskItems(
        database,
        stores.consents,
        register,
        WithinRights(database, stores.accounts, ground.clock),
        RefreshLifetimes(settings),
    )
    sealed = SealedRequestParts(kv, secrets.fields.short_lived)
    hint_tokens = HintTokens(kv, secrets.tokens, clock, settings)
    notify = NotifyClients(
        database,
        stores.backchannel,
        sealed,
        registry,
        PushTokens(database, stores.tokens, parts.fetch, endpoint, clock),
        HttpNotificationMessenger(fetcher),
        errors,
        clock,
        settings,
    )
    return ElsewhereServices(
        begin_device=BeginDeviceAuthorization(authenticate, asked, requests, kv, clock, settings),
        decide_device=DecideDevice(
            database,
            requests,
            CodeGuessing(kv, events, settings),
            registry,
            ask,
            grant,
            kv,
            secrets.tokens,
            clock,
            settings,
        ),
        begin_backchannel=BeginBackchannel(
            authenticate,
            BackchannelParameters(client_keys, replays, clock, settings),
            asked,
            FindPerson(directory, id_tokens, hint_tokens),
            stores.backchannel,
            sealed,
            parts.ids,
            database,
            kv,
            clock,
            settings,
        ),
        decide_backchannel=DecideBackchannel(database, stores.backchannel, sealed, registry, ask, grant, notify, clock),
        hint_tokens=hint_tokens,
        notify=notify,
    )
