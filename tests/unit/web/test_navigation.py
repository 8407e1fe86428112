"""Everybody finds the way to the pages that they have a right to."""

from __future__ import annotations

import pytest

from api.web.visitor import MOST_ENTRIES, Visitor, home_of, is_under, navigation
from core.principal import Principal, PrincipalKind
from core.text import Text


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


EVERY_DUTY = ("admin:system", "admin:audit", "client:manage", "licence:read", "identity:prove", "licence:issue")


@pytest.mark.parametrize("scopes", [EVERY_DUTY, EVERY_DUTY[:5], ("licence:read",), ("licence:read", "identity:prove")])
def test_the_header_has_at_most_five_entries_and_loses_none(scopes: tuple[str, ...]) -> None:
    staff = Principal(PrincipalKind.STAFF, "acc_1", "11410199DEMA00025B", scopes=frozenset(scopes))
    seen = Visitor(staff, "陈素", Text("岗位", "Duty"), navigation(staff), home_of(staff))
    assert len(seen.entries) + bool(seen.further) <= MOST_ENTRIES
    assert {*seen.entries, *seen.further} == set(seen.nav)
    assert (seen.further == ()) is (len(seen.nav) <= MOST_ENTRIES)
    assert any(is_under(seen.home, one.href) for one in seen.entries), "the page that they come for is in sight"
