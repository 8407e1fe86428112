"""Rules about what a client may do: grants, response types, authentication, scopes, and what these ask of each other.

RFC 7591 §2; OpenID Connect Registration §2; RFC 6749 §4.4; RFC 8628 §3.1; CIBA Core §4; RFC 8693 §2.1.
"""

from __future__ import annotations

from collections.abc import Mapping

from idp.client_metadata import ApplicationType, DeliveryMode
from idp.clients.description import CLIENT_ID, ClientDescription
from idp.clients.policy import RegistrationPolicy
from idp.clients.rules.refusals import refused
from idp.errors import InvalidRedirectUri
from idp.model import ClientAuthMethod, GrantType
from idp.protocol.detail_types import DETAIL_TYPES
from idp.protocol.response_types import CODE, ID_TOKEN, RESPONSE_TYPES, TOKEN
from idp.protocol.scopes import ALL_SCOPES, OIDC_SCOPES, OPENID, REALNAME
from idp.resources.targets import is_resource_identifier


def _grants_of(response_type: str) -> frozenset[GrantType]:
    words = response_type.split(" ")
    code = {GrantType.AUTHORIZATION_CODE} if CODE in words else set()
    return frozenset(code | ({GrantType.IMPLICIT} if {ID_TOKEN, TOKEN} & set(words) else set()))


GRANTS_OF_RESPONSE_TYPES: Mapping[str, frozenset[GrantType]] = {one: _grants_of(one) for one in RESPONSE_TYPES}
"""OIDC Registration §2."""

BY_BROWSER = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT})
FOR_PEOPLE = BY_BROWSER | {GrantType.DEVICE_CODE, GrantType.CIBA}
_PROVES_ITSELF = {
    GrantType.CLIENT_CREDENTIALS: "RFC 6749 section 4.4",
    GrantType.CIBA: "CIBA Core section 4",
    GrantType.TOKEN_EXCHANGE: "our own rule, RFC 8693 section 2.1 leaves it open",
}
_LONGEST_NAME = 100


def check_names(new: ClientDescription, policy: RegistrationPolicy) -> None:
    if new.client_id is not None and not CLIENT_ID.fullmatch(new.client_id):
        raise refused("client_id", "takes 3 to 64 letters, digits, dots, dashes")
    for name in (new.name.zh, new.name.en):  # people read it on the consent page: nothing invisible, nothing turned
        if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
            raise refused("client_name", f"must be of 1 to {_LONGEST_NAME} printable characters")


def check_grants(new: ClientDescription, policy: RegistrationPolicy) -> None:
    if not new.grants:
        raise refused("grant_types", "must not be empty")
    if not new.grants <= policy.grants:
        raise refused("grant_types", "holds a grant that may not be registered here")
    if GrantType.REFRESH_TOKEN in new.grants and not new.grants & (FOR_PEOPLE - {GrantType.IMPLICIT}):
        raise refused("grant_types", "refresh_token needs a grant that gives refresh tokens")
    if new.auth_method is ClientAuthMethod.NONE:
        for grant in _PROVES_ITSELF:
            if grant in new.grants:
                raise refused("grant_types", f"{grant.value} needs a client that can prove who it is")


def check_response_types(new: ClientDescription, policy: RegistrationPolicy) -> None:
    needed: frozenset[GrantType] = frozenset()
    for response_type in new.metadata.response_types:
        if response_type not in GRANTS_OF_RESPONSE_TYPES:
            raise refused("response_types", "holds a response type that is not offered")
        needed |= GRANTS_OF_RESPONSE_TYPES[response_type]
    silent = not needed and new.grants & BY_BROWSER
    if silent or not needed <= new.grants:  # OIDC Registration §2, RFC 7591 §2.1
        raise refused("response_types", "and grant_types do not go together")


def check_redirect(new: ClientDescription, policy: RegistrationPolicy) -> None:
    if new.grants & BY_BROWSER and not new.redirect_uris:  # RFC 7591 §2
        raise InvalidRedirectUri("redirect_uris are needed for log-ins in a browser", field="redirect_uris")
    implicit = GrantType.IMPLICIT in new.grants and new.metadata.application_type is ApplicationType.WEB
    if implicit and not policy.loopback and any(not uri.startswith("https://") for uri in new.redirect_uris):
        raise InvalidRedirectUri("implicit web clients take https only", field="redirect_uris")  # OIDC Registration §2


def check_scopes(new: ClientDescription, policy: RegistrationPolicy) -> None:
    if not (new.scopes <= ALL_SCOPES or new.metadata.resources):  # what else there is exists at a resource only
        raise refused("scope", "holds a scope that does not exist")
    if REALNAME in new.scopes and not new.realname_approved:
        raise refused("scope", "realname needs approval")
    if new.grants & FOR_PEOPLE and OPENID not in new.scopes:
        raise refused("scope", "must hold openid")
    if not new.grants & (FOR_PEOPLE | {GrantType.TOKEN_EXCHANGE}) and new.scopes & OIDC_SCOPES:
        raise refused("scope", "without log-in there are no OpenID Connect scopes")


def check_details_and_resources(new: ClientDescription, policy: RegistrationPolicy) -> None:
    if not DETAIL_TYPES.keys() >= set(new.metadata.authorization_details_types):  # RFC 9396 §10
        raise refused("authorization_details_types", "holds a type that does not exist")
    if not all(is_resource_identifier(one) for one in new.metadata.resources):  # RFC 8707 §2
        raise refused("resources", "holds something else than absolute URIs without a fragment")


def check_public_clients(new: ClientDescription, policy: RegistrationPolicy) -> None:
    """RFC 9700 §2.1.1: PKCE is what protects them."""
    if new.auth_method is ClientAuthMethod.NONE and not new.metadata.require_pkce:
        raise refused("require_pkce", "must not be off for public clients")


def check_ciba(new: ClientDescription, policy: RegistrationPolicy) -> None:
    metadata, field = new.metadata, "backchannel_token_delivery_mode"
    mode = metadata.backchannel_token_delivery_mode
    if GrantType.CIBA not in new.grants:
        if mode is not None or metadata.backchannel_client_notification_endpoint is not None:
            raise refused(field, "goes with the CIBA grant only")
        return
    if mode is None:  # CIBA Core §4: required
        raise refused(field, "is needed for the CIBA grant")
    notified = metadata.backchannel_client_notification_endpoint is not None
    if notified is (mode is DeliveryMode.POLL):  # CIBA Core §4: required for ping and push
        raise refused("backchannel_client_notification_endpoint", "goes with ping and push, and both need it")


def check_exchange(new: ClientDescription, policy: RegistrationPolicy) -> None:
    if new.metadata.exchange_audiences and GrantType.TOKEN_EXCHANGE not in new.grants:
        raise refused("exchange_audiences", "goes with the token exchange grant only")
    if new.metadata.exchange_impersonation and GrantType.TOKEN_EXCHANGE not in new.grants:
        raise refused("exchange_impersonation", "goes with the token exchange grant only")


def check_details(new: ClientDescription, policy: RegistrationPolicy) -> None:
    if not set(new.metadata.authorization_details_types) <= DETAIL_TYPES.keys():  # RFC 9396 §10
        raise refused("authorization_details_types", "holds a type that is not offered")
