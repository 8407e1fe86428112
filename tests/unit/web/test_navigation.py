"""Everybody finds the way to the pages that they have a right to."""

from __future__ import annotations

import pytest

from api.web.visitor import home_of, navigation
from core.principal import Principal, PrincipalKind


def _ways(*scopes: str) -> list[str]:
    staff = Principal(PrincipalKind.STAFF, "acc_1", "11410199DEMA00025B", scopes=frozenset(scopes))
    return [one.href for one in navigation(staff)]


@pytest.mark.parametrize(
    ("scopes", "reached"),
    [(("client:manage",), True), (("client:manage", "licence:issue"), False), (("licence:read",), False)],
)
def test_who_only_manages_portals_finds_the_receivers_too(scopes: tuple[str, ...], reached: bool) -> None:
    """Issuers find them behind the door of their office."""
    assert ("/office/subscriptions" in _ways(*scopes)) is reached
    assert ("/office" in _ways(*scopes)) is ("licence:issue" in scopes)


@pytest.mark.parametrize("scope", ["client:manage", "licence:issue", "licence:read", "admin:system", "admin:audit"])
def test_ones_home_is_in_the_navigation_or_behind_it(scope: str) -> None:
    staff = Principal(PrincipalKind.STAFF, "acc_1", "11410199DEMA00025B", scopes=frozenset({scope}))
    assert home_of(staff).startswith((*_ways(scope), "/admin"))
