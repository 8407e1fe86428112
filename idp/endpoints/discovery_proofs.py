"""What the metadata says of how clients prove themselves: methods, algorithms, bound tokens, addresses of TLS.

RFC 8414 §2; OpenID Connect Discovery 1.0 §3; RFC 8705 §3.3, §5; RFC 9449 §5.1.
"""

from __future__ import annotations

from collections.abc import Mapping

from idp.clients.assertions import ALGORITHMS as ASSERTION_ALGORITHMS
from idp.model import ClientAuthMethod
from idp.profiles.rules import NATIONAL
from idp.settings import IdpSettings
from keys.jose.possession import ALGORITHMS as PROOF_ALGORITHMS

_ALWAYS = (
    ClientAuthMethod.BASIC,
    ClientAuthMethod.POST,
    ClientAuthMethod.PRIVATE_KEY_JWT,
    ClientAuthMethod.SECRET_JWT,
)
_BY_CERTIFICATE = (ClientAuthMethod.TLS, ClientAuthMethod.SELF_SIGNED_TLS)
_CALLED_BY_CLIENTS = (
    "token_endpoint",
    "userinfo_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
    "device_authorization_endpoint",
    "pushed_authorization_request_endpoint",
    "backchannel_authentication_endpoint",
    "registration_endpoint",
)


def authentication(settings: IdpSettings) -> dict[str, object]:
    """How clients prove who they are, and which key they hold."""
    methods = [method.value for method in _ALWAYS]
    found: dict[str, object] = {"dpop_signing_alg_values_supported": [str(one) for one in PROOF_ALGORITHMS]}
    if settings.client_certificates:
        methods += [method.value for method in _BY_CERTIFICATE]
        found["tls_client_certificate_bound_access_tokens"] = True
    signed = [*ASSERTION_ALGORITHMS, *(sorted(map(str, NATIONAL)) if settings.national_tokens else ())]
    for endpoint in ("token", "revocation", "introspection"):
        public = [] if endpoint == "introspection" else [ClientAuthMethod.NONE.value]
        found[f"{endpoint}_endpoint_auth_methods_supported"] = methods + public
        found[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = signed
    return found


def aliases(document: Mapping[str, object], settings: IdpSettings) -> dict[str, object]:
    """Where TLS clients are asked for their certificate, if that is another address (RFC 8705 §5)."""
    if settings.mtls_url is None:
        return {}
    ours = {name: str(document[name]) for name in _CALLED_BY_CLIENTS if name in document}
    return {
        "mtls_endpoint_aliases": {
            name: settings.mtls_url + address.removeprefix(settings.issuer) for name, address in ours.items()
        }
    }
