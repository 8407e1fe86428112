"""Request objects: an authorization request as a token that the client signed, and perhaps encrypted to us.

OpenID Connect Core §6; RFC 9101 §4, §6, §10; FAPI 2.0 Message Signing §5.3.1. Never unsigned ones, and never by a
shared secret: whoever holds the client's keys says what it asks for, or nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.clock import Clock
from idp.clients.keys import ClientKeys
from idp.errors import InvalidRequestObject
from idp.model import Client
from idp.profiles.rules import ProfileRules, RequestObjectRules, must_sign_requests, rules_of
from idp.protocol.params import MAX_FIELDS, MAX_VALUE, RESOURCE, Parameters
from idp.settings import IdpSettings
from keys.errors import TokenRejected
from keys.jose import jwe
from keys.jose.decryption_keys import DecryptionKeys
from keys.jose.foreign_tokens import LEEWAY_SECONDS, ForeignProfile, verify_foreign
from keys.jose.jws import UnverifiedToken, parse_compact, read_part
from keys.spec import Use

TYP = "oauth-authz-req+jwt"  # RFC 9101 §10.8
_TYPES = frozenset({None, "JWT", "jwt", TYP, f"application/{TYP}"})
_OF_THE_TOKEN = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})  # claims that are no parameters
_FORBIDDEN = frozenset({"request", "request_uri"})  # RFC 9101 §4
_PARTS_OF_JWE = 5


@dataclass(frozen=True, slots=True)
class ReadObject:
    """What a request object says.

    Attributes:
        alone: parameters beside the object never count (RFC 9101 §6.3).
    """

    parameters: Parameters
    alone: bool


class UnsignedObject(Exception):
    """A request object without a signature."""


class RequestObjects:
    """Verifies request objects with the keys of the client that is said to have sent them."""

    def __init__(self, keys: ClientKeys, decryption: DecryptionKeys, clock: Clock, settings: IdpSettings) -> None:
        self._keys = keys
        self._decryption = decryption
        self._clock = clock
        self._issuer = settings.issuer

    async def read(self, text: str, client: Client) -> ReadObject:
        """
        Raises:
            UnsignedObject: not signed, from a client that need not sign (OIDC Core §6.1 has such objects, we do not).
            InvalidRequestObject: for whatever else, which its developers are told: it is their own object.
        """
        rules = rules_of(client)
        strict = rules.request_object.alone or must_sign_requests(client)
        if not strict and _is_unsigned(text):
            raise UnsignedObject
        try:
            parsed = parse_compact(self._opened(text))
            claims = await self._verified(parsed, client, rules)
            _check_span(claims, rules.request_object, self._clock.now().timestamp())
            _check_meaning(claims, client)
            parameters = _parameters(claims)
        except TokenRejected as rejected:
            raise InvalidRequestObject(_told(rejected.reason), private=rejected.reason) from None
        return ReadObject(parameters, strict or str(parsed.typ).endswith(TYP))

    def _opened(self, text: str) -> str:
        """What is signed; an encrypted object is a signed one inside (RFC 9101 §6.1)."""
        if text.count(".") + 1 != _PARTS_OF_JWE:
            return text
        content = jwe.decrypt(text, self._decryption.private()).content
        if not content.isascii():
            raise TokenRejected("what is inside is no signed token")
        return content.decode("ascii")

    async def _verified(self, parsed: UnverifiedToken, client: Client, rules: ProfileRules) -> Mapping[str, Any]:
        profile = ForeignProfile(
            algorithms=rules.accepted(client.metadata.request_object_signing_alg),  # OIDC Registration §2
            types=_TYPES,
            use=Use.LOGIN,
            required=rules.request_object.required,
            optional=frozenset() if rules.request_object.required else frozenset({"iss", "aud", "exp"}),
        )
        audiences = frozenset({self._issuer})
        keys = await self._keys.of(client)
        try:
            found = verify_foreign(parsed, keys, profile, issuer=client.id, audiences=audiences, clock=self._clock)
        except TokenRejected as rejected:
            if rejected.reason != "kid":
                raise
            keys = await self._keys.fresh(client)  # perhaps it has changed its keys just now
            found = verify_foreign(parsed, keys, profile, issuer=client.id, audiences=audiences, clock=self._clock)
        return found.claims


def _is_unsigned(text: str) -> bool:
    """An unsecured JWS (RFC 7515 §A.5), whatever is in it."""
    header, _, rest = text.partition(".")
    if rest.count(".") != 1 or not rest.endswith("."):
        return False
    try:
        return read_part(header).get("alg") == "none"
    except TokenRejected:
        return False


def _told(reason: str) -> str:
    """Of what went wrong with the encryption nothing is told: answers that differ are what oracles are made of."""
    return "the request object is not acceptable" + ("" if reason.startswith("JWE") else f": {reason}")


def _check_span(claims: Mapping[str, Any], rules: RequestObjectRules, now: float) -> None:
    """Message Signing §5.3.1; that the times themselves are right was checked before."""
    if rules.longest_life is not None and claims["exp"] - claims["nbf"] > rules.longest_life:
        raise TokenRejected("exp too long after nbf")
    if rules.oldest_start is not None and now - claims["nbf"] > rules.oldest_start + LEEWAY_SECONDS:
        raise TokenRejected("nbf too old")


def _check_meaning(claims: Mapping[str, Any], client: Client) -> None:
    if claims.keys() & _FORBIDDEN:  # RFC 9101 §4
        raise TokenRejected("request or request_uri inside")
    if claims.get("client_id", client.id) != client.id:  # RFC 9101 §5
        raise TokenRejected("client_id")
    if claims.get("sub") == client.id:  # RFC 9101 §10.8: a client assertion is no request
        raise TokenRejected("sub is the client")


def _parameters(claims: Mapping[str, Any]) -> Parameters:
    """The claims as request parameters: numbers and JSON take the form that they have in a query (RFC 9101 §4)."""
    asked = {name: value for name, value in claims.items() if name not in _OF_THE_TOKEN and value is not None}
    if len(asked) > MAX_FIELDS:
        raise TokenRejected("too many parameters")
    resources = _resources(asked.pop(RESOURCE, ()))
    values = {name: _text(value) for name, value in asked.items()}
    return Parameters({name: value for name, value in values.items() if value}, resources)


def _resources(value: object) -> Sequence[str]:
    """One resource, or a list of them (RFC 8707 §2)."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)) or not all(isinstance(one, str) for one in listed):
        raise TokenRejected("resource is no text and no list of texts")
    return [_text(one) for one in listed if one]


def _text(value: object) -> str:
    try:
        if isinstance(value, (dict, list)):
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        elif isinstance(value, str) or type(value) is int:
            text = str(value)
        else:
            raise TokenRejected("a parameter of a kind that no request has")
        text.encode("utf-8")  # JSON can escape what no text may hold: half a surrogate pair
    except (UnicodeEncodeError, RecursionError):
        raise TokenRejected("a parameter that is no text") from None
    if len(text) > MAX_VALUE:
        raise TokenRejected("a parameter is too long")
    return text
