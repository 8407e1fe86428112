"""Provider metadata (OpenID Connect Discovery 1.0 §3; RFC 8414) and the JWK Set, rendered once and kept as bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from idp.ciba.signed_request import ALGORITHMS as CIBA_ALGORITHMS
from idp.client_metadata import DeliveryMode, SecurityProfile
from idp.endpoints.discovery_proofs import aliases, authentication
from idp.levels import REACHABLE, REAL, reachable, within_reach
from idp.model import GrantType
from idp.profiles.rules import RULES
from idp.protocol.detail_types import DETAIL_TYPES
from idp.protocol.response_types import RESPONSE_TYPES, ResponseMode
from idp.protocol.scopes import API_SCOPES, CLAIMS_ABOUT_PEOPLE, OFFLINE_ACCESS, OPENID, SCOPE_CLAIMS
from idp.protocol.verified_wish import VERIFIED_CLAIMS
from idp.settings import IdpSettings
from idp.verified_claims import (
    DOCUMENT_METHODS,
    DOCUMENT_TYPES,
    EVIDENCE_TYPES,
    RECORD_TYPES,
    TRUST_FRAMEWORK,
    VERIFIABLE,
)
from keys.jose.decryption_keys import DecryptionKeys
from keys.jose.jwe_content import ContentEncryption
from keys.jose.jwe_keys import KeyManagement
from keys.jose.jwk import ALL_TOKEN_PURPOSES, TOKEN_PURPOSES, public_jwks
from keys.ports import KeyProvider, SecretProvider

_SIGNED_MODES = [mode.value for mode in ResponseMode if mode.signed]
_GRANTS = (
    GrantType.IMPLICIT,
    GrantType.AUTHORIZATION_CODE,
    GrantType.REFRESH_TOKEN,
    GrantType.CLIENT_CREDENTIALS,
    GrantType.DEVICE_CODE,
    GrantType.CIBA,
    GrantType.TOKEN_EXCHANGE,
)


JWKS_MAX_AGE = 300
"""Seconds for which others may keep the JWK Set; a rotation waits for them."""


def metadata(issuer: str, contexts: Sequence[str] = REACHABLE, *, national: bool = False) -> dict[str, object]:
    """What we offer, and nothing that we would refuse.

    Args:
        contexts: authentication contexts that our own log-in reaches.
        national: signatures by SM2 are there for those who ask (GM/T 0125.1).
    """
    rules = RULES[SecurityProfile.STANDARD]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "end_session_endpoint": f"{issuer}/end-session",
        "check_session_iframe": f"{issuer}/check-session",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "device_authorization_endpoint": f"{issuer}/device-authorization",  # RFC 8628 §4
        "backchannel_authentication_endpoint": f"{issuer}/backchannel-authentication",  # CIBA Core §4
        "backchannel_token_delivery_modes_supported": [str(mode) for mode in DeliveryMode],
        "backchannel_authentication_request_signing_alg_values_supported": [
            str(algorithm) for algorithm in CIBA_ALGORITHMS
        ],
        "backchannel_user_code_parameter_supported": False,
        "scopes_supported": [OPENID, *SCOPE_CLAIMS, OFFLINE_ACCESS, *sorted(API_SCOPES)],
        "response_types_supported": list(RESPONSE_TYPES),
        "response_modes_supported": ["query", "fragment", "form_post", "jwt", *_SIGNED_MODES],
        "grant_types_supported": [grant.value for grant in _GRANTS],
        # more through an upstream provider, where one has it
        "acr_values_supported": [*contexts, *(one for one in REAL if within_reach((one,), contexts))],
        "subject_types_supported": ["pairwise", "public"],
        **_protections("id_token", "userinfo", "authorization", "introspection", national=national),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
        "display_values_supported": ["page", "popup", "touch"],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "acr",
            "amr",
            "at_hash",
            "c_hash",
            "s_hash",
            "sid",
            "real_name_level",
            *CLAIMS_ABOUT_PEOPLE,
            VERIFIED_CLAIMS,
        ],
        **_assurance(),
        "claims_locales_supported": ["zh-CN"],
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": sorted(
            rules.algorithms | rules.on_request if national else rules.algorithms
        ),
        "request_object_encryption_alg_values_supported": [str(one) for one in KeyManagement if one.agrees],
        "request_object_encryption_enc_values_supported": [str(one) for one in ContentEncryption],
        "require_signed_request_object": False,  # RFC 9101 §10.5: a client may demand it of itself
        "pushed_authorization_request_endpoint": f"{issuer}/par",  # RFC 9126 §5
        "require_pushed_authorization_requests": False,
        "authorization_details_types_supported": sorted(DETAIL_TYPES),  # RFC 9396 §10
        "authorization_response_iss_parameter_supported": True,  # RFC 9207 §3
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "ui_locales_supported": ["zh-CN", "en"],
    }


def _assurance() -> dict[str, object]:
    """OpenID Connect for Identity Assurance 1.0 §7."""
    return {
        "verified_claims_supported": True,
        "trust_frameworks_supported": [TRUST_FRAMEWORK],
        "claims_in_verified_claims_supported": list(VERIFIABLE),
        "evidence_supported": list(EVIDENCE_TYPES),
        "documents_supported": list(DOCUMENT_TYPES),
        "documents_check_methods_supported": list(DOCUMENT_METHODS),
        "electronic_records_supported": list(RECORD_TYPES),
    }


def _protections(*kinds: str, national: bool) -> dict[str, list[str]]:
    """How the tokens for clients can be signed and encrypted (Discovery §3; JARM §4; RFC 9701 §7)."""
    found: dict[str, list[str]] = {}
    signed = ALL_TOKEN_PURPOSES if national else TOKEN_PURPOSES
    for kind in kinds:
        found[f"{kind}_signing_alg_values_supported"] = [str(algorithm) for algorithm in signed]
        found[f"{kind}_encryption_alg_values_supported"] = [str(management) for management in KeyManagement]
        found[f"{kind}_encryption_enc_values_supported"] = [str(encryption) for encryption in ContentEncryption]
    return found


def registration(settings: IdpSettings) -> dict[str, object]:
    """Where clients register themselves, if they may (Discovery §3, RFC 8414 §2)."""
    return {} if settings.registration == "off" else {"registration_endpoint": f"{settings.issuer}/register"}


class PublishedKeys(KeyProvider, SecretProvider, Protocol):
    """Where the keys come from that we publish."""

    def state(self) -> object:
        """Another object whenever any key has changed.

        Raises:
            core.errors.Unavailable: `keys-stale`.
        """


@dataclass(frozen=True, slots=True)
class Document:
    """A document as bytes, with a name for just this content (RFC 9110 §8.8.3)."""

    content: bytes
    etag: str

    @classmethod
    def of(cls, members: Mapping[str, object]) -> Document:
        content = orjson.dumps(members)
        return cls(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


class PublishedDocuments:
    """The two documents as bytes. The JWK Set is rendered again only when the keys have changed."""

    def __init__(self, provider: PublishedKeys, settings: IdpSettings) -> None:
        self._provider = provider
        self._decryption = DecryptionKeys(provider)
        contexts = reachable(bound_keys=settings.bound_keys)
        offered = metadata(settings.issuer, contexts, national=settings.national_tokens)
        document = offered | authentication(settings) | registration(settings)
        self._metadata = Document.of(document | aliases(document, settings))
        self._jwks: Document | None = None
        self._rendered: object = None

    def metadata(self) -> Document:
        return self._metadata

    def jwks(self) -> Document:
        """RFC 7517 §5: active, next and verify-only keys; a revoked key is gone as soon as this worker knows.

        Beside them the one key to which clients encrypt (`use` is `enc`).

        Raises:
            core.errors.Unavailable: `keys-stale`.
        """
        state = self._provider.state()
        if self._jwks is None or state is not self._rendered:
            published = public_jwks(self._provider)
            published["keys"].append(self._decryption.public_jwk())
            self._jwks, self._rendered = Document.of(published), state
        return self._jwks
