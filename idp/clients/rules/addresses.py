"""Rules about addresses: what may be stored as one, and which of them must fit together.

RFC 6749 §3.1.2; RFC 8252 §7, §8.3, §8.4; RFC 9700 §2.1, §4.1; OpenID Connect Registration §2, §5. None of them is ever
fetched here (attacks O-04, O-19).
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

from idp.client_metadata import ApplicationType, SubjectType
from idp.clients.description import ClientDescription
from idp.clients.policy import RegistrationPolicy
from idp.clients.rules.refusals import refused
from idp.errors import InvalidRedirectUri

LONGEST = 1024
_MOST_REDIRECTS = 20
_LONGEST_REQUEST_URI = 512  # OIDC Core §6.2
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_RESERVED = frozenset(
    {
        "code",
        "state",
        "iss",
        "error",
        "error_description",
        "error_uri",
        "id_token",
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "response",
        "session_state",
    }
)
_FORBIDDEN = frozenset('\\"<>^`{|}*\x7f')
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+", re.ASCII)  # RFC 8252 §7.1: a domain, reversed


def check_redirect_uris(new: ClientDescription, policy: RegistrationPolicy) -> None:
    if len(new.redirect_uris) > _MOST_REDIRECTS:
        raise InvalidRedirectUri("too many redirect_uris", field="redirect_uris")
    for uri in new.redirect_uris:
        if not _may_be_redirected_to(uri, new, policy):
            raise InvalidRedirectUri(
                "redirect_uris must be complete https addresses without fragment, user name and reserved parameters",
                field="redirect_uris",
            )
        if not _named_by_policy(uri, policy):
            raise InvalidRedirectUri("a redirect_uri leads to a host that may not be used", field="redirect_uris")


def _may_be_redirected_to(uri: str, new: ClientDescription, policy: RegistrationPolicy) -> bool:
    parts = split(uri)
    if parts is None or {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)} & _RESERVED:
        return False
    if parts.scheme == "https":
        return has_host(parts)
    native = new.metadata.application_type is ApplicationType.NATIVE
    if parts.scheme == "http":  # OIDC Registration §2: a web client's must be https
        return has_host(parts) and parts.hostname in _LOOPBACK and (native or policy.loopback)
    return native and bool(_PRIVATE_SCHEME.fullmatch(parts.scheme))  # RFC 8252 §7.1


def _named_by_policy(uri: str, policy: RegistrationPolicy) -> bool:
    """Addresses that stay on the device lead to no host."""
    host = urlsplit(uri).hostname
    return host is None or host in _LOOPBACK or policy.names_host(host)


def check_sector(new: ClientDescription, policy: RegistrationPolicy) -> None:
    """OIDC Core §8.1: several hosts need somebody who says what the sector is; the document is looked at elsewhere."""
    metadata = new.metadata
    if metadata.sector_identifier_uri is not None:
        _check("sector_identifier_uri", metadata.sector_identifier_uri)  # https, without exception
    elif new.sector is None and metadata.subject_type is SubjectType.PAIRWISE and len(redirect_hosts(new)) > 1:
        raise refused("sector_identifier_uri", "is needed where redirect URIs have several hosts")
    if new.sector is not None and not 0 < len(new.sector) <= 255:
        raise refused("sector", "must be a name of at most 255 characters")


def check_log_out(new: ClientDescription, policy: RegistrationPolicy) -> None:
    for uri in new.post_logout_redirect_uris:
        _check("post_logout_redirect_uris", uri, policy, private=new.metadata.application_type)
    if new.backchannel_logout_uri is not None:
        _check("backchannel_logout_uri", new.backchannel_logout_uri, policy)  # Back-Channel Logout §2.2
    front = new.metadata.frontchannel_logout_uri
    if front is not None:
        _check("frontchannel_logout_uri", front, policy)
        if _origin(front) not in {_origin(uri) for uri in new.redirect_uris}:  # Front-Channel Logout §2
            raise refused("frontchannel_logout_uri", "must have scheme, host and port of a redirect URI")


def check_keys_address(new: ClientDescription, policy: RegistrationPolicy) -> None:
    if new.metadata.jwks_uri is not None:
        _check("jwks_uri", new.metadata.jwks_uri, policy)


def check_request_uris(new: ClientDescription, policy: RegistrationPolicy) -> None:
    """OIDC Registration §2: a fragment is the digest of the content, so it may be there."""
    for uri in new.metadata.request_uris:
        if len(uri) > _LONGEST_REQUEST_URI:
            raise refused("request_uris", f"must not be longer than {_LONGEST_REQUEST_URI} characters")
        _check("request_uris", uri.partition("#")[0], policy)


def check_pages(new: ClientDescription, policy: RegistrationPolicy) -> None:
    """Addresses that people follow, or that send people to us."""
    metadata = new.metadata
    for field in ("client_uri", "logo_uri", "policy_uri", "tos_uri"):
        value = getattr(metadata, field)
        if value is not None:
            _check(field, value, policy)
    if metadata.initiate_login_uri is not None:
        _check("initiate_login_uri", metadata.initiate_login_uri)  # OIDC Core §4: MUST be https


def check_notification(new: ClientDescription, policy: RegistrationPolicy) -> None:
    if new.metadata.backchannel_client_notification_endpoint is not None:  # CIBA Core §4: MUST be https
        field = "backchannel_client_notification_endpoint"
        _check(field, new.metadata.backchannel_client_notification_endpoint, policy)


def redirect_hosts(new: ClientDescription) -> frozenset[str]:
    """Hosts with their ports, as they stand in the redirect URIs."""
    return frozenset(urlsplit(uri).netloc for uri in new.redirect_uris)


def split(uri: str) -> SplitResult | None:
    """The parts of a URI that has nothing in it that two readers could read in two ways; None otherwise."""
    if not 0 < len(uri) <= LONGEST or not uri.isascii() or "#" in uri:  # RFC 6749 §3.1.2: no fragment
        return None
    if any(char <= " " or char in _FORBIDDEN for char in uri):
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    plain = uri.startswith(f"{parts.scheme}:") and "@" not in parts.netloc
    return parts if plain else None


def has_host(parts: SplitResult) -> bool:
    """A host without the empty port, in the lower case in which it is compared."""
    return bool(parts.hostname) and not parts.netloc.endswith(":") and parts.netloc == parts.netloc.lower()


def _check(
    field: str, uri: str, policy: RegistrationPolicy | None = None, *, private: ApplicationType | None = None
) -> None:
    """https, or http on the loopback interface where the policy has it; private schemes for native clients."""
    parts = split(uri)
    if parts is not None and has_host(parts):
        if parts.scheme == "https":
            return
        if parts.scheme == "http" and policy is not None and policy.loopback and parts.hostname in _LOOPBACK:
            return
    if private is ApplicationType.NATIVE and parts is not None and _PRIVATE_SCHEME.fullmatch(parts.scheme):
        return
    raise refused(field, "must be a complete https address without fragment and user name")


def _origin(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.scheme, parts.netloc
