"""Signed authentication requests (CIBA Core §7.1.1; FAPI CIBA §5.2.2): all parameters in a JWT of the client, or none.

A client that registered `backchannel_authentication_request_signing_alg` must sign, with just that algorithm; any other
client must not, for nobody would know whose keys count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.clock import Clock
from idp.binding.replays import LONGEST_ID, Replays
from idp.clients.keys import ClientKeys
from idp.errors import InvalidRequest
from idp.model import Client
from idp.profiles.rules import rules_of
from idp.protocol.params import Parameters
from idp.settings import IdpSettings
from keys.errors import TokenRejected
from keys.jose.foreign_tokens import LEEWAY_SECONDS, ForeignProfile, verify_foreign
from keys.jose.jws import parse_compact
from keys.spec import SignatureAlgorithm, Use

ALGORITHMS = (SignatureAlgorithm.PS256, SignatureAlgorithm.ES256, SignatureAlgorithm.EDDSA)  # FAPI CIBA §5.2.2
LONGEST_LIFE = 3600
"""Seconds between `nbf` and `exp` at most (FAPI CIBA §5.2.2)."""

_OUTSIDE = frozenset({"request", "client_id", "client_secret", "client_assertion", "client_assertion_type"})
_CLAIMS = frozenset({"iss", "aud", "exp", "iat", "nbf", "jti"})  # §7.1.1: each MUST be there
_NOT_GOOD = "the request object is not valid"


class BackchannelParameters:
    """Finds the parameters that count."""

    def __init__(self, keys: ClientKeys, replays: Replays, clock: Clock, settings: IdpSettings) -> None:
        self._keys = keys
        self._replays = replays
        self._clock = clock
        self._settings = settings

    async def of(self, parameters: Parameters, client: Client) -> Parameters:
        """
        Raises:
            InvalidRequest: §13; why a signature was not accepted is for the log only.
        """
        algorithm = client.metadata.backchannel_authentication_request_signing_alg
        if algorithm is None:
            if "request" in parameters:
                raise InvalidRequest("the client is not registered for signed authentication requests")
            if rules_of(client).signed_requests:  # FAPI 2.0 Message Signing §5.3
                raise InvalidRequest("the client's profile demands signed requests, and no algorithm is registered")
            return parameters
        if "request" not in parameters:
            raise InvalidRequest("the client must sign its authentication requests")
        if parameters.keys() - _OUTSIDE or parameters.resources:  # §7.1.1: MUST NOT be present outside of the JWT
            raise InvalidRequest("all parameters belong into the request object")
        claims = await self._verified(parameters["request"], client, algorithm)
        await self._spend(claims, client)
        return _as_parameters(claims)

    async def _verified(self, request: str, client: Client, algorithm: str) -> Mapping[str, Any]:
        profile = ForeignProfile(
            frozenset(one for one in ALGORITHMS if str(one) == algorithm),
            frozenset({None, "JWT"}),
            Use.TOKEN,
            required=_CLAIMS,
            longest_life=LONGEST_LIFE,
        )
        issuers = frozenset({self._settings.issuer})  # §7.1.1: aud MUST include our issuer
        try:
            parsed = parse_compact(request)
            keys = await self._keys.of(client)
            if not any(parsed.key_id in (None, key.key_id) for key in keys.keys):  # the client has new ones, perhaps
                keys = await self._keys.fresh(client)
            claims = verify_foreign(
                parsed, keys, profile, issuer=client.id, audiences=issuers, clock=self._clock
            ).claims
            if claims["exp"] - claims["nbf"] > LONGEST_LIFE:
                raise TokenRejected("exp too far from nbf")
        except TokenRejected as error:
            raise InvalidRequest(_NOT_GOOD, private=error.reason) from None
        return claims

    async def _spend(self, claims: Mapping[str, Any], client: Client) -> None:
        """§7.1.1: jti is a unique identifier; of the same request twice, one counts."""
        until = claims["exp"] + LEEWAY_SECONDS
        if len(claims["jti"]) > LONGEST_ID or not await self._replays.first(
            "ciba", client.id, claims["jti"], until=until
        ):
            raise InvalidRequest(_NOT_GOOD, private="jti too long or seen before")


def _as_parameters(claims: Mapping[str, Any]) -> Parameters:
    """§7.1.1: parameters are members of the JWT; `requested_expiry` may be a number, the rest are texts."""
    values: dict[str, str] = {}
    for name, value in claims.items():
        if name in _CLAIMS or name == "resource":
            continue
        if name == "requested_expiry" and type(value) is int:
            value = str(value)
        if not isinstance(value, str):
            raise InvalidRequest("a parameter in the request object is no text")
        if value:
            values[name] = value
    resources = claims.get("resource", [])
    resources = [resources] if isinstance(resources, str) else resources
    if not isinstance(resources, list) or not all(isinstance(one, str) for one in resources):
        raise InvalidRequest("resource in the request object is neither a text nor a list of texts")
    return Parameters(values, resources)
