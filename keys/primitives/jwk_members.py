"""Reading members of a JWK that somebody else wrote (RFC 7517 §4, RFC 7518 §6)."""

from __future__ import annotations

from collections.abc import Mapping

from keys.errors import KeyRefused
from keys.primitives import base64url

_LONGEST = 1024  # characters; 4096 bits take 683


def octets(members: Mapping[str, object], name: str) -> bytes:
    """The octets of a base64url member.

    Raises:
        KeyRefused: it is missing, no text, too long or not base64url.
    """
    text = members.get(name)
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise KeyRefused(f"the JWK member {name} is missing or not text of a sensible length")
    try:
        return base64url.decode(text)
    except ValueError:
        raise KeyRefused(f"the JWK member {name} is not base64url") from None


def number(members: Mapping[str, object], name: str) -> int:
    """The number of a Base64urlUInt member: as few octets as it takes (RFC 7518 §2).

    Raises:
        KeyRefused: as `octets`, or it begins with zeros.
    """
    data = octets(members, name)
    if not data or data[0] == 0:
        raise KeyRefused(f"the JWK member {name} has octets too many")
    return int.from_bytes(data, "big")


def expect(members: Mapping[str, object], **values: str | None) -> None:
    """
    Raises:
        KeyRefused: a member has another value than it must have.
    """
    if any(members.get(name) != value for name, value in values.items()):
        raise KeyRefused(f"a JWK for {values} has other values")
