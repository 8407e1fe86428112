"""The members of a registration document: how each is read, and nothing about what goes together.

RFC 7591 §2; OpenID Connect Registration 1.0 §2; and where the table says so. Members that are not in the table do not
exist (attacks O-44); a member that is null is left out (RFC 7592 §2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from idp.client_metadata import (
    AccessTokenFormat,
    ActingDemand,
    ApplicationType,
    DeliveryMode,
    SecurityProfile,
    SubjectType,
)
from idp.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidScope
from idp.model import ClientAuthMethod, GrantType
from idp.protocol.response_types import canonical
from idp.protocol.scopes import parse_scope
from keys.spec import SignatureAlgorithm

LONGEST_TEXT = 1024
LONGEST_LIST = 50
_LONGEST_NUMBER = 10 * 365 * 86400  # seconds

_KEY_MEMBERS = (
    *("kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e", "x5c", "x5t#S256"),  # RFC 7517 §4, RFC 7518 §6
    *("d", "p", "q", "dp", "dq", "qi", "oth", "k"),  # private ones, so that they are refused and not just lost
)

Read = Callable[[str, object], Any]
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the document.

    Attributes:
        section: where it is registered.
        administrators: only people with that duty may set it.
    """

    read: Read
    section: str
    administrators: bool = False


def text(name: str, value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        raise _wrong(name, "must be a printable text of a sensible length")
    return value


def flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "must be true or false")
    return value


def seconds(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LONGEST_NUMBER:
        raise _wrong(name, "must be a number of seconds")
    return value


def texts(name: str, value: object) -> tuple[str, ...]:
    """In the order given, each once."""
    if not isinstance(value, list) or len(value) > LONGEST_LIST:
        raise _wrong(name, "must be a list of texts, not too long")
    return tuple(dict.fromkeys(text(name, one) for one in value))


def scope(name: str, value: object) -> frozenset[str]:
    try:
        return frozenset(parse_scope(text(name, value)))
    except InvalidScope:
        raise _wrong(name, "holds a character that no scope may hold") from None


def json_object(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(name, "must be an object")
    return value


def key_set(name: str, value: object) -> Mapping[str, Any]:
    """A JWK Set with the members that are known; whether its keys are good is for the rules to say."""
    keys = json_object(name, value).get("keys")
    return {"keys": [_key(name, one) for one in keys] if isinstance(keys, list) else keys}


def _key(name: str, value: object) -> object:
    if not isinstance(value, dict):
        return value
    kept = {member: value[member] for member in _KEY_MEMBERS if member in value}
    for said in kept.values():
        for one in said if isinstance(said, list) else [said]:
            if not isinstance(one, str) or not one.isprintable():
                raise _wrong(name, "holds a key with a member that is no printable text")
    return kept


def word_of(kind: type[Word]) -> Read:
    """One value of an enumeration."""

    def read(name: str, value: object) -> Word:
        for known in kind:
            if value == known.value:
                return known
        raise _wrong(name, "has a value that is not offered")

    return read


def words_of(kind: type[Word]) -> Read:
    one = word_of(kind)
    return lambda name, value: frozenset(one(name, each) for each in texts(name, value))


def response_types(name: str, value: object) -> frozenset[str]:
    """Each with its words in the canonical order: the order in which they came means nothing."""
    return frozenset(_response_type(name, each) for each in texts(name, value))


def _response_type(name: str, value: str) -> str:
    known = canonical(value)
    if known is None:
        raise _wrong(name, "holds a response type that does not exist here")
    return known


def redirect_uris(name: str, value: object) -> tuple[str, ...]:
    try:
        return texts(name, value)
    except InvalidClientMetadata as error:
        raise InvalidRedirectUri(error.description, field=name) from None


def _wrong(name: str, what: str) -> InvalidClientMetadata:
    return InvalidClientMetadata(f"{name} {what}", field=name)


_REGISTRATION = "OIDC Registration §2"
_7591 = "RFC 7591 §2"

CORE: Mapping[str, tuple[str, Member]] = {
    "redirect_uris": ("redirect_uris", Member(redirect_uris, _7591)),
    "post_logout_redirect_uris": ("post_logout_redirect_uris", Member(texts, "RP-Initiated Logout §3.1")),
    "backchannel_logout_uri": ("backchannel_logout_uri", Member(text, "Back-Channel Logout §2.2")),
    "token_endpoint_auth_method": ("auth_method", Member(word_of(ClientAuthMethod), _7591)),
    "grant_types": ("grants", Member(words_of(GrantType), _7591)),
    "scope": ("scopes", Member(scope, _7591)),
    "id_token_signed_response_alg": ("id_token_alg", Member(word_of(SignatureAlgorithm), _REGISTRATION)),
    "organisation": ("organisation", Member(text, "ours", administrators=True)),
    "realname_approved": ("realname_approved", Member(flag, "ours", administrators=True)),
    "sector": ("sector", Member(text, "ours", administrators=True)),
}
"""Members that are attributes of the client itself, by their registered names."""

METADATA: Mapping[str, Member] = {
    "application_type": Member(word_of(ApplicationType), _REGISTRATION),
    "response_types": Member(response_types, _7591),
    "subject_type": Member(word_of(SubjectType), _REGISTRATION),
    "sector_identifier_uri": Member(text, _REGISTRATION),
    "profile": Member(word_of(SecurityProfile), "ours"),
    "require_pkce": Member(flag, "ours"),
    "jwks": Member(key_set, _7591),
    "jwks_uri": Member(text, _7591),
    "token_endpoint_auth_signing_alg": Member(text, _REGISTRATION),
    "tls_client_auth_subject_dn": Member(text, "RFC 8705 §2.1.2"),
    "tls_client_auth_san_dns": Member(text, "RFC 8705 §2.1.2"),
    "tls_client_auth_san_uri": Member(text, "RFC 8705 §2.1.2"),
    "tls_client_auth_san_ip": Member(text, "RFC 8705 §2.1.2"),
    "tls_client_auth_san_email": Member(text, "RFC 8705 §2.1.2"),
    "tls_client_certificate_bound_access_tokens": Member(flag, "RFC 8705 §3.4"),
    "dpop_bound_access_tokens": Member(flag, "RFC 9449 §5.2"),
    "id_token_encrypted_response_alg": Member(text, _REGISTRATION),
    "id_token_encrypted_response_enc": Member(text, _REGISTRATION),
    "userinfo_signed_response_alg": Member(text, _REGISTRATION),
    "userinfo_encrypted_response_alg": Member(text, _REGISTRATION),
    "userinfo_encrypted_response_enc": Member(text, _REGISTRATION),
    "authorization_signed_response_alg": Member(text, "JARM §3"),
    "authorization_encrypted_response_alg": Member(text, "JARM §3"),
    "authorization_encrypted_response_enc": Member(text, "JARM §3"),
    "introspection_signed_response_alg": Member(text, "RFC 9701 §6"),
    "introspection_encrypted_response_alg": Member(text, "RFC 9701 §6"),
    "introspection_encrypted_response_enc": Member(text, "RFC 9701 §6"),
    "request_object_signing_alg": Member(text, _REGISTRATION),
    "request_object_encryption_alg": Member(text, _REGISTRATION),
    "request_object_encryption_enc": Member(text, _REGISTRATION),
    "request_uris": Member(texts, _REGISTRATION),
    "require_signed_request_object": Member(flag, "RFC 9101 §10.5"),
    "require_pushed_authorization_requests": Member(flag, "RFC 9126 §6"),
    "authorization_details_types": Member(texts, "RFC 9396 §10"),
    "default_max_age": Member(seconds, _REGISTRATION),
    "require_auth_time": Member(flag, _REGISTRATION),
    "default_acr_values": Member(texts, _REGISTRATION),
    "initiate_login_uri": Member(text, _REGISTRATION),
    "frontchannel_logout_uri": Member(text, "Front-Channel Logout §2"),
    "frontchannel_logout_session_required": Member(flag, "Front-Channel Logout §2"),
    "backchannel_logout_session_required": Member(flag, "Back-Channel Logout §2.2"),
    "backchannel_token_delivery_mode": Member(word_of(DeliveryMode), "CIBA Core §4"),
    "backchannel_client_notification_endpoint": Member(text, "CIBA Core §4"),
    "backchannel_authentication_request_signing_alg": Member(text, "CIBA Core §4"),
    "access_token_format": Member(word_of(AccessTokenFormat), "ours"),
    "acting": Member(word_of(ActingDemand), "ours"),
    "resources": Member(texts, "ours", administrators=True),
    "exchange_audiences": Member(texts, "ours", administrators=True),
    "exchange_impersonation": Member(flag, "ours", administrators=True),
    "exchange_actor": Member(text, "ours", administrators=True),
    "client_uri": Member(text, _7591),
    "logo_uri": Member(text, _7591),
    "policy_uri": Member(text, _7591),
    "tos_uri": Member(text, _7591),
    "contacts": Member(texts, _7591),
    "software_id": Member(text, _7591),
    "software_version": Member(text, _7591),
}
"""Members that are attributes of `ClientMetadata`."""
