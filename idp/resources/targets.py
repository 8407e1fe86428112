"""For whom an access token is, and what of the granted scopes goes with it (RFC 8707 §2.1, §2.2; RFC 9068 §3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from idp.client_metadata import AccessTokenFormat
from idp.errors import InvalidTarget
from idp.protocol.scopes import ALL_SCOPES
from idp.resources.model import ProtectedResource

MOST_RESOURCES = 8
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Target:
    """One access token's audience.

    Attributes:
        audiences: values of `aud`.
        scopes: what the token carries; less than was granted where a resource has no use for the rest.
        access_token_format: None where the client's own wish counts.
    """

    audiences: tuple[str, ...]
    scopes: tuple[str, ...]
    access_token_format: AccessTokenFormat | None = None


def is_resource_identifier(value: str) -> bool:
    """An absolute URI without a fragment (RFC 8707 §2), of a sensible length."""
    if not 0 < len(value) <= _LONGEST or not value.isascii() or any(char <= " " or char == "\x7f" for char in value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and "#" not in value


def narrowed_resources(asked: Sequence[str], granted: Sequence[str], *, ours: str) -> tuple[str, ...]:
    """The resources of one token: those asked for now, or all that were granted; nothing granted means our own API.

    Our own API may always be asked for: it is what a grant without a resource is good for (userinfo among it).

    Raises:
        InvalidTarget: another resource than the grant has (RFC 8707 §2.2).
    """
    if not asked:
        return tuple(granted) or (ours,)
    if not set(asked) <= {*granted, ours}:
        raise InvalidTarget("the grant is not for this resource")
    return tuple(asked)


def target_of(
    wanted: Sequence[str], resources: Iterable[ProtectedResource], scopes: Sequence[str], *, ours: str
) -> Target:
    """
    Args:
        wanted: identifiers, `ours` among them where it is wanted.
        resources: those of them that are not ours.
        scopes: what was granted.

    Raises:
        InvalidTarget: resources that take different kinds of tokens cannot share one.
    """
    known = tuple(resources)
    if not known:
        return Target((ours,), tuple(scope for scope in scopes if scope in ALL_SCOPES))
    formats = {resource.access_token_format for resource in known}
    if len(formats) > 1:
        raise InvalidTarget("these resources take different kinds of access tokens: ask for one at a time")
    if ours in wanted:  # whoever receives the token could use it here
        raise InvalidTarget("a token for this server is for no other resource: ask for one at a time")
    there = frozenset().union(*(resource.scope_names for resource in known))
    return Target(tuple(wanted), tuple(scope for scope in scopes if scope in there), formats.pop())
