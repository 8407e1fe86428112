"""Which client a refused request names, so that its developers can read about it; nothing of it is believed.

Anybody can name a client, so anybody can put a line into its list of errors: that list is bounded, and says no more
than the answer did.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from keys.errors import TokenRejected
from keys.jose.jws import parse_compact

_LONGEST_HEADER = 4_096


def named_client(authorization: str | None, parameters: Mapping[str, str] | None) -> str | None:
    """By the parameter `client_id`, by HTTP Basic, or by the subject of a client assertion (RFC 7523 §3)."""
    parameters = parameters or {}
    return (
        parameters.get("client_id")
        or _by_basic(authorization or "")
        or _claim(parameters.get("client_assertion", ""), "sub")
    )


def _by_basic(header: str) -> str | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic" or len(header) > _LONGEST_HEADER:
        return None
    try:
        return unquote_plus(base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")[0]) or None
    except (binascii.Error, ValueError):
        return None


def _claim(token: str, name: str) -> str | None:
    if not token:
        return None
    try:
        value = parse_compact(token).claims.get(name)
    except TokenRejected:
        return None
    return value if isinstance(value, str) else None
