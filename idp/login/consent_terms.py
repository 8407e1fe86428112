"""What a person is asked to give to a portal, item by item, and which of it they may leave out.

Personal Information Protection Law (PIPL) Art. 14 (informed, voluntary, explicit), Art. 16 (no refusal of service for a
refusal of what is not necessary), Art. 17 (who, why, what, how long, how to withdraw), Art. 29 (sensitive: separately).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from idp.model import Client, Consent
from idp.protocol.scopes import (
    ADDRESS,
    EMAIL,
    NEEDS_NO_CONSENT,
    OFFLINE_ACCESS,
    PHONE,
    PROFILE,
    REALNAME,
    SCOPE_CLAIMS,
    scope_behind,
)
from idp.protocol.verified_wish import names_in
from idp.requests.request import AuthorizationRequest

MAY_BE_LEFT_OUT = frozenset({OFFLINE_ACCESS, PROFILE, EMAIL, PHONE, ADDRESS})
"""Real names are given to approved portals only, for what they cannot do without; rights come with a duty."""

SENSITIVE = frozenset({REALNAME})
"""Holds the ID number: sensitive personal information, which is agreed to by itself (PIPL Art. 28, 29)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One scope, as the page asks for it.

    Attributes:
        claims: what of the scope would be told; fewer than the scope has where single claims were asked for.
        essential: the portal says that it cannot go on without it (OIDC Core §5.5.1).
        optional: the person may leave it out and go on.
        agreed_before: it was given to this portal already.
    """

    scope: str
    claims: tuple[str, ...]
    essential: bool
    optional: bool
    sensitive: bool
    agreed_before: bool


def items_of(
    request: AuthorizationRequest, client: Client, scopes: Collection[str], earlier: Consent | None
) -> tuple[Item, ...]:
    """The items of a request in the order in which it names them.

    Args:
        scopes: those that this person can give.
    """
    allowed = client.scopes - (frozenset() if client.realname_approved else {REALNAME})
    return items_for(
        request.scopes,
        scopes,
        earlier,
        essential=frozenset(scope_behind(claim, allowed) for claim in request.claims.essential),
        told=names_in((*request.userinfo_claims, *request.id_token_claims)) if request.userinfo_claims else None,
    )


def items_for(
    asked: Sequence[str],
    scopes: Collection[str],
    earlier: Consent | None,
    *,
    essential: Collection[str | None] = (),
    told: Collection[str] | None = None,
) -> tuple[Item, ...]:
    """
    Args:
        asked: scopes, in the order in which they were asked for.
        scopes: those that this person can give.
        essential: those that the client says it cannot go on without.
        told: the single claims that were asked for; None for all that the scopes have.
    """
    before = frozenset() if earlier is None else earlier.scopes
    return tuple(
        Item(
            scope,
            tuple(
                claim
                for claim in SCOPE_CLAIMS.get(scope, ())
                if (told is None or claim in told) and scope_behind(claim, frozenset(scopes)) == scope
            ),
            scope in essential,
            scope in MAY_BE_LEFT_OUT and scope not in essential,
            scope in SENSITIVE,
            scope in before,
        )
        for scope in asked
        if scope in scopes and scope not in NEEDS_NO_CONSENT
    )


def extended(
    earlier: Consent | None,
    account_id: str,
    client_id: str,
    *,
    agreed: Collection[str],
    at: dt.datetime,
    declined: Collection[str] = (),
) -> Consent:
    """What is remembered after a decision: earlier consents stand until they are withdrawn or left out now."""
    before, refused = (frozenset(), frozenset()) if earlier is None else (earlier.scopes, earlier.declined)
    given = (before | frozenset(agreed)) - NEEDS_NO_CONSENT - frozenset(declined)
    return Consent(account_id, client_id, given, at, (refused | frozenset(declined)) - given)
