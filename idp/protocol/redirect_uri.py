"""Redirect URIs: compared character by character, built without surprises.

RFC 6749 §3.1.2; RFC 8252 §7, §8; RFC 9700 §2.1, §4.1; OpenID Connect RP-Initiated Logout §3.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from idp.protocol.session_state import web_origin

_ANY_PORT = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?([/?].*)?", re.ASCII)
_LAST_PORT = 65_535


def is_registered(uri: str, registered: tuple[str, ...], *, native: bool = False) -> bool:
    """Exact string comparison, nothing else (RFC 9700 §2.1), but for the port of an app that listens on loopback."""
    return uri in registered or (native and _is_loopback_of(uri, registered))


def _is_loopback_of(uri: str, registered: tuple[str, ...]) -> bool:
    """RFC 8252 §7.3: any port; only for IP literals, because `localhost` may lead elsewhere (§8.3)."""
    asked = _ANY_PORT.fullmatch(uri)
    if asked is None or int(asked[2] or 0) > _LAST_PORT:
        return False
    known = (_ANY_PORT.fullmatch(one) for one in registered)
    return any(one is not None and (one[1], one[3]) == (asked[1], asked[3]) for one in known)


def with_parameters(uri: str, values: Mapping[str, str | None]) -> str:
    """`uri` with parameters added to its query; None is left out; everything is percent-encoded (RFC 6749 §4.1.2)."""
    added = urlencode({name: value for name, value in values.items() if value is not None})
    if not added:
        return uri
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{added}"


def with_fragment(uri: str, values: Mapping[str, str | None]) -> str:
    """`uri` with parameters as its fragment (OAuth 2.0 Multiple Response Types §2.1); registered URIs have none."""
    return f"{uri}#{urlencode({name: value for name, value in values.items() if value is not None})}"


def host_of(uri: str) -> str:
    """Host, and port if it is not the scheme's own, as shown to people; for an app's own scheme the scheme."""
    parts = urlsplit(uri)
    return parts.netloc or parts.scheme


def origin_of(uri: str) -> str:
    """The source expression for `form-action`: the origin as browsers write it; for an app's own scheme the scheme."""
    return web_origin(uri) or f"{urlsplit(uri).scheme}:"
