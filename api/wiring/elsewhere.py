"""Puts together what people grant to screens other than the one that they look at: devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.wiring.ground import Ground
from idp.clients.authentication import AuthenticateClient
from idp.clients.registry import ClientRegistry
from idp.device.begin import BeginDeviceAuthorization
from idp.device.decide import DecideDevice
from idp.device.guessing import CodeGuessing
from idp.device.requests import DeviceRequests
from idp.grants.base import Grant
from idp.grants.device_code import DeviceCodeGrant
from idp.grants.fetch import FetchGranted
from idp.grants.pace import PollPace
from idp.login.elsewhere import GrantElsewhere
from idp.ports import AccountStore, ClientStore, ConsentStore, SessionStore, TokenStore
from idp.settings import IdpSettings
from idp.tokens.pairwise import PairwiseNames


@dataclass(frozen=True)
class ElsewhereStores:
    """The stores that it needs."""

    accounts: AccountStore
    clients: ClientStore
    consents: ConsentStore
    sessions: SessionStore
    tokens: TokenStore


@dataclass(frozen=True)
class ElsewhereServices:
    """Ready use cases, and the grants for the token endpoint."""

    begin_device: BeginDeviceAuthorization
    decide_device: DecideDevice
    grants: Sequence[Grant]


def build_elsewhere(
    ground: Ground,
    settings: IdpSettings,
    stores: ElsewhereStores,
    authenticate: AuthenticateClient,
    registry: ClientRegistry,
    names: PairwiseNames,
) -> ElsewhereServices:
    """Compose on the ground."""
    database, clock, kv, digests = ground.database, ground.clock, ground.kv, ground.keys.secrets.tokens
    requests = DeviceRequests(kv, digests, clock)
    pace = PollPace(kv, clock, settings.poll_interval)
    fetch = FetchGranted(database, stores.tokens, stores.sessions, clock, settings)
    grant = GrantElsewhere(stores.sessions, stores.clients, stores.consents, stores.tokens, names, clock)
    return ElsewhereServices(
        begin_device=BeginDeviceAuthorization(authenticate, requests, kv, clock, settings),
        decide_device=DecideDevice(
            database,
            requests,
            CodeGuessing(kv, settings),
            registry,
            stores.accounts,
            grant,
            kv,
            digests,
            clock,
            settings,
        ),
        grants=(DeviceCodeGrant(requests, pace, fetch, clock, settings),),
    )
