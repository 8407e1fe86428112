"""S-50: whoever had a batch sealed is asked for anew, as they are at that moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from api.bridges import IdpSealUsers
from core.principal import PrincipalKind
from idp.directory import Directory
from idp.rights import Rights
from signing.batches.model import Owner
from tests.support.clock import FakeClock

OFFICE, OTHER = "11410199DEMA00025B", "11410199DEMA000331"
SIGN = frozenset({"seal:sign", "licence:read"})


@dataclass
class Known:
    """What `idp.directory.Directory` says."""

    clients: dict[str, Any] = field(default_factory=dict)
    staff: dict[str, Rights] = field(default_factory=dict)
    persons: set[str] = field(default_factory=set)

    async def client(self, client_id: str) -> Any:
        return self.clients.get(client_id)

    async def rights(self, account_id: str, day: dt.date) -> Rights | None:
        return self.staff.get(account_id)

    async def in_use(self, account_id: str) -> bool:
        return account_id in self.persons


@pytest.fixture
def known() -> Known:
    app = SimpleNamespace(id="app", organisation=OFFICE, scopes=SIGN)
    return Known({"app": app}, {"acc_he": Rights(OFFICE, frozenset({"seal-user"}), SIGN)}, {"acc_lin"})


def users(known: Known) -> IdpSealUsers:
    return IdpSealUsers(cast(Directory, known), FakeClock())


async def test_twin_whoever_may_still_use_seals_is_known_with_their_rights_of_today(known: Known) -> None:
    app = await users(known).now(Owner(PrincipalKind.CLIENT, "app", OFFICE))
    he = await users(known).now(Owner(PrincipalKind.STAFF, "acc_he", OFFICE))
    lin = await users(known).now(Owner(PrincipalKind.PERSON, "acc_lin", None))
    assert app is not None
    assert he is not None
    assert lin is not None
    assert (app.organisation, app.may("seal:sign")) == (OFFICE, True)
    assert (he.organisation, he.roles) == (OFFICE, {"seal-user"})
    assert (lin.kind, lin.id) == (PrincipalKind.PERSON, "acc_lin")


async def test_s50_whoever_left_or_lost_the_right_is_nobody(known: Known) -> None:
    for owner in (
        Owner(PrincipalKind.CLIENT, "gone", OFFICE),
        Owner(PrincipalKind.CLIENT, "app", OTHER),
        Owner(PrincipalKind.STAFF, "acc_gone", OFFICE),
        Owner(PrincipalKind.STAFF, "acc_he", OTHER),
        Owner(PrincipalKind.PERSON, "acc_closed", None),
        Owner(PrincipalKind.SYSTEM, "system", None),
    ):
        assert await users(known).now(owner) is None
    known.clients["app"].scopes = frozenset({"licence:read"})
    known.staff["acc_he"] = Rights(OFFICE, frozenset({"clerk"}), frozenset({"licence:read"}))
    assert await users(known).now(Owner(PrincipalKind.CLIENT, "app", OFFICE)) is None
    assert await users(known).now(Owner(PrincipalKind.STAFF, "acc_he", OFFICE)) is None
