"""Scopes and single claims of one request taken together (OpenID Connect Core §5.4, §5.5)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from idp.protocol.claims_parameter import ClaimsRequest
from idp.protocol.scopes import SCOPE_CLAIMS, scope_behind


@dataclass(frozen=True, slots=True)
class AskedClaims:
    """What is asked about the person.

    Attributes:
        request: the `claims` parameter without what the client may not have (§5.5: not an error).
        scopes: what the person is asked for: a single claim needs the same approval and consent as its scope.
        userinfo: all that userinfo tells, if single claims narrow it: a scope that was not named gives no more than
            those; empty where all claims of the scopes are meant.
        id_token: what the ID token tells.
    """

    request: ClaimsRequest
    scopes: tuple[str, ...]
    userinfo: tuple[str, ...] = ()
    id_token: tuple[str, ...] = ()


def asked_claims(
    wished: ClaimsRequest, named: tuple[str, ...], allowed: frozenset[str], *, alone: bool = False
) -> AskedClaims:
    """
    Args:
        wished: the `claims` parameter as it came.
        named: the scopes that the request names.
        allowed: the scopes that the client may have.
        alone: no access token is ever issued, so that the scopes' claims come in the ID token (§5.4).
    """
    of_scopes = tuple(claim for scope in named for claim in SCOPE_CLAIMS.get(scope, ()))
    in_id_token = of_scopes if alone else ()
    if not wished.names:
        return AskedClaims(wished, named, id_token=in_id_token)
    asked_for = allowed.intersection(named)  # a claim of a scope that is asked for anyway needs no other
    behind = {
        claim: scope_behind(claim, asked_for) or scope_behind(claim, allowed)
        for claim in wished.userinfo + wished.id_token
    }
    kept = dataclasses.replace(
        wished,
        userinfo=tuple(claim for claim in wished.userinfo if behind[claim] is not None),
        id_token=tuple(claim for claim in wished.id_token if behind[claim] is not None),
    )
    return AskedClaims(
        kept,
        _once(*named, *(scope for scope in behind.values() if scope is not None)),
        _once("sub", *of_scopes, *kept.userinfo) if kept.names else (),
        _once(*in_id_token, *kept.id_token),
    )


def _once(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
