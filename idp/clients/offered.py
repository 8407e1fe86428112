"""What this deployment cannot do, whatever the rules allow: clients by certificate need a proxy that hands it on."""

from __future__ import annotations

from idp.clients.description import ClientDescription
from idp.clients.rules.refusals import refused
from idp.model import ClientAuthMethod
from idp.settings import IdpSettings

_BY_CERTIFICATE = frozenset({ClientAuthMethod.TLS, ClientAuthMethod.SELF_SIGNED_TLS})


def check_offered(new: ClientDescription, settings: IdpSettings) -> None:
    """
    Raises:
        idp.errors.InvalidClientMetadata: something that the provider metadata do not name (RFC 8414 §2).
    """
    if settings.client_certificates:
        return
    if new.auth_method in _BY_CERTIFICATE:
        raise refused("token_endpoint_auth_method", "by certificate is not offered here")
    if new.metadata.tls_client_certificate_bound_access_tokens:
        raise refused("tls_client_certificate_bound_access_tokens", "is not offered here")
