"""Redirect URIs: compared character by character, built without surprises.

RFC 6749 §3.1.2; RFC 9700 §2.1, §4.1; OpenID Connect RP-Initiated Logout §3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit


def is_registered(uri: str, registered: tuple[str, ...]) -> bool:
    """Exact string comparison, nothing else (RFC 9700 §2.1)."""
    return uri in registered


def with_parameters(uri: str, values: Mapping[str, str | None]) -> str:
    """`uri` with parameters added to its query; None is left out; everything is percent-encoded (RFC 6749 §4.1.2)."""
    added = urlencode({name: value for name, value in values.items() if value is not None})
    if not added:
        return uri
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{added}"


def host_of(uri: str) -> str:
    """Host, and port if it is not the scheme's own, as shown to people."""
    return urlsplit(uri).netloc


def origin_of(uri: str) -> str:
    """Scheme, host and port: the source expression for `form-action`."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
