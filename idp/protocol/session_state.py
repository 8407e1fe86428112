"""The state of a browser's session, as portals may watch it (OpenID Connect Session Management 1.0 §3, §3.2).

The browser keeps a readable cookie that follows the log-in: a one-way value made of the session cookie's, which is a
secret of 256 bits. Whoever reads it learns whether it changed, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlsplit

from core.ids import new_secret

_PORTS = {"http": 80, "https": 443}


def browser_state(session_cookie: str) -> str:
    """What the readable cookie holds while this session cookie is good: 43 characters, base64url."""
    digest = hashlib.sha256(b"yizheng browser state\0" + session_cookie.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def session_state(client_id: str, redirect_uri: str, session_cookie: str, *, salt: str | None = None) -> str | None:
    """The parameter `session_state` of an authorization response (§2, §3).

    Bound to the client and to the origin that the answer goes to, so no other site can learn anything by it.

    Args:
        session_cookie: value of the session cookie that the browser has when it receives the answer.
        salt: for tests; random otherwise.

    Returns:
        Hexadecimal digest, a dot and the salt; None for a native client, which has no origin to ask from.
    """
    origin = web_origin(redirect_uri)
    if origin is None:
        return None
    salt = salt or new_secret(16)
    material = f"{client_id} {origin} {browser_state(session_cookie)} {salt}"
    return f"{hashlib.sha256(material.encode()).hexdigest()}.{salt}"


def web_origin(uri: str) -> str | None:
    """The origin as browsers write it (RFC 6454 §6.2): lower case, without the scheme's own port."""
    parts = urlsplit(uri)
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
