"""What of a grant one token request takes: for which resources, and with which details (RFC 8707 §2.2, RFC 9396 §6).

Asked before anything one-time is spent, so that a request that goes too far costs nobody a refresh token.
"""

from __future__ import annotations

from collections.abc import Sequence

from idp.errors import InvalidTarget
from idp.grants.base import TokenRequest
from idp.protocol.authorization_details import Detail, narrowed_details, parse_details
from idp.resources.model import ProtectedResource
from idp.resources.targets import narrowed_resources, target_of


def audiences_of(request: TokenRequest, granted: Sequence[str], *, ours: str) -> tuple[str, ...]:
    """The resources that the request's token is for; empty for our own API.

    Args:
        granted: the resources of the grant; empty for our own API.
        ours: the identifier of our own API.

    Raises:
        InvalidTarget: a resource that was not granted or is not the client's, or several that share no token.
    """
    asked = request.parameters.resources
    if not asked and not granted:
        return ()
    wanted = tuple(dict.fromkeys(narrowed_resources(asked, granted, ours=ours)))
    target_of(wanted, known_of(request, wanted, ours=ours), (), ours=ours)
    return () if wanted == (ours,) else wanted


def known_of(request: TokenRequest, wanted: Sequence[str], *, ours: str) -> tuple[ProtectedResource, ...]:
    """
    Raises:
        InvalidTarget: one of them does not exist, was disabled, or is not the client's any more.
    """
    others = [identifier for identifier in wanted if identifier != ours]
    if not request.resources.keys() >= set(others):
        raise InvalidTarget("no such resource, or not for this client")
    return tuple(request.resources[identifier] for identifier in others)


def details_of(request: TokenRequest, granted: Sequence[Detail]) -> tuple[Detail, ...]:
    """
    Raises:
        InvalidAuthorizationDetails: malformed, or more than was granted (RFC 9396 §6.1).
    """
    value = request.parameters.get("authorization_details")
    if value is None:
        return tuple(granted)
    return narrowed_details(parse_details(value, request.client.metadata.authorization_details_types), granted)
