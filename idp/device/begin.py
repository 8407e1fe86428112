"""The device authorization endpoint (RFC 8628 §3.1, §3.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import urlencode

from core.clock import Clock
from core.errors import LimitExceeded
from core.kv.port import KeyValueStore
from core.text import Text
from idp.clients.authentication import AuthenticateClient
from idp.device.model import DeviceRequest
from idp.device.requests import DeviceRequests
from idp.device.user_code import shown
from idp.errors import UnauthorizedClient
from idp.model import GrantType
from idp.protocol.facts import RequestFacts
from idp.protocol.params import Parameters
from idp.requests.asked_elsewhere import AskedElsewhere
from idp.settings import IdpSettings
from idp.source import source_of

_HOUR = 3600
PAGE = "/device"


class BeginDeviceAuthorization:
    """The use case."""

    def __init__(
        self,
        authenticate: AuthenticateClient,
        asked: AskedElsewhere,
        requests: DeviceRequests,
        kv: KeyValueStore,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._authenticate = authenticate
        self._asked = asked
        self._requests = requests
        self._kv = kv
        self._clock = clock
        self._settings = settings

    async def __call__(self, parameters: Parameters, facts: RequestFacts, source: str) -> Mapping[str, str | int]:
        """The members of a device authorization response.

        Args:
            source: network address that the request came from.

        Raises:
            idp.errors.OAuthError: RFC 6749 §5.2.
            LimitExceeded: `too-many-devices`; a public client's id is no secret, so anybody can ask.
        """
        client = await self._authenticate(facts, parameters)
        if GrantType.DEVICE_CODE not in client.grants:
            raise UnauthorizedClient("the client is not registered for the device grant")
        asked = await self._asked(parameters, client)
        await self._admit(source)
        now, lifetime = self._clock.now().timestamp(), self._settings.device_lifetime
        request = DeviceRequest(
            client.id,
            asked.scopes,
            now,
            now + lifetime,
            resources=asked.resources,
            authorization_details=asked.authorization_details,
        )
        issued = await self._requests.begin(request, lifetime)
        page, code = f"{self._settings.issuer}{PAGE}", shown(issued.user_code)
        return {
            "device_code": issued.device_code,
            "user_code": code,
            "verification_uri": page,
            "verification_uri_complete": complete_uri(self._settings.issuer, code),
            "expires_in": lifetime,
            "interval": self._settings.poll_interval,
        }

    async def _admit(self, source: str) -> None:
        place = hashlib.sha256(source_of(source).encode()).hexdigest()[:32]
        if await self._kv.incr(f"idp:device-source:{place}", _HOUR) > self._settings.device_requests_per_source:
            raise LimitExceeded(
                "too-many-devices",
                Text("这个网络地址请求的设备代码太多。", "Too many device codes from this address."),
                retry_after=_HOUR,
                private="device authorizations of one source",
            )


def complete_uri(issuer: str, shown_code: str) -> str:
    """`verification_uri_complete`: the page with the code filled in, and nothing more done (RFC 8628 §3.3.1)."""
    return f"{issuer}{PAGE}?{urlencode({'user_code': shown_code})}"
