"""The backchannel authentication endpoint (CIBA Core §7)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from core.clock import Clock
from core.db.database import Database
from core.errors import LimitExceeded
from core.ids import new_id
from core.kv.port import KeyValueStore
from core.text import Text
from idp.ciba.auth_req_id import AuthReqIds
from idp.ciba.binding_message import check_binding_message
from idp.ciba.hints import FindPerson
from idp.ciba.model import BackchannelRequest
from idp.ciba.ports import BackchannelStore
from idp.ciba.sealed import SealedParts, SealedRequestParts
from idp.ciba.signed_request import BackchannelParameters
from idp.client_metadata import DeliveryMode
from idp.clients.authentication import AuthenticateClient
from idp.errors import InvalidRequest, InvalidScope, UnauthorizedClient
from idp.model import Client, ClientAuthMethod, GrantType
from idp.profiles.rules import rules_of
from idp.protocol.facts import RequestFacts
from idp.protocol.params import Parameters
from idp.protocol.scopes import OPENID, parse_scope
from idp.requests.asked_elsewhere import Asked, AskedElsewhere
from idp.settings import IdpSettings

KEPT_AFTER = 3600
"""Seconds for which the sealed parts outlive a request: its last message may still be on its way."""

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)  # RFC 6750 §2.1
_LONGEST_TOKEN = 1024  # CIBA Core §7.1
_SHORTEST_TOKEN = 22  # 128 bits, base64url (§7.1: SHOULD 160, MUST 128)
_SHORTEST_EXPIRY = 30


class BeginBackchannel:
    """The use case."""

    def __init__(
        self,
        authenticate: AuthenticateClient,
        sources: BackchannelParameters,
        asked: AskedElsewhere,
        find: FindPerson,
        store: BackchannelStore,
        sealed: SealedRequestParts,
        ids: AuthReqIds,
        database: Database,
        kv: KeyValueStore,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._authenticate = authenticate
        self._sources = sources
        self._asked = asked
        self._find = find
        self._store = store
        self._sealed = sealed
        self._ids = ids
        self._database = database
        self._kv = kv
        self._clock = clock
        self._settings = settings

    async def __call__(self, parameters: Parameters, facts: RequestFacts) -> Mapping[str, str | int]:
        """The members of an acknowledgement (§7.3).

        Raises:
            idp.errors.OAuthError: §13.
            LimitExceeded: `too-many-requests`; the client asks the same person again and again.
        """
        client = await self._authenticate(facts, parameters)
        mode = _mode(client)
        given = await self._sources.of(parameters, client)
        _check_openid(given)
        asked = await self._asked(given, client, one_token=mode is DeliveryMode.PUSH)
        token = _notification_token(given, mode)
        message = check_binding_message(given.get("binding_message"))
        lifetime = self._lifetime(given)
        if "user_code" in given:  # backchannel_user_code_parameter_supported is false (§4)
            raise InvalidRequest("user_code is not supported")
        account_id = await self._find(given, client)
        await self._admit(client, account_id)
        request = self._request(client, account_id, mode, asked, lifetime)
        auth_req_id = self._ids.make(request.id)
        await self._sealed.put(request.id, SealedParts(auth_req_id, token, message), lifetime + KEPT_AFTER)
        async with self._database.write() as tx:
            await self._store.add(tx, request)
            await tx.commit()
        answer: dict[str, str | int] = {"auth_req_id": auth_req_id, "expires_in": lifetime}
        if mode is not DeliveryMode.PUSH:
            answer["interval"] = self._settings.poll_interval
        return answer

    def _request(
        self, client: Client, account_id: str, mode: DeliveryMode, asked: Asked, lifetime: int
    ) -> BackchannelRequest:
        now = self._clock.now()
        return BackchannelRequest(
            new_id(self._clock, "cba"),
            client.id,
            account_id,
            mode,
            asked.scopes,
            created_at=now,
            expires_at=now + dt.timedelta(seconds=lifetime),
            resources=asked.resources,
            authorization_details=asked.authorization_details,
        )

    def _lifetime(self, given: Parameters) -> int:
        """§7.1 `requested_expiry`: a wish, kept within bounds."""
        wish = given.get("requested_expiry")
        if wish is None:
            return self._settings.ciba_lifetime
        if not (wish.isascii() and wish.isdigit() and len(wish) <= 9 and int(wish) > 0):
            raise InvalidRequest("requested_expiry must be a positive number of seconds")
        return min(max(int(wish), _SHORTEST_EXPIRY), self._settings.ciba_lifetime_most)

    async def _admit(self, client: Client, account_id: str) -> None:
        """One client cannot wear a person out; another client's requests are not touched by it."""
        window = self._settings.ciba_lifetime_most
        count = await self._kv.incr(f"idp:ciba-asked:{client.id}:{account_id}", window)
        if count > self._settings.ciba_requests_per_person:
            raise LimitExceeded(
                "too-many-requests",
                Text("对同一个人请求得太频繁。", "The same person was asked too often."),
                retry_after=window,
                private="backchannel requests of one client for one person",
            )


def _mode(client: Client) -> DeliveryMode:
    """
    Raises:
        UnauthorizedClient: not registered for CIBA, or for a way in which its tokens cannot come to it.
    """
    metadata = client.metadata
    if GrantType.CIBA not in client.grants or metadata.backchannel_token_delivery_mode is None:
        raise UnauthorizedClient("the client is not registered for CIBA")
    if client.auth_method is ClientAuthMethod.NONE:  # §7.1: the client authenticates
        raise UnauthorizedClient("CIBA needs a client that can prove who it is")
    mode = metadata.backchannel_token_delivery_mode
    if mode is not DeliveryMode.POLL and metadata.backchannel_client_notification_endpoint is None:
        raise UnauthorizedClient("the client has registered no notification endpoint")
    bound = metadata.dpop_bound_access_tokens or metadata.tls_client_certificate_bound_access_tokens
    if mode is DeliveryMode.PUSH and (bound or rules_of(client).sender_constrained):
        raise UnauthorizedClient("pushed tokens cannot be bound to a key of the client")  # FAPI CIBA §5.2.2
    return mode


def _check_openid(given: Parameters) -> None:
    if OPENID not in parse_scope(given.required("scope")):  # §7.1
        raise InvalidScope("scope must hold openid")


def _notification_token(given: Parameters, mode: DeliveryMode) -> str | None:
    token = given.get("client_notification_token")
    if mode is DeliveryMode.POLL:
        return None
    if token is None:  # §7.1: REQUIRED in ping and push mode
        raise InvalidRequest("client_notification_token is missing")
    if not (_SHORTEST_TOKEN <= len(token) <= _LONGEST_TOKEN and _TOKEN.fullmatch(token)):
        raise InvalidRequest("client_notification_token takes 22 to 1024 characters of a bearer token")
    return token
