"""The stores of `idp.staff.ports` on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.idp_stores_backends import BACKENDS
from tests.conformance.staff_stores import StaffStoresBasic, StaffStoresContention


@parametrised(BACKENDS)
class TestStaffStoresBasic(StaffStoresBasic):
    pass


@parametrised(BACKENDS)
class TestStaffStoresContention(StaffStoresContention):
    pass
