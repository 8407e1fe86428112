"""`idp.rights`: what roles allow on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from core.errors import InvalidInput
from core.principal import Principal, PrincipalKind
from idp.model import StaffRole
from idp.protocol.scopes import API_SCOPES
from idp.rights import lacking, rights_of
from idp.staff.roles import check_role

TODAY = dt.date(2026, 11, 26)
HERE, THERE = "11410199DEMA000011", "11410199DEMA000028"


def role(name: str, *, of: str = HERE, until: dt.date | None = None, **limits: Any) -> StaffRole:
    return StaffRole("acc_1", of, name, limits, until)


def test_a_role_counts_on_its_last_day_and_not_after() -> None:
    held = [role("issuer", until=TODAY)]
    rights = rights_of(held, TODAY)
    assert rights is not None
    assert "licence:issue" in rights.scopes
    assert rights_of(held, TODAY + dt.timedelta(days=1)) is None
    assert lacking(held, TODAY + dt.timedelta(days=1)) == API_SCOPES


def test_who_loses_the_first_role_acts_for_the_next_organisation() -> None:
    held = [role("clerk", until=TODAY), role("issuer", of=THERE)]
    today, later = rights_of(held, TODAY), rights_of(held, TODAY + dt.timedelta(days=1))
    assert (today and today.organisation, later and later.organisation) == (HERE, THERE)


def test_a_function_that_was_taken_out_is_given_by_nobody() -> None:
    held = [role("issuer", functions=["licence:read", "admin:system"])]
    rights = rights_of(held, TODAY)
    assert rights is not None
    assert rights.scopes == {"licence:read"}, "a limit narrows; it never adds what the role does not give"
    assert "licence:issue" in lacking(held, TODAY)


def test_types_of_several_roles_add_up_for_each_function() -> None:
    held = [role("clerk", licence_types=["A"]), role("issuer", licence_types=["B"])]
    rights = rights_of(held, TODAY)
    assert rights is not None
    assert rights.types == {"licence:read": {"A", "B"}, "licence:issue": {"B"}}
    free = rights_of([role("clerk"), held[1]], TODAY)
    assert free is not None
    assert free.types == {"licence:issue": {"B"}}, "one role without a limit is none"


def test_a_principal_reaches_the_types_of_its_role() -> None:
    who = Principal(PrincipalKind.STAFF, "acc_1", types={"licence:issue": frozenset({"B"})})
    assert who.may_with("licence:issue", "B")
    assert not who.may_with("licence:issue", "A")
    assert who.may_with("licence:read", "A")
    assert hash(who) == hash(Principal(PrincipalKind.STAFF, "acc_1", types={"licence:issue": frozenset({"B"})}))


@pytest.mark.parametrize(
    "wrong",
    [
        role("king"),
        role("clerk", colour=["red"]),
        role("clerk", functions=[]),
        role("clerk", functions=["licence:issue"]),
        role("clerk", licence_types=[]),
        role("clerk", licence_types=["证照"]),
        role("clerk", licence_types=["x" * 65]),
        role("seal-user", licence_types=["A"]),
        role("clerk", until=TODAY - dt.timedelta(days=1)),
    ],
    ids=repr,
)
def test_limits_that_make_no_sense_are_refused(wrong: StaffRole) -> None:
    with pytest.raises(InvalidInput):
        check_role(wrong, TODAY)


def test_limits_that_narrow_are_accepted() -> None:
    check_role(role("issuer", licence_types=["A"], functions=["licence:read"], until=TODAY), TODAY)
