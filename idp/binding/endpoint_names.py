"""Whether `htu` of a proof names the endpoint that was called (RFC 9449 §4.3; RFC 3986 §6.2.2, §6.2.3)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_LONGEST = 2048
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PORTS = {"http": ":80", "https": ":443"}


def names_endpoint(htu: str, url: str) -> bool:
    """
    Args:
        htu: from the proof; its query and fragment do not count.
        url: what was called, as the client sees it.
    """
    return htu == url or (len(htu) <= _LONGEST and _normal(htu) == _normal(url) is not None)


def _normal(url: str) -> tuple[str, str, str] | None:
    """Scheme, authority and path in one spelling; None for what is no http address of the plain kind."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    scheme, authority = parts.scheme.lower(), parts.netloc.lower()
    if scheme not in _PORTS or not authority or "@" in authority:
        return None
    path = _ESCAPE.sub(_spelled, parts.path) or "/"
    if any(segment in (".", "..") for segment in path.split("/")):
        return None
    return scheme, authority.removesuffix(_PORTS[scheme]), path


def _spelled(match: re.Match[str]) -> str:
    """RFC 3986 §6.2.2.2: unreserved characters plain, the others in upper case."""
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else f"%{match[1].upper()}"
