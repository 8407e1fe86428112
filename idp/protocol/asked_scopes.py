"""The scopes that a client may ask of a person where there is no authorization request (RFC 8628 §3.1, CIBA Core §7.1).

RFC 6749 §3.3; the same rules as at the authorization endpoint.
"""

from __future__ import annotations

from idp.errors import InvalidScope
from idp.model import Client
from idp.protocol.scopes import ALL_SCOPES, OPENID, REALNAME, parse_scope


def asked_scopes(value: str | None, client: Client) -> tuple[str, ...]:
    """What is asked for; scopes that do not exist are ignored (OIDC Core §3.1.2.1), `openid` is the default.

    Raises:
        InvalidScope: nothing is left, or something that the client is not registered or approved for.
    """
    asked = tuple(scope for scope in parse_scope(value or OPENID) if scope in ALL_SCOPES)
    if not asked:
        raise InvalidScope("none of the scopes exists here")
    if not client.scopes.issuperset(asked):
        raise InvalidScope("the client is not registered for a scope that it asks for")
    if REALNAME in asked and not client.realname_approved:
        raise InvalidScope("the client is not approved for the scope realname")
    return asked
