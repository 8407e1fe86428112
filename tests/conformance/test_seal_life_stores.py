"""Runs the contracts of seals' lives and of requests over SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from signing.ports import SealLifeStore, UseRequestStore
from signing.stores.life import SqlSealLifeStore
from signing.stores.requests import SqlUseRequestStore
from tests.conformance.seal_life_stores import LifeContract, RequestContract


class TestLife(LifeContract):
    @pytest.fixture
    def life(self) -> SealLifeStore:
        return SqlSealLifeStore()


class TestRequests(RequestContract):
    @pytest.fixture
    def store(self) -> UseRequestStore:
        return SqlUseRequestStore()
