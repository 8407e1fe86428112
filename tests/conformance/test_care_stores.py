"""Runs the contract of files under care over SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from signing.longlife.ports import CareStore
from signing.stores.care import SqlCareStore
from tests.conformance.care_stores import CareContract


@pytest.fixture
def store() -> CareStore:
    return SqlCareStore()


class TestCare(CareContract): ...
