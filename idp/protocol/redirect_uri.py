"""Redirect URIs: strict at registration, compared character by character, built without surprises.

RFC 6749 §3.1.2; RFC 9700 §2.1, §4.1; OpenID Connect RP-Initiated Logout §3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from core.errors import InvalidInput
from core.text import Text

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_RESERVED = frozenset({"code", "state", "iss", "error", "error_description", "error_uri", "id_token", "access_token"})


def check_registered_uri(uri: str, *, field: str, callback: bool = True) -> str:
    """A URI that may be stored for a client: https, or http on the loopback interface.

    Args:
        callback: the answer's parameters will be added, so the query must hold none of their names.

    Raises:
        InvalidInput: `uri-not-allowed`.
    """
    if not _acceptable(uri, callback=callback):
        raise InvalidInput(
            "uri-not-allowed",
            Text(
                "这个网址不能登记：要用 https 的完整网址，不带 # 和用户名；"
                "回调网址的参数里不能有 code、state 等保留名。",
                "This address cannot be registered: use a complete https address without # and user name; a callback's "
                "query must not hold reserved names such as code or state.",
            ),
            field=field,
        )
    return uri


def _acceptable(uri: str, *, callback: bool) -> bool:
    if len(uri) > 1024 or not uri.isascii() or any(c <= " " or c in '\\"<>^`{|}*\x7f' for c in uri) or "#" in uri:
        return False  # RFC 6749 §3.1.2: no fragment
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname, parts.port
        names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None or "@" in parts.netloc:
        return False
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        return False
    return not (callback and names & _RESERVED)


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
