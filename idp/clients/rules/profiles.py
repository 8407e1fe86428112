"""Rules of the strict profiles: what a client must be that chooses one (FAPI 2.0 Security Profile §5.3.2; Message
Signing §5.3, §5.4).

Choosing the profile is the one setting: what it demands is filled in where the document is silent, and refused where it
contradicts. Every endpoint holds the client to it again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Set
from typing import Any

from idp.client_metadata import DeliveryMode, SecurityProfile
from idp.clients.description import ClientDescription
from idp.clients.policy import RegistrationPolicy
from idp.clients.rules.keys import OURS, check_has_keys
from idp.clients.rules.refusals import refused
from idp.model import ClientAuthMethod, GrantType
from idp.profiles.rules import RULES, ProfileRules
from keys.spec import SignatureAlgorithm

_FAPI2 = RULES[SecurityProfile.FAPI2]  # the other strict profile differs in nothing that is asked here
_BY_CERTIFICATE = frozenset({ClientAuthMethod.TLS, ClientAuthMethod.SELF_SIGNED_TLS})


def settled(new: ClientDescription, given: Set[str]) -> ClientDescription:
    """The description with what its profile demands filled in where nothing was said.

    Args:
        given: registered names of the members that the document has.
    """
    profile = new.metadata.profile
    if profile is SecurityProfile.STANDARD:
        return new
    demands = RULES[profile]
    core: dict[str, Any] = {}
    methods = demands.client_auth
    if "token_endpoint_auth_method" not in given and methods is not None and new.auth_method not in methods:
        core["auth_method"] = ClientAuthMethod.PRIVATE_KEY_JWT
    if "id_token_signed_response_alg" not in given and new.id_token_alg not in demands.algorithms:
        core["id_token_alg"] = SignatureAlgorithm.ES256
    new = dataclasses.replace(new, **core)
    demanded: dict[str, Any] = {"require_pushed_authorization_requests": True, "require_pkce": True}
    bound = new.metadata.tls_client_certificate_bound_access_tokens or new.metadata.dpop_bound_access_tokens
    if not bound:
        by_certificate = new.auth_method in _BY_CERTIFICATE
        member = "tls_client_certificate_bound_access_tokens" if by_certificate else "dpop_bound_access_tokens"
        demanded[member] = True
    if demands.signed_requests:
        demanded["require_signed_request_object"] = True
        if new.metadata.authorization_signed_response_alg is None:
            demanded["authorization_signed_response_alg"] = str(SignatureAlgorithm.ES256)
    filled = {name: value for name, value in demanded.items() if name not in given}
    return dataclasses.replace(new, metadata=dataclasses.replace(new.metadata, **filled))


def check_profile(new: ClientDescription, policy: RegistrationPolicy) -> None:
    metadata, demands = new.metadata, RULES[new.metadata.profile]
    if demands.client_auth is not None and new.auth_method not in demands.client_auth:
        raise refused("token_endpoint_auth_method", "must be private_key_jwt or by certificate in this profile")
    if demands.response_types is not None and not metadata.response_types <= demands.response_types:
        raise refused("response_types", "must be code in this profile")
    if demands.grants is not None and not new.grants <= demands.grants:
        raise refused("grant_types", "holds a grant that this profile does not have")
    if demands.pkce and not metadata.require_pkce:
        raise refused("require_pkce", "must be on in this profile")
    if demands.pushed and not metadata.require_pushed_authorization_requests:
        raise refused("require_pushed_authorization_requests", "must be on in this profile")
    bound = metadata.dpop_bound_access_tokens or metadata.tls_client_certificate_bound_access_tokens
    if demands.sender_constrained and not bound:
        raise refused("dpop_bound_access_tokens", "or certificate-bound access tokens must be on in this profile")
    if demands.sender_constrained and metadata.backchannel_token_delivery_mode is DeliveryMode.PUSH:
        raise refused("backchannel_token_delivery_mode", "must not be push in this profile")  # FAPI CIBA §5.2.2
    if metadata.profile is not SecurityProfile.STANDARD:
        _check_algorithms(new, demands)
    if demands.signed_requests:
        _check_message_signing(new)


def _check_algorithms(new: ClientDescription, demands: ProfileRules) -> None:
    metadata, strong = new.metadata, {str(algorithm) for algorithm in demands.algorithms}
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
        if algorithm is not None and algorithm not in strong:
            choice = sorted(strong & OURS if field.endswith("response_alg") else strong)
            raise refused(field, f"must be one of {', '.join(choice)} in this profile")


def _check_message_signing(new: ClientDescription) -> None:
    if not new.metadata.require_signed_request_object:
        raise refused("require_signed_request_object", "must be on in this profile")
    check_has_keys(new, "require_signed_request_object")
    if GrantType.AUTHORIZATION_CODE in new.grants and new.metadata.authorization_signed_response_alg is None:
        raise refused("authorization_signed_response_alg", "is needed in this profile")
