"""An access token says only what counts where it is used (RFC 8707 §2.2, RFC 9396 §9.1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from idp.errors import InvalidTarget
from idp.protocol.authorization_details import details_at
from idp.resources.model import ProtectedResource
from idp.resources.targets import target_of
from idp.tokens.access import AccessGrant


def aimed(grant: AccessGrant, resources: Mapping[str, ProtectedResource], *, ours: str) -> AccessGrant:
    """
    Args:
        resources: those that the client may ask for, by identifier.
        ours: the identifier of our own API.

    Raises:
        InvalidTarget: a resource that is gone, or several that share no token.
    """
    if not (grant.audiences or grant.authorization_details or (grant.family and grant.family.resources)):
        return grant
    wanted = grant.audiences or (ours,)
    others = [one for one in wanted if one != ours]
    if not resources.keys() >= set(others):
        raise InvalidTarget("no such resource, or not for this client")
    target = target_of(wanted, [resources[one] for one in others], grant.scopes, ours=ours)
    return dataclasses.replace(
        grant,
        audiences=target.audiences,
        scopes=target.scopes,
        access_token_format=target.access_token_format,
        authorization_details=details_at(target.audiences, grant.authorization_details),
    )
