"""The Content-Security-Policy of our pages (CSP 3; attacks O-20, O-70)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

_FIXED = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


_APP_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:", re.ASCII)


def content_security_policy(form_action: Sequence[str] = (), frames: Sequence[str] = ()) -> str:
    """Nothing but our own files; forms may lead to ourselves and to the sources in `form_action`.

    Browsers apply `form-action` to every redirect that follows a form as well, so the log-in and consent pages
    must name the portal that the answer ends at.

    Args:
        form_action: origins such as `https://portal.example`, or the scheme of an app such as `cn.example.app:`
            (RFC 8252 §7.1); anything else is a programming error.
        frames: origins that the page's frames may show; none otherwise.

    Raises:
        ValueError: an entry is neither, and could smuggle a directive into the header.
    """
    apps = [source for source in form_action if _APP_SCHEME.fullmatch(source)]
    for source in (*form_action, *frames):
        if source not in apps and origin_of(source) != source:
            raise ValueError(f"not an origin: {source!r}")
    allowed = " ".join(["'self'", *dict.fromkeys(form_action)])
    framed = f"; frame-src {' '.join(dict.fromkeys(frames))}" if frames else ""
    return f"{_FIXED}{framed}; form-action {allowed}"


def self_sending_policy(script_digest: str, action: str) -> str:
    """The policy of a page that sends its form to `action` by one script.

    The receiver may redirect to another site of its own, which browsers judge by `form-action` as well; so any https
    address is let through, and on plain http only the one origin.

    Args:
        script_digest: SHA-256 of the script, base64.
    """
    receiver = "https:" if action.startswith("https://") else origin_of(action)
    return (
        f"default-src 'none'; style-src 'self'; script-src 'sha256-{script_digest}'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {receiver}"
    )


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
