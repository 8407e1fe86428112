"""The Content-Security-Policy of our pages (CSP 3; attacks O-20, O-70)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

_FIXED = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def content_security_policy(form_action: Sequence[str] = (), frames: Sequence[str] = ()) -> str:
    """Nothing but our own files; forms may lead to ourselves and to the origins in `form_action`.

    Browsers apply `form-action` to every redirect that follows a form as well, so the log-in and consent pages
    must name the portal that the answer ends at.

    Args:
        form_action: origins such as `https://portal.example`; anything else is a programming error.
        frames: origins that the page's frames may show; none otherwise.

    Raises:
        ValueError: an entry is not an origin, and could smuggle a directive into the header.
    """
    for origin in (*form_action, *frames):
        if origin_of(origin) != origin:
            raise ValueError(f"not an origin: {origin!r}")
    allowed = " ".join(["'self'", *dict.fromkeys(form_action)])
    framed = f"; frame-src {' '.join(dict.fromkeys(frames))}" if frames else ""
    return f"{_FIXED}{framed}; form-action {allowed}"


def origin_of(address: str) -> str:
    """Scheme, host and port of an address, as a browser writes an origin (RFC 6454 §6.2)."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if any(c in host for c in " ;,'\"") or not host:
        raise ValueError("the address has no usable host")
    name = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port is None or parts.port == default else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"
