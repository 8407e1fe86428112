"""The device code grant: polled by the device until the person has decided (RFC 8628 §3.4, §3.5)."""

from __future__ import annotations

from core.clock import Clock
from idp.device.model import DeviceState
from idp.device.requests import KEPT_AFTER, DeviceRequests, Found
from idp.errors import AccessDenied, AuthorizationPending, ExpiredToken, InvalidGrant
from idp.grants.base import ForPerson, TokenRequest
from idp.grants.fetch import FetchGranted
from idp.grants.narrowing import audiences_of, details_of
from idp.grants.pace import PollPace
from idp.model import Client, GrantType
from idp.settings import IdpSettings

_NOT_GOOD = "the device code is not valid, was used already, or belongs to another client"


class DeviceCodeGrant:
    """Implements `idp.grants.base.Grant`."""

    def __init__(
        self, requests: DeviceRequests, pace: PollPace, fetch: FetchGranted, clock: Clock, settings: IdpSettings
    ) -> None:
        self._requests = requests
        self._pace = pace
        self._fetch = fetch
        self._clock = clock
        self._settings = settings

    @property
    def grant_type(self) -> GrantType:
        return GrantType.DEVICE_CODE

    async def decide(self, request: TokenRequest) -> ForPerson:
        found = await self._requests.by_device_code(request.parameters.required("device_code"))
        self._check(found, request.client)
        assert found is not None, "checked"
        if found.request.state is DeviceState.REFUSED:
            raise AccessDenied("the person did not agree")
        if found.request.state is DeviceState.PENDING:
            await self._pace.keep(found.key, self._settings.device_lifetime + KEPT_AFTER)
            raise AuthorizationPending("the person has not decided yet")
        audiences = audiences_of(request, found.request.resources, ours=self._settings.issuer)
        details = details_of(request, found.request.authorization_details)
        approved = await self._requests.take(found)  # of polls at the same time, one gets it
        if approved is None or approved.family_id is None:
            raise InvalidGrant(_NOT_GOOD, private="fetched by another poll")
        standing = await self._fetch(approved.family_id, request.client, request.confirmation)
        family = standing.family
        return ForPerson(standing, family.scopes, family.generation, audiences=audiences, authorization_details=details)

    def _check(self, found: Found | None, client: Client) -> None:
        if found is None:
            raise InvalidGrant(_NOT_GOOD, private="unknown or fetched")
        if found.request.client_id != client.id:  # RFC 8628 §3.4: issued to this client
            raise InvalidGrant(_NOT_GOOD, private="another client")
        if found.request.expires_at <= self._clock.now().timestamp():
            raise ExpiredToken("the device code has expired")
