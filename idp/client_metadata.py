"""What a client registered about itself, under the names of the registries.

OpenID Connect Registration 1.0 §2; RFC 7591 §2; and the members that RFC 8705, RFC 9101, RFC 9126, RFC 9396, RFC 9449,
RFC 9701, JARM, CIBA and the logout specifications add. Whether a combination may be stored is decided at registration;
here everything has its type and its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import msgspec


class ApplicationType(StrEnum):
    """OpenID Connect Registration §2."""

    WEB = "web"
    NATIVE = "native"  # RFC 8252


class SubjectType(StrEnum):
    """How the person is named to the client (OpenID Connect Core §8)."""

    PAIRWISE = "pairwise"
    PUBLIC = "public"


class SecurityProfile(StrEnum):
    """The one setting by which a portal chooses a strict profile for all that it does here."""

    STANDARD = "standard"
    FAPI2 = "fapi2"  # FAPI 2.0 Security Profile
    FAPI2_MESSAGE_SIGNING = "fapi2-message-signing"  # and FAPI 2.0 Message Signing


class AccessTokenFormat(StrEnum):
    """What the client's access tokens look like."""

    JWT = "jwt"  # RFC 9068
    JWT_SM2 = "jwt-sm2"  # the same, signed by SM2 with SM3 (GM/T 0125.1)
    OPAQUE = "opaque"


class ActingDemand(StrEnum):
    """Whether a person has to act for an organisation where the client asks for the scope `organisation`."""

    ASK = "ask"  # they choose between themselves and an organisation
    REQUIRED = "required"


class DeliveryMode(StrEnum):
    """How a client of CIBA learns of the decision (CIBA Core §5)."""

    POLL = "poll"
    PING = "ping"
    PUSH = "push"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """Names and meanings are the registries'; these are ours:

    Attributes:
        profile: the strict profile that every endpoint holds the client to.
        require_pkce: only a confidential client may be without it, which must then send a nonce (OAuth 2.1 §7.5.1).
        acting: whom the client serves, where it asks for the scope `organisation`.
        access_token_format: None for the service's choice.
        resources: protected resources that the client may ask tokens for (RFC 8707).
        exchange_audiences: clients and resources for which it may exchange tokens (RFC 8693).
        exchange_impersonation: it may do so in people's names without saying who acts.
        exchange_actor: the client that may act for people with tokens of this one; they say so in `may_act`.
        response_types: each with its words in the order of OAuth 2.0 Multiple Response Types §3, e.g. `code id_token`.
    """

    application_type: ApplicationType = ApplicationType.WEB
    response_types: frozenset[str] = frozenset({"code"})
    subject_type: SubjectType = SubjectType.PAIRWISE
    profile: SecurityProfile = SecurityProfile.STANDARD
    require_pkce: bool = True
    sector_identifier_uri: str | None = None

    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    token_endpoint_auth_signing_alg: str | None = None
    tls_client_auth_subject_dn: str | None = None
    tls_client_auth_san_dns: str | None = None
    tls_client_auth_san_uri: str | None = None
    tls_client_auth_san_ip: str | None = None
    tls_client_auth_san_email: str | None = None
    tls_client_certificate_bound_access_tokens: bool = False
    dpop_bound_access_tokens: bool = False

    id_token_encrypted_response_alg: str | None = None
    id_token_encrypted_response_enc: str | None = None
    userinfo_signed_response_alg: str | None = None
    userinfo_encrypted_response_alg: str | None = None
    userinfo_encrypted_response_enc: str | None = None
    authorization_signed_response_alg: str | None = None
    authorization_encrypted_response_alg: str | None = None
    authorization_encrypted_response_enc: str | None = None
    introspection_signed_response_alg: str | None = None
    introspection_encrypted_response_alg: str | None = None
    introspection_encrypted_response_enc: str | None = None

    request_object_signing_alg: str | None = None
    request_object_encryption_alg: str | None = None
    request_object_encryption_enc: str | None = None
    request_uris: tuple[str, ...] = ()
    require_signed_request_object: bool = False
    require_pushed_authorization_requests: bool = False
    authorization_details_types: tuple[str, ...] = ()

    default_max_age: int | None = None
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    initiate_login_uri: str | None = None

    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool = False
    backchannel_logout_session_required: bool = False

    backchannel_token_delivery_mode: DeliveryMode | None = None
    backchannel_client_notification_endpoint: str | None = None
    backchannel_authentication_request_signing_alg: str | None = None

    access_token_format: AccessTokenFormat | None = None
    acting: ActingDemand = ActingDemand.ASK
    resources: tuple[str, ...] = ()
    exchange_audiences: tuple[str, ...] = ()
    exchange_impersonation: bool = False
    exchange_actor: str | None = None

    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    contacts: tuple[str, ...] = ()
    software_id: str | None = None
    software_version: str | None = None


DEFAULT = ClientMetadata()


def to_stored(metadata: ClientMetadata) -> dict[str, Any]:
    """What differs from the defaults, so that a later release can change what clients without a wish get."""
    changed = {
        field.name: getattr(metadata, field.name)
        for field in fields(metadata)
        if getattr(metadata, field.name) != getattr(DEFAULT, field.name)
    }
    stored: dict[str, Any] = msgspec.to_builtins(changed)
    for name, value in stored.items():
        if isinstance(changed[name], frozenset):
            stored[name] = sorted(value)
    return stored


def from_stored(stored: Mapping[str, Any]) -> ClientMetadata:
    """
    Raises:
        msgspec.ValidationError: not what `to_stored` gave.
    """
    return msgspec.convert(stored, ClientMetadata)
