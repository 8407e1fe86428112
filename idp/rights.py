"""What staff roles allow on a day: scopes, the licence types that they are limited to, the organisation acted for.

Everything that turns roles into rights asks here, so that a role that has run out, and a function that was taken out
of it, count nowhere (attacks O-68).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from idp.model import StaffRole
from idp.protocol.scopes import API_SCOPES, ROLE_SCOPES

LICENCE_TYPES, FUNCTIONS = "licence_types", "functions"
"""What a role can be limited to: licence types by code; functions by the scopes that stand for them."""

TYPED_SCOPES = frozenset({"licence:read", "licence:issue"})
"""The functions that can be limited to licences of some types; to verify one is open to the public anyway."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do for one organisation.

    Attributes:
        types: the licence types that a scope is limited to; a scope that is missing has no limit.
    """

    organisation: str
    roles: frozenset[str]
    scopes: frozenset[str]
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)


def counting(roles: Iterable[StaffRole], day: dt.date) -> list[StaffRole]:
    """Those that have not run out; `until` is the last day that counts."""
    return [role for role in roles if role.until is None or day <= role.until]


def functions_of(role: StaffRole) -> frozenset[str]:
    """The scopes that one role gives, as far as it is not limited to some of them."""
    given = ROLE_SCOPES.get(role.role, frozenset())
    return given.intersection(role.limits[FUNCTIONS]) if FUNCTIONS in role.limits else given


def rights_of(roles: Sequence[StaffRole], day: dt.date) -> Rights | None:
    """Of somebody with roles in several organisations those in the one that came first; None without any."""
    held = counting(roles, day)
    if not held:
        return None
    organisation = held[0].organisation
    here = [role for role in held if role.organisation == organisation]
    scopes = frozenset().union(*map(functions_of, here))
    types = {scope: limit for scope in scopes & TYPED_SCOPES if (limit := _types(here, scope)) is not None}
    return Rights(organisation, frozenset(role.role for role in here), scopes, types)


def lacking(roles: Sequence[StaffRole], day: dt.date) -> frozenset[str]:
    """The API scopes that nobody with these roles may be given (attacks O-16)."""
    return API_SCOPES.difference(*map(functions_of, counting(roles, day)))


def _types(roles: Sequence[StaffRole], scope: str) -> frozenset[str] | None:
    """The types that any of the roles gives the scope for; None where one gives it for all."""
    limits: list[Collection[str] | None] = [
        role.limits.get(LICENCE_TYPES) for role in roles if scope in functions_of(role)
    ]
    if any(limit is None for limit in limits):
        return None
    return frozenset().union(*(limit for limit in limits if limit is not None))
