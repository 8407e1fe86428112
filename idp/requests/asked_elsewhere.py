"""What a client may ask of a person where there is no authorization request (RFC 8628 §3.1, CIBA Core §7.1).

RFC 6749 §3.3, RFC 8707 §2.1, RFC 9396 §2; the same rules as at the authorization endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass

from idp.errors import InvalidScope
from idp.model import Client
from idp.protocol.authorization_details import Detail, parse_details
from idp.protocol.params import Parameters
from idp.protocol.scopes import ALL_SCOPES, OPENID, REALNAME, parse_scope
from idp.resources.known import KnownResources


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        resources: what the access tokens shall be for; empty for our own API.
    """

    scopes: tuple[str, ...]
    resources: tuple[str, ...] = ()
    authorization_details: tuple[Detail, ...] = ()


class AskedElsewhere:
    """Reads and judges it."""

    def __init__(self, resources: KnownResources) -> None:
        self._resources = resources

    async def __call__(self, parameters: Parameters, client: Client, *, one_token: bool = False) -> Asked:
        """
        Args:
            one_token: the tokens are sent without a token request that could narrow them.

        Raises:
            InvalidScope: nothing is asked for, or something that the client is not registered or approved for.
            InvalidTarget, InvalidAuthorizationDetails: RFC 8707 §2, RFC 9396 §5.
        """
        found = await self._resources.asked(parameters.resources, client)
        if one_token:
            self._resources.check_one_token(parameters.resources, found)
        there = ALL_SCOPES.union(*(resource.scope_names for resource in found))
        return Asked(
            _scopes(parameters.get("scope"), client, there),
            tuple(dict.fromkeys(parameters.resources)),
            parse_details(parameters.get("authorization_details"), client.metadata.authorization_details_types),
        )


def _scopes(value: str | None, client: Client, there: frozenset[str]) -> tuple[str, ...]:
    """Scopes that do not exist are ignored (OIDC Core §3.1.2.1); `openid` is the default."""
    asked = tuple(scope for scope in parse_scope(value or OPENID) if scope in there)
    if not asked:
        raise InvalidScope("none of the scopes exists here")
    if not client.scopes.issuperset(asked):
        raise InvalidScope("the client is not registered for a scope that it asks for")
    if REALNAME in asked and not client.realname_approved:
        raise InvalidScope("the client is not approved for the scope realname")
    return asked
