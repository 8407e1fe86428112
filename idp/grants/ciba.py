"""The CIBA grant: fetched by a client that polls or was pinged (CIBA Core §10.1, §11)."""

from __future__ import annotations

from core.clock import Clock
from core.db.database import Database
from idp.ciba.auth_req_id import AuthReqIds
from idp.ciba.model import BackchannelRequest, RequestState
from idp.ciba.ports import BackchannelStore
from idp.client_metadata import DeliveryMode
from idp.errors import AccessDenied, AuthorizationPending, ExpiredToken, InvalidGrant, UnauthorizedClient
from idp.grants.base import ForPerson, TokenRequest
from idp.grants.fetch import FetchGranted
from idp.grants.narrowing import audiences_of, details_of
from idp.grants.pace import PollPace
from idp.model import Client, GrantType
from idp.settings import IdpSettings

_NOT_GOOD = "the auth_req_id is not valid, was used already, or belongs to another client"


class CibaGrant:
    """Implements `idp.grants.base.Grant`."""

    def __init__(
        self,
        database: Database,
        store: BackchannelStore,
        ids: AuthReqIds,
        pace: PollPace,
        fetch: FetchGranted,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._store = store
        self._ids = ids
        self._pace = pace
        self._fetch = fetch
        self._clock = clock
        self._settings = settings

    @property
    def grant_type(self) -> GrantType:
        return GrantType.CIBA

    async def decide(self, request: TokenRequest) -> ForPerson:
        auth_req_id = request.parameters.required("auth_req_id")
        if request.client.metadata.backchannel_token_delivery_mode is DeliveryMode.PUSH:  # §11
            raise UnauthorizedClient("tokens are pushed to this client")
        asked = await self._asked(auth_req_id, request.client)
        if asked.state is RequestState.REFUSED:
            raise AccessDenied("the person did not agree")
        if asked.expires_at <= self._clock.now():
            raise ExpiredToken("the auth_req_id has expired")
        if asked.state is RequestState.PENDING:
            await self._pace.keep(asked.id, self._settings.ciba_lifetime_most)
            raise AuthorizationPending("the person has not decided yet")
        assert asked.family_id is not None, "an approval begins a family"
        audiences = audiences_of(request, asked.resources, ours=self._settings.issuer)
        details = details_of(request, asked.authorization_details)
        standing = await self._fetch(asked.family_id, request.client, request.confirmation)
        family = standing.family
        return ForPerson(standing, family.scopes, family.generation, audiences=audiences, authorization_details=details)

    async def _asked(self, auth_req_id: str, client: Client) -> BackchannelRequest:
        request_id = self._ids.read(auth_req_id)
        if request_id is None:
            raise InvalidGrant(_NOT_GOOD, private="not ours")
        async with self._database.read() as tx:
            asked = await self._store.get(tx, request_id)
        if asked is None or asked.client_id != client.id:  # §11: issued to this client
            raise InvalidGrant(_NOT_GOOD, private="unknown or another client")
        return asked
