"""What this deployment does not offer, whatever the rules allow: clients by certificate need a proxy that hands it on,
national signatures (GM/T 0125.1) the profile that has them."""

from __future__ import annotations

from idp.client_metadata import AccessTokenFormat
from idp.clients.description import ClientDescription
from idp.clients.rules.keys import ON_REQUEST
from idp.clients.rules.refusals import refused
from idp.model import ClientAuthMethod
from idp.settings import IdpSettings

_SIGNED = (
    "userinfo_signed_response_alg",
    "authorization_signed_response_alg",
    "introspection_signed_response_alg",
    "request_object_signing_alg",
    "token_endpoint_auth_signing_alg",
)
_WITHOUT_NATIONAL = (
    "is not offered here: this deployment has no key for it; "
    "choose ES256, or have its operator set YIZHENG_PROFILE to national or both"
)
_BY_CERTIFICATE = frozenset({ClientAuthMethod.TLS, ClientAuthMethod.SELF_SIGNED_TLS})


def check_offered(new: ClientDescription, settings: IdpSettings) -> None:
    """
    Raises:
        idp.errors.InvalidClientMetadata: something that the provider metadata do not name (RFC 8414 §2).
    """
    check_national(new, settings)
    if settings.client_certificates:
        return
    if new.auth_method in _BY_CERTIFICATE:
        raise refused("token_endpoint_auth_method", "by certificate is not offered here")
    if new.metadata.tls_client_certificate_bound_access_tokens:
        raise refused("tls_client_certificate_bound_access_tokens", "is not offered here")


def check_national(new: ClientDescription, settings: IdpSettings) -> None:
    """
    Raises:
        idp.errors.InvalidClientMetadata: it asks for signatures by SM2, and there is no key for them here.
    """
    if settings.national_tokens:
        return
    if str(new.id_token_alg) in ON_REQUEST:
        raise refused("id_token_signed_response_alg", _WITHOUT_NATIONAL)
    for field in _SIGNED:
        if getattr(new.metadata, field) in ON_REQUEST:
            raise refused(field, _WITHOUT_NATIONAL)
    if new.metadata.access_token_format is AccessTokenFormat.JWT_SM2:
        raise refused("access_token_format", _WITHOUT_NATIONAL)
