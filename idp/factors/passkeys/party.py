"""Under which name authenticators know us (W3C WebAuthn L3 §5.1.2: a host name, never an address)."""

from __future__ import annotations

from urllib.parse import urlsplit

from idp.protocol.redirect_uri import origin_of
from idp.settings import IdpSettings
from keys.passkeys.model import RelyingParty


def party_of(settings: IdpSettings) -> RelyingParty | None:
    """None where browsers make no passkeys."""
    if not settings.passkeys:
        return None
    return RelyingParty(urlsplit(settings.issuer).hostname or "", origin_of(settings.issuer))
