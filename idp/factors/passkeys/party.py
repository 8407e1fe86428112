"""Under which name authenticators know us (W3C WebAuthn L3 §5.1.2: a host name, never an address)."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from idp.protocol.redirect_uri import origin_of
from idp.settings import IdpSettings
from keys.passkeys.model import RelyingParty


def party_of(settings: IdpSettings) -> RelyingParty | None:
    """None where browsers make no passkeys: at a bare address."""
    host = urlsplit(settings.issuer).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return RelyingParty(host, origin_of(settings.issuer))
    return None
