"""Rules of the strict profiles: what a client must be that chooses one (FAPI 2.0 Security Profile §5.3.2; Message
Signing §5.3, §5.4).

Choosing the profile is the one setting: what it demands is filled in where the document is silent, and refused where it
contradicts. Every endpoint holds the client to it again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Set
from typing import Any

from idp.client_metadata import SecurityProfile
from idp.clients.description import ClientDescription
from idp.clients.policy import RegistrationPolicy
from idp.clients.rules.keys import OURS, check_has_keys
from idp.clients.rules.refusals import refused
from idp.model import ClientAuthMethod, GrantType
from idp.profiles.rules import RULES
from keys.spec import SignatureAlgorithm

_FAPI2 = RULES[SecurityProfile.FAPI2]  # the other strict profile differs in nothing that is asked here
STRONG = frozenset(str(algorithm) for algorithm in _FAPI2.algorithms)
_AUTHENTICATION = _FAPI2.client_auth or frozenset()
_BY_CERTIFICATE = frozenset({ClientAuthMethod.TLS, ClientAuthMethod.SELF_SIGNED_TLS})


def settled(new: ClientDescription, given: Set[str]) -> ClientDescription:
    """The description with what its profile demands filled in where nothing was said.

    Args:
        given: registered names of the members that the document has.
    """
    profile = new.metadata.profile
    if profile is SecurityProfile.STANDARD:
        return new
    core: dict[str, Any] = {}
    if "token_endpoint_auth_method" not in given and new.auth_method not in _AUTHENTICATION:
        core["auth_method"] = ClientAuthMethod.PRIVATE_KEY_JWT
    if "id_token_signed_response_alg" not in given and str(new.id_token_alg) not in STRONG:
        core["id_token_alg"] = SignatureAlgorithm.ES256
    new = dataclasses.replace(new, **core)
    demanded: dict[str, Any] = {"require_pushed_authorization_requests": True, "require_pkce": True}
    bound = new.metadata.tls_client_certificate_bound_access_tokens or new.metadata.dpop_bound_access_tokens
    if not bound:
        by_certificate = new.auth_method in _BY_CERTIFICATE
        member = "tls_client_certificate_bound_access_tokens" if by_certificate else "dpop_bound_access_tokens"
        demanded[member] = True
    if profile is SecurityProfile.FAPI2_MESSAGE_SIGNING:
        demanded["require_signed_request_object"] = True
        if new.metadata.authorization_signed_response_alg is None:
            demanded["authorization_signed_response_alg"] = str(SignatureAlgorithm.ES256)
    filled = {name: value for name, value in demanded.items() if name not in given}
    return dataclasses.replace(new, metadata=dataclasses.replace(new.metadata, **filled))


def check_profile(new: ClientDescription, policy: RegistrationPolicy) -> None:
    metadata = new.metadata
    if metadata.profile is SecurityProfile.STANDARD:
        return
    if new.auth_method not in _AUTHENTICATION:
        raise refused("token_endpoint_auth_method", "must be private_key_jwt or by certificate in this profile")
    if GrantType.IMPLICIT in new.grants or not metadata.response_types <= {"code"}:
        raise refused("response_types", "must be code in this profile")
    if not metadata.require_pkce:
        raise refused("require_pkce", "must be on in this profile")
    if not metadata.require_pushed_authorization_requests:
        raise refused("require_pushed_authorization_requests", "must be on in this profile")
    if not (metadata.dpop_bound_access_tokens or metadata.tls_client_certificate_bound_access_tokens):
        raise refused("dpop_bound_access_tokens", "or certificate-bound access tokens must be on in this profile")
    _check_algorithms(new)
    if metadata.profile is SecurityProfile.FAPI2_MESSAGE_SIGNING:
        _check_message_signing(new)


def _check_algorithms(new: ClientDescription) -> None:
    metadata = new.metadata
    named = {
        "id_token_signed_response_alg": str(new.id_token_alg),
        "token_endpoint_auth_signing_alg": metadata.token_endpoint_auth_signing_alg,
        "request_object_signing_alg": metadata.request_object_signing_alg,
        "backchannel_authentication_request_signing_alg": metadata.backchannel_authentication_request_signing_alg,
        "authorization_signed_response_alg": metadata.authorization_signed_response_alg,
        "introspection_signed_response_alg": metadata.introspection_signed_response_alg,
        "userinfo_signed_response_alg": metadata.userinfo_signed_response_alg,
    }
    for field, algorithm in named.items():
        if algorithm is not None and algorithm not in STRONG:
            ours = field.endswith("response_alg")
            choice = sorted(STRONG & OURS) if ours else sorted(STRONG)
            raise refused(field, f"must be one of {', '.join(choice)} in this profile")


def _check_message_signing(new: ClientDescription) -> None:
    if not new.metadata.require_signed_request_object:
        raise refused("require_signed_request_object", "must be on in this profile")
    check_has_keys(new, "require_signed_request_object")
    if GrantType.AUTHORIZATION_CODE in new.grants and new.metadata.authorization_signed_response_alg is None:
        raise refused("authorization_signed_response_alg", "is needed in this profile")
