"""Runs the contracts of national forms over SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from signing.national.ports import DepartmentStore, NationalStore
from signing.stores.national import SqlDepartmentStore, SqlNationalStore
from tests.conformance.national_stores import DepartmentContract, NationalContract


class TestNationalForms(NationalContract):
    @pytest.fixture
    def store(self) -> NationalStore:
        return SqlNationalStore()


class TestDepartments(DepartmentContract):
    @pytest.fixture
    def departments(self) -> DepartmentStore:
        return SqlDepartmentStore()
