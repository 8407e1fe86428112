"""Runs the seal store's contract over SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from signing.ports import SealStore
from signing.stores.sql import SqlSealStore
from tests.conformance.signing_stores import BasicContract, ContentionContract, TransactionContract


@pytest.fixture
def store() -> SealStore:
    return SqlSealStore()


class TestBasic(BasicContract): ...


class TestTransaction(TransactionContract): ...


class TestContention(ContentionContract): ...
